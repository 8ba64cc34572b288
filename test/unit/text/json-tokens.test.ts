import { childrenOf, findRepeatedKey, scanJson } from '../../../src/text/json-tokens';

test('JSON tokens: the scan counts keys and levels, and finds numbers that are not short and whole', () => {
  const text = '{"a" : {"b":[1, -2,3.0,{"c":"{[\\":1.5"}]}, "d":true,"e":12345678901234567}';
  const { keyCount, depth, numbers } = scanJson(text);
  expect([keyCount, depth, numbers.map(({ start, end }) => text.slice(start, end))]).toEqual([
    5,
    4,
    ['-2', '3.0', '12345678901234567'],
  ]);
});

test('JSON tokens: depth does not overflow', () => {
  expect(scanJson('['.repeat(20_000) + ']'.repeat(20_000)).depth).toBe(20_000);
});

test.each([
  ['{"a":1,"b":{"a":1}}', undefined],
  ['[{"a":1},{"a":1}]', undefined],
  ['{"a":{"b":1},"b":2,"a" :1}', 'a'],
  ['{"a":{"b":1,"\\u0062":1}}', 'b'],
  ['{"":1,"":1}', ''],
])('JSON tokens: in %s the key %j is repeated', (text, key) => {
  expect(findRepeatedKey(text)).toBe(key);
});

test('JSON tokens: the children of objects and arrays, each where it stands', () => {
  const text = `{"a" : {"x":[]} , "\\u0062":"}\\"", "c":[1, null,[2],{}],"c":-1.5e3}`;
  const listing = (start: number): unknown[] =>
    childrenOf(text, start).map((child) => [child.key, text.slice(child.start, child.end)]);
  expect(listing(0)).toEqual([
    ['a', '{"x":[]}'],
    ['b', '"}\\""'],
    ['c', '[1, null,[2],{}]'],
    ['c', '-1.5e3'],
  ]);
  expect(listing(text.indexOf('[1'))).toEqual([
    [undefined, '1'],
    [undefined, 'null'],
    [undefined, '[2]'],
    [undefined, '{}'],
  ]);
  expect(listing(text.indexOf('[]'))).toEqual([]);
});

test.each([499, 500, 501, 1_000, 1_777])('JSON tokens: a string of %d escapes is one child', (count) => {
  const strings = ['\\"', '\\\\', '\\u0041x'].map((escape) => `"${escape.repeat(count)}"`);
  const text = `[${strings.join()}]`;
  expect(childrenOf(text, 0).map(({ start, end }) => text.slice(start, end))).toEqual(strings);
});
