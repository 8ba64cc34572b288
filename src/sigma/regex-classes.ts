/** Characters from one to another, both included. */
export type Ranges = readonly (readonly [string, string])[];

const DIGITS = ['0', '9'] as const;
const UPPER = ['A', 'Z'] as const;
const LOWER = ['a', 'z'] as const;

/** `\d`, `\w` and `\s`. */
export const CLASSES: Readonly<Record<string, Ranges>> = {
  d: [DIGITS],
  w: [DIGITS, UPPER, ['_', '_'], LOWER],
  s: [
    ['\t', '\r'],
    [' ', ' '],
  ],
};

/** `[[:alpha:]]` and its kind, for ASCII. */
export const NAMED_CLASSES: Readonly<Record<string, Ranges>> = {
  alnum: [DIGITS, UPPER, LOWER],
  alpha: [UPPER, LOWER],
  blank: [
    ['\t', '\t'],
    [' ', ' '],
  ],
  digit: [DIGITS],
  lower: [LOWER],
  punct: [
    ['!', '/'],
    [':', '@'],
    ['[', '`'],
    ['{', '~'],
  ],
  space: [
    ['\t', '\r'],
    [' ', ' '],
  ],
  upper: [UPPER],
  word: [DIGITS, UPPER, ['_', '_'], LOWER],
  xdigit: [DIGITS, ['A', 'F'], ['a', 'f']],
};

/** Characters that a letter behind a backslash stands for. */
export const CONTROLS: Readonly<Record<string, string>> = {
  n: '\n',
  r: '\r',
  t: '\t',
  f: '\f',
  v: '\v',
  a: '\x07',
  e: '\x1b',
  0: '\0',
};

const LAST = 0x10ffff;

/** Every other character. */
export function opposite(ranges: Ranges): Ranges {
  const others: [string, string][] = [];
  let next = 0;
  for (const [from, to] of [...ranges].sort(([a], [b]) => codeOf(a) - codeOf(b))) {
    if (codeOf(from) > next) others.push([String.fromCodePoint(next), String.fromCodePoint(codeOf(from) - 1)]);
    next = Math.max(next, codeOf(to) + 1);
  }
  if (next <= LAST) others.push([String.fromCodePoint(next), String.fromCodePoint(LAST)]);
  return others;
}

/** The same characters, and of each ASCII letter among them the other case. */
export function inEitherCase(ranges: Ranges): Ranges {
  const other = (part: readonly [string, string], shift: number): Ranges =>
    ranges.flatMap(([from, to]) => {
      const first = Math.max(codeOf(from), codeOf(part[0]));
      const last = Math.min(codeOf(to), codeOf(part[1]));
      return first > last ? [] : [[String.fromCodePoint(first + shift), String.fromCodePoint(last + shift)] as const];
    });
  const both = [...ranges, ...other(UPPER, 32), ...other(LOWER, -32)];
  return both.filter(([from, to], index) => both.findIndex((each) => each[0] === from && each[1] === to) === index);
}

function codeOf(char: string): number {
  return char.codePointAt(0) ?? 0;
}
