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
    .map(({ fromStart, toEnd, parts }) => `${fromStart ? '' : '.*'}${parts.map(part).join('')}${toEnd ? '' : '.*'}`)
    .join('|');
}

function part(node: RegexPart): string {
  switch (node.kind) {
    case 'literal':
      return plain(node.text);
    case 'any':
      return NOT_LINE_FEED;
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
