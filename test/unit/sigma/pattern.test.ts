import { parsePattern, isTooComplex } from '../../../src/sigma/pattern';
import { windashVariants } from '../../../src/sigma/transforms';

const shown = (value: string): string =>
  parsePattern(value)
    .map((part) => ('literal' in part ? `[${part.literal}]` : part.wildcard))
    .join(' ');

test.each([
  ['plain', '[plain]'],
  ['a*b?c', '[a] many [b] one [c]'],
  ['a\\*b', '[a*b]'],
  ['a\\?b', '[a?b]'],
  ['\\', '[\\]'],
  ['C:\\Windows', '[C:\\Windows]'],
  ['\\\\', '[\\]'],
  ['\\\\*', '[\\] many'],
  ['\\\\\\*', '[\\*]'],
  ['\\\\\\', '[\\\\]'],
  ['\\\\\\\\', '[\\\\]'],
  ['a**b', '[a] many [b]'],
  ['', ''],
])('Sigma pattern: the Sigma value %j is %j', (value, expected) => {
  expect(shown(value)).toBe(expected);
});

test('Sigma pattern: windash turns the dash of an option into each of five, and no other dash', () => {
  expect(windashVariants('net -a')).toEqual(['net -a', 'net /a', 'net –a', 'net —a', 'net ―a']);
  expect(windashVariants('2026-03-04 - a/b')).toEqual(['2026-03-04 - a/b']);
  expect(windashVariants('-a /b')).toHaveLength(25);
});

test.each([
  [`*a${'?'.repeat(8)}`, `*a${'?'.repeat(20)}`],
  [`*${'ab'.repeat(40)}*`, `*${'ab'.repeat(400)}*`],
  ['x'.repeat(1000), 'x'.repeat(1001)],
])('Sigma pattern: engines take %j, and not %j', (simple, complex) => {
  expect([isTooComplex(parsePattern(simple)), isTooComplex(parsePattern(complex))]).toEqual([false, true]);
});
