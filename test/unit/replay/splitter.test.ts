import fc from 'fast-check';
import type { InputRecord } from '../../../src/replay/input-record';
import { RecordSplitter } from '../../../src/replay/splitter';

/** All records of a text, the bytes given in chunks of one size. */
function frames(text: string | Buffer, chunk = 7, limit?: number): InputRecord[] {
  const splitter = new RecordSplitter(limit);
  const bytes = Buffer.from(text as string);
  const found: InputRecord[] = [];
  for (let at = 0; at < bytes.length; at += chunk) found.push(...splitter.push(bytes.subarray(at, at + chunk)));
  return [...found, ...splitter.end()];
}

/** Form, line, text and fault, one line a record. */
function listing(text: string | Buffer, chunk?: number): string {
  return frames(text, chunk)
    .map(
      ({ form, line, text: record, fault }) =>
        `${line} ${form} ${JSON.stringify(record.toString())}${fault === undefined ? '' : ` ! ${fault}`}`,
    )
    .join('\n');
}

const XML = '<Event xmlns="x"><System><EventID>1</EventID></System><EventData/></Event>';
const RENDERED =
  '09/15/2020 11:48:27 PM\nLogName=Security\nEventCode=4688\nMessage=A new process.\n\nSubject:\n\tName:\tann';

describe('splitter: JSON', () => {
  test('one object a line, with blank lines and CRLF', () => {
    expect(listing('{"a":1}\r\n\r\n{"b":"}{"}\n')).toMatchInlineSnapshot(`
     "1 json "{\\"a\\":1}"
     3 json "{\\"b\\":\\"}{\\"}""
    `);
  });

  test('pretty-printed over many lines', () => {
    expect(listing('{\n  "a": {\n    "b": [1]\n  }\n}\n{\n  "c": 2\n}')).toMatchInlineSnapshot(`
     "1 json "{\\n  \\"a\\": {\\n    \\"b\\": [1]\\n  }\\n}"
     6 json "{\\n  \\"c\\": 2\\n}""
    `);
  });

  test('an array of objects, on one line and on many', () => {
    expect(listing('[{"a":1},{"b":[{"c":2}]}]')).toMatchInlineSnapshot(`
     "1 json "{\\"a\\":1}"
     1 json "{\\"b\\":[{\\"c\\":2}]}""
    `);
    expect(listing('[\n  {"a":1},\n  {\n    "b": 2\n  }\n]\n')).toMatchInlineSnapshot(`
     "2 json "{\\"a\\":1}"
     3 json "{\\n    \\"b\\": 2\\n  }""
    `);
  });

  test('several objects on one line without anything between them', () => {
    expect(listing('{"a":1}{"b":2} {"c":3}')).toMatchInlineSnapshot(`
     "1 json "{\\"a\\":1}"
     1 json "{\\"b\\":2}"
     1 json "{\\"c\\":3}""
    `);
  });

  test('a line that was cut off within a string takes nothing else with it', () => {
    expect(listing('{"a":1}\n{"a":"x\n{"a":3}\n')).toMatchInlineSnapshot(`
     "1 json "{\\"a\\":1}"
     2 text "{\\"a\\":\\"x" ! is not JSON (cut off inside a string)
     3 json "{\\"a\\":3}""
    `);
  });

  test('a line that was cut off between two members takes nothing else with it', () => {
    expect(listing('{"a":1,\n{"a":2}\n{"a":3}\n')).toMatchInlineSnapshot(`
     "1 text "{\\"a\\":1," ! is not JSON (cut off before its closing brace)
     2 json "{\\"a\\":2}"
     3 json "{\\"a\\":3}""
    `);
  });

  test('a line that was cut off where a value would follow does not swallow the events after it', () => {
    expect(listing('{"a":[\n{"a":2}\n{"a":3}\n')).toMatchInlineSnapshot(`
     "1 text "{\\"a\\":[" ! is not JSON (cut off before its closing brace)
     2 json "{\\"a\\":2}"
     3 json "{\\"a\\":3}""
    `);
    expect(listing('{"a":\n{"a":2}\n{"a":3}\n')).toMatchInlineSnapshot(`
     "1 text "{\\"a\\":" ! is not JSON (cut off before its closing brace)
     2 json "{\\"a\\":2}"
     3 json "{\\"a\\":3}""
    `);
  });

  test('a line with a fault in its grammar', () => {
    expect(listing('{"a":01}\n{"b":2}')).toMatchInlineSnapshot(`
     "1 text "{\\"a\\":01}" ! is not JSON (syntax error)
     2 json "{\\"b\\":2}""
    `);
  });

  test('the last line of a file that was cut off', () => {
    expect(listing('{"a":1}\n{"b":{"c":1}')).toMatchInlineSnapshot(`
     "1 json "{\\"a\\":1}"
     2 text "{\\"b\\":{\\"c\\":1}" ! is not JSON (cut off before its closing brace)"
    `);
  });

  test('a pretty-printed object that was cut off, before a whole one', () => {
    expect(listing('{\n  "a": 1,\n{\n  "b": 2\n}\n')).toMatchInlineSnapshot(`
     "1 text "{\\n  \\"a\\": 1," ! is not JSON (cut off before its closing brace)
     3 json "{\\n  \\"b\\": 2\\n}""
    `);
  });
});

describe('splitter: event XML', () => {
  test('one event a line, and several on one line', () => {
    expect(listing(`${XML}\n${XML}${XML}\n`)).toMatchInlineSnapshot(`
     "1 xml "<Event xmlns=\\"x\\"><System><EventID>1</EventID></System><EventData/></Event>"
     2 xml "<Event xmlns=\\"x\\"><System><EventID>1</EventID></System><EventData/></Event>"
     2 xml "<Event xmlns=\\"x\\"><System><EventID>1</EventID></System><EventData/></Event>""
    `);
  });

  test('declaration, comment and <Events> around are no records', () => {
    expect(listing(`<?xml version="1.0"?>\n<!-- export -->\n<Events>\n${XML}\n</Events>\n`)).toMatchInlineSnapshot(
      `"4 xml "<Event xmlns=\\"x\\"><System><EventID>1</EventID></System><EventData/></Event>""`,
    );
  });

  test('pretty-printed', () => {
    expect(listing("<Event xmlns='x'>\n  <System>\n  </System>\n</Event>\n")).toMatchInlineSnapshot(
      `"1 xml "<Event xmlns='x'>\\n  <System>\\n  </System>\\n</Event>""`,
    );
  });

  test('an event without its end is cut where the next one begins', () => {
    expect(listing(`<Event xmlns="x"><System>\n${XML}\n`)).toMatchInlineSnapshot(`
     "1 xml "<Event xmlns=\\"x\\"><System>" ! is an event XML without its </Event>
     2 xml "<Event xmlns=\\"x\\"><System><EventID>1</EventID></System><EventData/></Event>""
    `);
  });
});

describe('splitter: rendered text', () => {
  test('is split at time and LogName, blank lines within a message included', () => {
    expect(listing(`${RENDERED}\n${RENDERED}\n`)).toMatchInlineSnapshot(`
     "1 rendered "09/15/2020 11:48:27 PM\\nLogName=Security\\nEventCode=4688\\nMessage=A new process.\\n\\nSubject:\\n\\tName:\\tann"
     8 rendered "09/15/2020 11:48:27 PM\\nLogName=Security\\nEventCode=4688\\nMessage=A new process.\\n\\nSubject:\\n\\tName:\\tann""
    `);
  });

  test('ends where event XML or a JSON object begins a line', () => {
    expect(listing(`${RENDERED}\n${XML}\n${RENDERED}\n{"a":1}\n`)).toMatchInlineSnapshot(`
     "1 rendered "09/15/2020 11:48:27 PM\\nLogName=Security\\nEventCode=4688\\nMessage=A new process.\\n\\nSubject:\\n\\tName:\\tann"
     8 xml "<Event xmlns=\\"x\\"><System><EventID>1</EventID></System><EventData/></Event>"
     9 rendered "09/15/2020 11:48:27 PM\\nLogName=Security\\nEventCode=4688\\nMessage=A new process.\\n\\nSubject:\\n\\tName:\\tann"
     16 json "{\\"a\\":1}""
    `);
  });

  test('holds lines of scripts that only look like JSON or XML', () => {
    const message = 'LogName=PowerShell\nMessage=Scriptblock:\n{"a": $b}\n<EventData>\n{\n}\n';
    expect(frames(message)).toHaveLength(1);
  });

  test('a line that is nothing known is reported by itself', () => {
    expect(listing('hello\n{"a":1}\n2020-01-01 something\n')).toMatchInlineSnapshot(`
     "1 text "hello" ! is neither JSON, event XML nor a rendered event
     2 json "{\\"a\\":1}"
     3 text "2020-01-01 something" ! is neither JSON, event XML nor a rendered event"
    `);
  });
});

test('splitter: bytes that are not UTF-8 are read as Windows-1252, and reported', () => {
  const line = Buffer.concat([Buffer.from('{"user":"Zoë '), Buffer.from([0xe9, 0x80]), Buffer.from('"}\n{"a":1}')]);
  expect(listing(line)).toMatchInlineSnapshot(`
   "1 json "{\\"user\\":\\"Zoë é€\\"}" ! has 2 bytes that are not UTF-8, read as Windows-1252
   2 json "{\\"a\\":1}""
  `);
});

test('splitter: a byte order mark in the middle, where files were put together, is no record', () => {
  expect(listing('\ufeff{"a":1}\n\ufeff{"b":2}\n')).toMatchInlineSnapshot(`
   "1 json "{\\"a\\":1}"
   2 json "{\\"b\\":2}""
  `);
});

test('splitter: a record beyond the limit is left out up to the end of its line, and reported', () => {
  const long = `{"a":"${'x'.repeat(300)}"}`;
  const found = frames(`{"b":1}\n${long}\n{"c":1}\n`, 10, 200);
  expect(found.map(({ text, dropped }) => [text.toString(), dropped])).toEqual([
    ['{"b":1}', undefined],
    ['', true],
    ['{"c":1}', undefined],
  ]);
});

test('splitter: how the bytes are cut into chunks makes no difference', () => {
  const piece = fc.constantFrom(
    ...[
      '{"a":1}',
      '{"a":"x',
      '{"a":[',
      '{"a":1,',
      '{',
      '}',
      '[',
      ']',
      ',',
      '  "b": 2',
      '"',
      '\\',
      '\n',
      '\r\n',
      ' ',
      'é',
    ],
    ...[
      XML,
      '<Event ',
      '</Event>',
      '<Events>',
      '<EventData>',
      '<?xml',
      '?>',
      RENDERED,
      'LogName=',
      '1/2/2020',
      'hello',
    ],
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 40 }), fc.integer({ min: 1, max: 50 }), (pieces, chunk) => {
      const text = pieces.join('');
      expect(listing(text, chunk)).toBe(listing(text, text.length + 1));
    }),
    { numRuns: 3_000 },
  );
});

test.each([1, 2, 7, 8, 100])(
  'splitter: one comma after an object is no record, in chunks of %d; any other is',
  (chunk) => {
    expect(listing('{"a":1} ,\n{"b":2},', chunk)).toBe('1 json "{\\"a\\":1}"\n2 json "{\\"b\\":2}"');
    expect(listing('{"a":1},,', chunk)).toContain('1 text ","');
    expect(listing(',{"a":1}', chunk)).toContain('1 text ');
  },
);

test('splitter: every character between blanks, brackets and commas of arrays is in some record', () => {
  const word = fc.constantFrom(
    '{"a":1}',
    '{"a":"x',
    '{"a":1,',
    '{"k":[',
    '{',
    '}',
    'hello',
    XML,
    RENDERED,
    '<Event ',
    '  "b": 2',
  );
  fc.assert(
    fc.property(fc.array(word, { maxLength: 30 }), (words) => {
      const kept = frames(words.join('\n'))
        .map(({ text }) => text.toString())
        .join('')
        .replace(/\s/g, '');
      expect(kept).toBe(words.join('').replace(/\s/g, ''));
    }),
    { numRuns: 2_000 },
  );
});

test('splitter: a small record does not keep megabytes around it in memory', () => {
  const comment = `<!-- ${'x'.repeat(1_000_000)} -->\n`;
  const blanks = ' '.repeat(200_000);
  for (const around of [comment, blanks]) {
    const found = frames(`${around}{"a":1}\n${around}{"b":2}\n`, 65_536);
    expect(found.map(({ text }) => text.toString())).toEqual(['{"a":1}', '{"b":2}']);
    for (const { text } of found) expect((text as Buffer).buffer.byteLength).toBeLessThanOrEqual(Buffer.poolSize);
  }
});
