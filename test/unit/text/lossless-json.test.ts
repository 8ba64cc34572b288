import { parseJson, writeJson } from '../../../src/text/lossless-json';

test.each([
  '{"Keywords":-9223372036854775808,"a":[9007199254740993,1,-2]}',
  '{"text":"-9223372036854775808 and \\"9007199254740993\\" \\\\","n":1.5,"e":1e+30}',
  '["\\ud800",{"":null}]',
])('lossless JSON: %s is written as it was read', (text) => {
  expect(writeJson(parseJson(text))).toBe(text);
});

test('lossless JSON: what fits a number is one', () => {
  expect(parseJson('{"a":9007199254740991,"b":-0.5}')).toEqual({ a: 9007199254740991, b: -0.5 });
});

test('lossless JSON: text that is not JSON is refused', () => {
  expect(() => parseJson('{"a":01}')).toThrow(SyntaxError);
});

test('lossless JSON: a text that holds a marked integer among other characters stays a text', () => {
  const carried = parseJson('[9007199254740993]') as string[];
  expect(JSON.parse(writeJson([`"${carried.join()}`, `${carried.join()}"`]))).toHaveLength(2);
});
