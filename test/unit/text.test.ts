import { describeDuration, parseDuration } from '../../src/text/duration';
import { escapeForTerminal } from '../../src/text/escape';
import { nearest } from '../../src/text/suggest';

test.each([
  ['30s', 30_000],
  ['5m', 300_000],
  ['1h', 3_600_000],
  ['2d', 172_800_000],
])('text: %s is %d ms', (text, milliseconds) => {
  expect(parseDuration(text)).toBe(milliseconds);
});

test.each(['', '5', 'm', '5 m', '-5m', '1.5h', '5M', '5m ', '99999999999s'])('text: %j is not a duration', (text) => {
  expect(parseDuration(text)).toBeUndefined();
});

test.each([
  [850, '850 ms'],
  [4_200, '4.2 s'],
  [185_000, '3 min 5 s'],
  [7_800_000, '2 h 10 min'],
])('text: %d ms reads %s', (milliseconds, text) => {
  expect(describeDuration(milliseconds)).toBe(text);
});

test('text: characters that act on a terminal or reorder text are written out', () => {
  expect(escapeForTerminal('a\u001b[31mb\u202ec\u200bd\u0007\u009b1m\ud800\u{e0041}')).toMatchInlineSnapshot(
    `"a\\u{1b}[31mb\\u{202e}c\\u{200b}d\\u{7}\\u{9b}1m\\u{d800}\\u{e0041}"`,
  );
  expect(escapeForTerminal('a\tb\r\nc')).toBe('a\\tb\\r\\nc');
});

test('text: ordinary text of any script is left as it is', () => {
  expect(escapeForTerminal('C:\\Müller\\日本語 😀 "wmic"  process')).toBe('C:\\Müller\\日本語 😀 "wmic"  process');
});

test('text: a mistyped word is recognised, a different one is not', () => {
  expect(nearest('deplyo', ['plan', 'deploy', 'destroy'])).toBe('deploy');
  expect(nearest('xyz', ['plan', 'deploy', 'destroy'])).toBeUndefined();
});
