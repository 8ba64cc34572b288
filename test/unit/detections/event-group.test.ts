import { groupOf, type Hit, timeOf } from '../../../src/detections/group';
import { createHash } from 'node:crypto';
import type { Rule } from '../../../src/detections/rule';

const rule = { uuid: 'aa', version: 1, groupBy: ['host.name', 'process.pid', 'user.name'] } as unknown as Rule;

const NOON = Date.parse('2025-03-10T11:50:00.000Z');

function hit(source: Record<string, unknown>, time: string | number = NOON): Hit {
  return { _index: 'i', _id: '1', _source: source, fields: { '@timestamp': [time] } };
}

describe('the group of an event', () => {
  test('has as id the SHA-256 of rule, day and values', () => {
    const text = '["aa","2025-03-10",[["host.name","ws01"],["process.pid","7"],["user.name",null]]]';
    const id = createHash('sha256').update(text).digest('hex');
    const source = { host: { name: 'ws01' }, process: { pid: 7 } };
    expect(groupOf(rule, hit(source))).toEqual({ id, day: '2025-03-10', values: ['ws01', '7', null] });
  });

  test('is the same for a number and its text', () => {
    const number = groupOf(rule, hit({ process: { pid: 7 } }));
    expect(groupOf(rule, hit({ process: { pid: '7' } }))).toEqual(number);
  });

  test('does not rest on the version of the rule', () => {
    const event = hit({ process: { pid: 7 } });
    expect(groupOf({ ...rule, version: 2 }, event).id).toBe(groupOf(rule, event).id);
  });

  test('rests on which rule it is', () => {
    const event = hit({ process: { pid: 7 } });
    expect(groupOf({ ...rule, uuid: 'bb' }, event).id).not.toBe(groupOf(rule, event).id);
  });

  test('keeps a missing value apart from the word null', () => {
    const missing = groupOf(rule, hit({}));
    expect(groupOf(rule, hit({ user: { name: 'null' } })).id).not.toBe(missing.id);
  });
});

describe('the time of an event', () => {
  test('is its @timestamp, nanoseconds cut', () => {
    expect(timeOf(hit({}, `${NOON + 123}.456789`))).toBe(NOON + 123);
  });

  test.each([
    ['300000000000000', 300_000_000_000_000],
    ['-100000000000000', -100_000_000_000_000],
  ])('may be of a year that four digits cannot hold: %s', (text, time) => {
    expect(timeOf(hit({}, text))).toBe(time);
  });

  test('is when it came in where it has no @timestamp', () => {
    const event = { _index: 'i', _id: '1', fields: { 'event.ingested': [String(NOON)] } };
    expect(timeOf(event)).toBe(NOON);
  });

  test('is unknown where it has neither', () => {
    expect(timeOf({ _index: 'i', _id: '1' })).toBeUndefined();
  });
});
