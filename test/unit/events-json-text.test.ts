import fc from 'fast-check';
import { inspectJson } from '../../src/events/json-text';
import { canonicalJson } from '../../src/json';

function obstacle(text: string): string | undefined {
  const inspection = inspectJson(text);
  return 'obstacle' in inspection ? inspection.obstacle : undefined;
}

function canonical(text: string): string | undefined {
  const inspection = inspectJson(text);
  return 'canonical' in inspection ? inspection.canonical : undefined;
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
])('%s is found, its twin is not', (_, refused, accepted) => {
  expect(obstacle(refused)).toBeDefined();
  expect(obstacle(accepted)).toBeUndefined();
});

test('the obstacle is named', () => {
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

test('the canonical form is that of the parsed value, whatever blanks and order of keys', () => {
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

test('numbers that only differ beyond the precision of a double stay different', () => {
  expect(canonical('{"a":9007199254740993}')).not.toBe(canonical('{"a":9007199254740992}'));
});

test('the ways to write a character are one', () => {
  expect(canonical('{"\\u0061":"\\/\\u00e9"}')).toBe(canonical('{"a":"/é"}'));
});

describe('what was learnt from the keys of earlier objects changes nothing', () => {
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
    for (let count = 0; count < 30_000; count += 1) {
      const keys = [`k${count}`, `K${count}`];
      const text = `{"${keys[0] ?? ''}":{"${keys[1] ?? ''}":1}}`;
      if (canonical(text) !== text) throw new Error(`${text} became ${canonical(text) ?? 'an obstacle'}`);
    }
    expect(canonical(known)).toBe('{"a":{"b":3,"y":2},"z":1}');
  });
});
