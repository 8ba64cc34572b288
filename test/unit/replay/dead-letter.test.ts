import { deadLetterOf, unwrapDeadLetter } from '../../../src/replay/dead-letters';
import { eventOf, type Event } from '../../../src/replay/event';
import type { InputRecord } from '../../../src/replay/input-record';
import { RecordSplitter } from '../../../src/replay/splitter';

const refusal = { reason: 'because', status: 500, stream: 'logs-x' };

function recordsOf(content: Buffer | string): InputRecord[] {
  const splitter = new RecordSplitter();
  return [...splitter.push(Buffer.from(content as string)), ...splitter.end()];
}

/** An event, written as a dead letter and read again. */
function thereAndBack(event: Event): Event {
  const [record] = recordsOf(`${deadLetterOf(event, refusal, new Date(0))}\n`);
  const back = record && unwrapDeadLetter(record);
  if (back === undefined) throw new Error('it is no dead letter');
  return eventOf(back, 'dead.ndjson');
}

test.each([
  ['JSON', '{"EventID":1, "Channel":"Security"}'],
  ['JSON over several lines', '{\n  "EventID": 1,\r\n  "Channel": "Security"\n}'],
  ['JSON with a key twice', '{"EventID":1,"EventID":1,"Channel":"Security"}'],
  ['JSON that is cut off', '{"EventID":1,"Channel":"Secur'],
  ['bytes that are not UTF-8', Buffer.from('{"Channel":"Security","User":"Zo\xeb"}', 'latin1')],
  ['half a surrogate pair, NUL and terminal escapes', '{"Channel":"Security","a":"\\ud800","b":"\\u0000\\u001b[31m"}'],
  ['event XML', "<Event><System><Provider Name='Microsoft-Windows-Sysmon'/></System></Event>"],
  ['text', 'hello "world" \\ \u202e'],
])('dead letter: %s comes back as the same event', (_, bytes) => {
  const [record] = recordsOf(bytes);
  if (record === undefined) throw new Error('no event');
  const event = eventOf(record, 'a.log');
  const { id, source, document, text, json, fault, origin } = thereAndBack(event);
  const { id: id0, source: source0, document: document0, text: text0, json: json0, fault: fault0 } = event;
  expect({ id, source, document: document.toString(), text: text.toString(), json, fault }).toEqual({
    ...{ id: id0, source: source0, document: document0.toString(), text: text0.toString(), json: json0, fault: fault0 },
  });
  expect(origin).toEqual({ file: 'a.log', line: 1 });
});

test('dead letter: the file and line of a letter stay those of the event, however often it is refused', () => {
  const [record] = recordsOf('{"a":1}');
  const once = thereAndBack(eventOf(record as InputRecord, 'a.log'));
  expect(thereAndBack(once).origin).toEqual({ file: 'a.log', line: 1 });
});

test.each([
  ['an event that has a field of that name', '{"dead_letter":{"version":1},"other":1}'],
  ['a later version', '{"dead_letter":{"version":2},"event":{"original":"{}"}}'],
  ['an event whose original is no text', '{"dead_letter":{"version":1},"event":{"original":{}}}'],
  ['text', 'dead_letter'],
])('dead letter: %s is not a dead letter', (_, text) => {
  const [record] = recordsOf(text);
  expect(unwrapDeadLetter(record as InputRecord)).toBeUndefined();
});

test('dead letter: a letter whose JSON was broken by hand is kept as text with a fault', () => {
  const [record] = recordsOf('{"dead_letter":{"version":1,"json":true},"event":{"original":"{oops"}}');
  const back = unwrapDeadLetter(record as InputRecord);
  expect(back).toMatchObject({ form: 'text', text: '{oops', fault: expect.stringContaining('not JSON') as string });
});
