import fc from 'fast-check';
import { readObject as readBytes, type JsonDocument } from '../../../src/replay/json-document';
import { canonicalJson, isRecord } from '../../../src/json';

function readObject(text: string): JsonDocument | undefined {
  return readBytes(Buffer.from(text));
}

function obstacle(text: string): string | undefined {
  const json = readObject(text);
  if (json === undefined) throw new Error('is not JSON');
  return json.obstacle;
}

function canonical(text: string): string | undefined {
  const json = readObject(text);
  if (json === undefined || json.obstacle !== undefined) return undefined;
  return json.canonical;
}

const nested = (levels: number): string => '{"a":'.repeat(levels) + '1' + '}'.repeat(levels);

test.each([
  ['a key twice', '{"a":1,"b":{"c":1,"\\u0063":2}}', '{"a":1,"b":{"c":1,"C":2}}'],
  ['depth', nested(1_001), nested(1_000)],
  [
    'arrays count as depth',
    `{"a":${'['.repeat(1_000)}${']'.repeat(1_000)}}`,
    `{"a":${'['.repeat(999)}${']'.repeat(999)}}`,
  ],
  ['an integer beyond 64 bits', '{"a":[9223372036854775808]}', '{"a":[9223372036854775807,-9223372036854775808]}'],
  ['a negative one', '{"a":-9223372036854775809}', '{"a":1.7976931348623157e308}'],
  ['a number of many digits', `{"a":0.${'1'.repeat(1_000)}}`, `{"a":0.${'1'.repeat(998)}}`],
  ['a long key', `{"${'k'.repeat(50_001)}":1}`, `{"${'k'.repeat(50_000)}":1}`],
  ['half a surrogate pair in a key', '{"a\\ud800":1}', '{"a\\ud83d\\ude00":"\\ud800"}'],
  ['metadata at the root', '{"_id":"x"}', '{"a":{"_id":"x"},"id":1}'],
])('JSON text: %s is found, its twin is not', (_, refused, accepted) => {
  expect(obstacle(refused)).toBeDefined();
  expect(obstacle(accepted)).toBeUndefined();
});

test('JSON text: the obstacle is named', () => {
  expect(obstacle('{"EventID":1,"EventID":4688}')).toMatchInlineSnapshot(
    `"holds the key "EventID" twice in one object"`,
  );
  expect(obstacle('{"a":18446744073709551616}')).toMatchInlineSnapshot(
    `"has an integer beyond 64 bits (18446744073709551616)"`,
  );
  expect(obstacle('{"_index":"other"}')).toMatchInlineSnapshot(
    `"has the key _index at its root, which the cluster takes for an order and not for data"`,
  );
  expect(obstacle(nested(1_001))).toMatchInlineSnapshot(`"is nested more than 1000 levels deep"`);
});

/** Whether `JSON.parse` makes an object of it: a program that was looked at more often than ours. */
function isObject(text: string): boolean {
  try {
    return isRecord(JSON.parse(text));
  } catch {
    return false;
  }
}

describe('JSON text: a text is a JSON object exactly when JSON.parse says so', () => {
  const values = [
    '0',
    '-0',
    '-',
    '01',
    '1.',
    '.5',
    '1e',
    '1E+5',
    '-1.5e-3',
    '+1',
    '0x1',
    'NaN',
    'true',
    'True',
    'null',
    'nul',
  ];
  const strings = [
    '"',
    '"\\"',
    '"\\\\"',
    '"\\\\\\"',
    '"\\x"',
    '"\\u12g4"',
    '"\\u0041"',
    '"\\u12"',
    '"\\/\\b\\f\\n\\r\\t"',
    "'a'",
  ];
  const others = [
    '[]',
    '[,]',
    '[1,]',
    '[1 2]',
    '{}',
    '{,}',
    '{"b"}',
    '{"b":}',
    '{"b":1,}',
    '{b:1}',
    '[}',
    '',
    '"a" "b"',
    '"a":1',
  ];
  test.each([...values, ...strings, ...others])('{"a":%s}', (value) => {
    for (const text of [`{"a":${value}}`, `{"a":[${value}],"b":"\\\\"}`, ` {"b":"\\"" , "a"\n:\t${value}\r}\n`]) {
      expect([text, readObject(text) !== undefined]).toEqual([text, isObject(text)]);
    }
  });

  test.each([
    '',
    ' ',
    '[]',
    '1',
    '"a"',
    '{',
    '}',
    '{}{}',
    '{} x',
    '\u00a0{}',
    '\ufeff{}',
    '{"a":1}\0',
    '{"a\u0001":1}',
  ])('%j', (text) => {
    expect(readObject(text) !== undefined).toBe(isObject(text));
  });

  test.each([0, 1, 8, 9, 10, 11, 12, 13, 31, 32, 127, 0x2028, 0xd800])(
    'character %d, within a string and without',
    (code) => {
      const character = String.fromCharCode(code);
      for (const text of [
        `{"a":"x${character}y"}`,
        `{"a":${character}1}`,
        `{"a${character}":1}`,
        `{"a":"\\${character}"}`,
      ]) {
        expect(readObject(text) !== undefined).toBe(isObject(text));
      }
    },
  );

  test('however a sound text is cut, doubled and changed', () => {
    const piece = fc.constantFrom(
      ...Array.from('{}[]:,"\\u0/-+.eE1 \n\t\0aé'),
      '\\u00',
      'true',
      'null',
      '""',
      '{"a":1}',
      ',"a":',
      '\\"',
      '\\\\',
    );
    const change = fc.tuple(fc.nat(), fc.nat({ max: 3 }), fc.oneof(fc.constant(''), piece));
    const text = fc.jsonValue().map((value) => JSON.stringify({ path: 'C:\\Windows\\"x"', value }));
    const verdicts = new Set<boolean>();
    fc.assert(
      fc.property(text, fc.array(change, { minLength: 1, maxLength: 3 }), (sound, changes) => {
        const changed = changes.reduce((current, [place, length, inserted]) => {
          const at = place % (current.length + 1);
          return current.slice(0, at) + inserted + current.slice(at + length);
        }, sound);
        const verdict = isObject(changed);
        verdicts.add(verdict);
        // Not by expect, which would take most of the time of 20,000 runs.
        return (readObject(changed) !== undefined) === verdict;
      }),
      { numRuns: 20_000 },
    );
    expect(verdicts.size).toBe(2);
  });

  test('beyond the depth that is read', () => {
    const deep = nested(5_000);
    expect(readObject(deep)?.obstacle).toBe('is nested more than 1000 levels deep');
    expect(readObject(deep.slice(0, -1))).toBeUndefined();
    expect(readObject(`{"a":${'['.repeat(100_000)}`)).toBeUndefined();
    expect(readObject(`{"a":${'[1,'.repeat(1_500)}1${']'.repeat(1_500)},"b":01}`)).toBeUndefined();
  });
});

test('JSON text: the value is that of JSON.parse: of a key that comes twice the last counts', () => {
  const text = '{"a":"C:\\\\x","\\u0062":{"c":"\\u00e9"},"d":1,"e":["x"],"f":"first","f":"last","g":""}';
  expect(readObject(text)?.value).toEqual({ a: 'C:\\x', b: { c: 'é' }, d: 1, e: ['x'], f: 'last', g: '' });
});

test('JSON text: the canonical form is that of the parsed value, whatever blanks and order of keys', () => {
  // Whole numbers of 19 digits and more are JavaScript's rounding of something else; they are tested above and below.
  const safe = fc
    .jsonValue()
    .map((value) => ({ value }))
    .filter((value) => !/\d{19}/.test(JSON.stringify(value)));
  fc.assert(
    fc.property(safe, fc.constantFrom('', 1, '\t'), (value, indent) => {
      const text = JSON.stringify(value, null, indent);
      expect(canonical(text)).toBe(canonicalJson(JSON.parse(text)));
    }),
    { numRuns: 1_000 },
  );
});

test.each([
  ['1.0', '1'],
  ['1e3', '1000'],
  ['-0', '0'],
  ['0.10', '0.1'],
  ['12345678901234567.0', '12345678901234567'],
  ['5e-324', '4e-324'],
])('JSON text: the numbers %s and %s stay different, and are written as they came', (left, right) => {
  for (const number of [left, right]) expect(canonical(`{ "b": [${number}], "a": 1 }`)).toBe(`{"a":1,"b":[${number}]}`);
});

test('JSON text: a number that is written in an unusual way changes nothing else', () => {
  const text = '{"a":"1.0","b":"\\"1.0\\",","c":[1.0,"x",-9223372036854775808],"d":{"1.0":1.50}}';
  expect(canonical(text)).toBe(text);
});

test('JSON text: a key with equal values twice is found, however it is written and wherever it is', () => {
  expect(obstacle('{"a":1,"a":1}')).toMatch('"a" twice');
  expect(obstacle('{"x":[{"b":{}},{"b":{"c":null,"\\u0063":null}}]}')).toMatch('"c" twice');
  expect(obstacle('{"__proto__":1,"__proto__":1}')).toMatch('"__proto__" twice');
  expect(obstacle('{"a":{"b":1},"b":[{"b":1},{"b":1}],"c":"\\"a\\":","__proto__":1}')).toBeUndefined();
});

test('JSON text: keys that look like numbers are sorted as texts', () => {
  expect(canonical('{"9":1,"10":2,"a":3,"1":4}')).toBe('{"1":4,"10":2,"9":1,"a":3}');
});

test('JSON text: half a surrogate pair, and every escape, in the shortest way to write it', () => {
  expect(
    canonical(
      '{"a":"\\uD800x\\udc00","b":"\\u0008\\u000C\\u000a\\u000D\\u0009\\u0022\\u005c\\u002f\\u0000\\u001F\\u007f"}',
    ),
  ).toBe('{"a":"\\ud800x\\udc00","b":"\\b\\f\\n\\r\\t\\"\\\\/\\u0000\\u001f\u007f"}');
});

test('JSON text: a string of millions of escapes is read', () => {
  const text = `{"a":"${'\\\\\\"'.repeat(2_000_000)}","b":1.0}`;
  expect(canonical(text) === text).toBe(true);
});

test('JSON text: numbers that only differ beyond the precision of a double stay different', () => {
  expect(canonical('{"a":9007199254740993}')).not.toBe(canonical('{"a":9007199254740992}'));
});

test('JSON text: the ways to write a character are one', () => {
  expect(canonical('{"\\u0061\\u00fc":"\\/\\u00e9\\ud83d\\ude00€"}')).toBe(canonical('{"aü":"/é😀€"}'));
  expect(canonical('{"ü\\u0061":"\\/\\u00e9"}')).toBe('{"üa":"/é"}');
});

describe('JSON text: what was learnt from the keys of earlier objects changes nothing', () => {
  test('the same keys in another order, with a key more, with one less, and twice', () => {
    expect(canonical('{"b":1,"a":2}')).toBe('{"a":2,"b":1}');
    expect(canonical('{"a":2,"b":1}')).toBe('{"a":2,"b":1}');
    expect(canonical('{"b":1,"a":2,"ab":3}')).toBe('{"a":2,"ab":3,"b":1}');
    expect(canonical('{"b":1}')).toBe('{"b":1}');
    expect(canonical('{"b":{"a":1,"b":2},"a":2}')).toBe('{"a":2,"b":{"a":1,"b":2}}');
    expect(obstacle('{"b":1,"a":2,"b":3}')).toBeDefined();
    expect(obstacle('{"b":1,"a":2,"b":3}')).toBeDefined();
  });

  test('metadata is refused at the root although it was taken deeper, and the other way round', () => {
    expect(obstacle('{"a":{"_id":1}}')).toBeUndefined();
    expect(obstacle('{"_id":1}')).toBeDefined();
    expect(obstacle('{"_id":1}')).toBeDefined();
    expect(obstacle('{"a":{"_id":1}}')).toBeUndefined();
  });

  test('ever new keys are forgotten again, and known ones learnt anew', () => {
    const known = '{"z":1,"a":{"y":2,"b":3}}';
    for (let count = 0; count < 10_000; count += 1) {
      const text = `{"K${count}":1,"k${count}":{"K${count}":1}}`;
      // Thrice: the second time a key is kept in mind, the third time it is known.
      for (let time = 0; time < 3; time += 1) {
        if (canonical(text) !== text) throw new Error(`${text} became ${canonical(text) ?? 'an obstacle'}`);
      }
    }
    expect(canonical(known)).toBe('{"a":{"b":3,"y":2},"z":1}');
  });

  test('more keys than are kept in mind of one place, each time in another order', () => {
    const keys = Array.from({ length: 1_500 }, (_, index) => `k${(index * 7_919) % 10_007}`);
    const sorted = canonicalJson(Object.fromEntries(keys.map((key) => [key, key])));
    for (let turn = 0; turn < 4; turn += 1) {
      const turned = [...keys.slice(turn * 300), ...keys.slice(0, turn * 300)];
      expect(canonical(JSON.stringify(Object.fromEntries(turned.map((key) => [key, key]))))).toBe(sorted);
      expect(obstacle(`{"${turned.join('":1,"')}":1,"${keys[3] ?? ''}":2}`)).toBeDefined();
    }
  });

  test('whatever keys come in whatever order, and however they are written', () => {
    const key = fc.constantFrom(
      'a',
      'b',
      'ab',
      'ba',
      'é',
      '€',
      '😀',
      '\uffff',
      'a"',
      'a\\',
      '',
      'User',
      'UserID',
      'Users',
    );
    const object = fc.uniqueArray(fc.tuple(key, fc.integer()), { selector: ([name]) => name });
    const escaped = (name: string): string =>
      `"${Array.from({ length: name.length }, (_, at) => `\\u${name.charCodeAt(at).toString(16).padStart(4, '0')}`).join('')}"`;
    fc.assert(
      fc.property(object, fc.boolean(), (members, isEscaped) => {
        const write = isEscaped ? escaped : JSON.stringify;
        const text = `{${members.map(([name, value]) => `${write(name)}:${value}`).join()}}`;
        return (
          canonical(`{"${members.length}":${text},"x":[${text}]}`) ===
          canonicalJson({ [members.length]: Object.fromEntries(members), x: [Object.fromEntries(members)] })
        );
      }),
      { numRuns: 5_000 },
    );
  });
});
