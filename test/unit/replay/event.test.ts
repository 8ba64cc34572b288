import { eventOf, type Event } from '../../../src/replay/event';
import { readObject } from '../../../src/replay/json-document';

function event(text: string): Event {
  const bytes = Buffer.from(text);
  return eventOf({ form: 'json', line: 1, text: bytes, json: readObject(bytes) }, 'a.json');
}

test('event of replay: JSON over many lines is sent on one, as the same event', () => {
  const value = { Channel: 'Security', CommandLine: 'a\nb' };
  const pretty = event(JSON.stringify(value, null, 2));
  expect(pretty.document.toString()).toBe('{   "Channel": "Security",   "CommandLine": "a\\nb" }');
  expect(pretty.id).toBe(event(JSON.stringify(value)).id);
});

test.each([1, 70_000, 200_000])('event of replay: events that differ only after %d characters are two', (length) => {
  const start = 'x'.repeat(length);
  const text = (end: string): string => JSON.stringify({ CommandLine: `${start}${end}` });
  expect(event(text('a')).id).not.toBe(event(text('b')).id);
  expect(event(text('a')).id).toBe(event(text('a')).id);
});
