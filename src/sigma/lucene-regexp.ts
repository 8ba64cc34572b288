import { effortOf } from './automaton';
import type { Anchor, Pattern, Regex, RegexPart } from './condition';

/**
 * Regular expressions in Lucene's language: they match a whole value, `.` is any character, and a backslash makes any
 * character that is no letter or digit plain. Case is never left to the engine, whose folding differs from field to field.
 */

/** Characters of an expression beyond which engines refuse it (`index.max_regex_length`). */
export const LONGEST_REGEXP = 1000;

/** What `.` is to Sigma: anything but the end of a line. */
const NOT_LINE_FEED = '[^\n]';

/** A pattern as a regular expression that, unless `cased`, ignores the case of ASCII letters and of no others. */
export function patternRegexp(pattern: Pattern, cased = false): string {
  return pattern
    .map((part) => {
      if ('literal' in part) return Array.from(part.literal, cased ? plain : caseless).join('');
      return part.wildcard === 'many' ? '.*' : '.';
    })
    .join('');
}

/** A Sigma regular expression, which matches anywhere in a value, as one for the whole value. */
export function regexRegexp(regex: Regex): string {
  return wholeValue(regex)
    .map((parts) => parts.map(part).join(''))
    .join('|');
}

/** Whether engines would refuse a regular expression, see `effortOf`. */
export function isTooComplexRegex(regex: Regex): boolean {
  return effortOf(wholeValue(regex)) === Infinity;
}

const ANYTHING: RegexPart = { kind: 'repeat', part: { kind: 'any', lines: true }, least: 0, most: null };
const LINE_END: RegexPart = { kind: 'literal', text: '\n' };

/** The alternatives of an expression, with what may stand around each. */
function wholeValue({ alternatives }: Regex): RegexPart[][] {
  return alternatives.map(({ fromStart, toEnd, parts }) => {
    const length = fromStart === false && toEnd === false ? lengthOf(parts) : undefined;
    if (length !== undefined) return lineOfLength(length);
    return [...around(fromStart, [ANYTHING, LINE_END]), ...parts, ...around(toEnd, [LINE_END, ANYTHING])];
  });
}

function around(anchor: Anchor, lines: readonly RegexPart[]): RegexPart[] {
  if (anchor === 'line') {
    return [{ kind: 'repeat', part: { kind: 'group', alternatives: [lines] }, least: 0, most: 1 }];
  }
  return anchor ? [] : [ANYTHING];
}

/** Of `.{1000,}`, which asks for nothing but a length: that length. */
function lengthOf(parts: readonly RegexPart[]): number | undefined {
  const [only, ...more] = parts;
  const isLength = only?.kind === 'repeat' && only.part.kind === 'any' && only.part.lines === undefined;
  return isLength && more.length === 0 && only.least > 1 ? only.least : undefined;
}

/**
 * Some lines that are too short, and one that is long enough. As `.*.{1000,}` engines need a set of states for each place at
 * which it may begin, and refuse it; line by line they need one for each character.
 */
function lineOfLength(length: number): RegexPart[] {
  const any: RegexPart = { kind: 'any' };
  const short: RegexPart[] = [{ kind: 'repeat', part: any, least: 0, most: length - 1 }, LINE_END];
  const shortLines: RegexPart = {
    kind: 'repeat',
    part: { kind: 'group', alternatives: [short] },
    least: 0,
    most: null,
  };
  return [shortLines, { kind: 'repeat', part: any, least: length, most: length }, ANYTHING];
}

function part(node: RegexPart): string {
  switch (node.kind) {
    case 'literal':
      return Array.from(node.text, plain).join('');
    case 'any':
      return node.lines === true ? '.' : NOT_LINE_FEED;
    case 'class':
      return `[${node.negated ? '^' : ''}${node.ranges.map(([from, to]) => (from === to ? plain(from) : `${plain(from)}-${plain(to)}`)).join('')}]`;
    case 'group':
      return `(${node.alternatives.map((parts) => parts.map(part).join('') || '()').join('|')})`;
    case 'repeat':
      return node === ANYTHING ? '.*' : `(${part(node.part)}){${node.least},${node.most ?? ''}}`;
  }
}

function caseless(char: string): string {
  return /[a-z]/i.test(char) ? `[${char.toLowerCase()}${char.toUpperCase()}]` : plain(char);
}

function plain(char: string): string {
  return /[\p{L}\p{N}\s]/u.test(char) ? char : `\\${char}`;
}
