import type { Pattern, Regex, RegexPart } from './condition';

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
  return regex.alternatives
    .map(({ fromStart, toEnd, parts }) => {
      const least = fromStart === false && toEnd === false ? lengthOf(parts) : undefined;
      if (least !== undefined) return `(${shorterLines(least)})*(${NOT_LINE_FEED}){${least}}.*`;
      return `${BEFORE[String(fromStart)] ?? ''}${parts.map(part).join('')}${AFTER[String(toEnd)] ?? ''}`;
    })
    .join('|');
}

/** What may stand before and after an alternative, by its anchors. */
const BEFORE: Readonly<Record<string, string>> = { false: '.*', line: '(.*\n)?' };
const AFTER: Readonly<Record<string, string>> = { false: '.*', line: '(\n.*)?' };

/**
 * Of `.{1000,}`, anywhere in a value: how long a line must be. As it is written, engines need a state for each place at
 * which it may begin, and refuse it; line by line they need one for each character.
 */
function lengthOf(parts: readonly RegexPart[]): number | undefined {
  const [only, ...more] = parts;
  const isLength = only?.kind === 'repeat' && only.part.kind === 'any' && only.part.lines === undefined;
  return isLength && more.length === 0 && only.least > 1 ? only.least : undefined;
}

/** A line that is too short. */
function shorterLines(least: number): string {
  return `(${NOT_LINE_FEED}){0,${least - 1}}\n`;
}

function part(node: RegexPart): string {
  switch (node.kind) {
    case 'literal':
      return plain(node.text);
    case 'any':
      return node.lines === true ? '.' : NOT_LINE_FEED;
    case 'class':
      return `[${node.negated ? '^' : ''}${node.ranges.map(([from, to]) => (from === to ? plain(from) : `${plain(from)}-${plain(to)}`)).join('')}]`;
    case 'group':
      return `(${node.alternatives.map((parts) => parts.map(part).join('') || '()').join('|')})`;
    case 'repeat':
      return `(${part(node.part)}){${node.least},${node.most ?? ''}}`;
  }
}

function caseless(char: string): string {
  return /[a-z]/i.test(char) ? `[${char.toLowerCase()}${char.toUpperCase()}]` : plain(char);
}

function plain(char: string): string {
  return /[\p{L}\p{N}\s]/u.test(char) ? char : `\\${char}`;
}
