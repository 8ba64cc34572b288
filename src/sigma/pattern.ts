import type { Pattern, PatternPart } from './condition';

/** `*`, as `contains`, `startswith` and `endswith` put it around a value. */
export const MANY: PatternPart = { wildcard: 'many' };

/**
 * Reads a Sigma value: `*` and `?` are wildcards; a backslash takes away the meaning of a wildcard or a backslash that
 * follows it, and is itself before anything else. So `\\*` is a backslash and a wildcard, and both `\` and `\\` are one backslash.
 * Source: Sigma specification 2.0, "Escaping".
 */
export function parsePattern(value: string): Pattern {
  const parts: PatternPart[] = [];
  for (let i = 0; i < value.length; i++) {
    const char = value.charAt(i);
    const next = value.charAt(i + 1);
    if (char === '\\' && (next === '*' || next === '?' || next === '\\')) {
      parts.push({ literal: next });
      i++;
    } else if (char === '*') {
      parts.push(MANY);
    } else if (char === '?') {
      parts.push({ wildcard: 'one' });
    } else {
      parts.push({ literal: char });
    }
  }
  return joinParts(parts);
}

/** The same pattern in its one canonical form: no two literals side by side, no two `many`, no empty literal. */
export function joinParts(parts: readonly PatternPart[]): Pattern {
  const joined: PatternPart[] = [];
  for (const part of parts) {
    const last = joined.at(-1);
    if ('literal' in part) {
      if (part.literal === '') continue;
      if (last !== undefined && 'literal' in last) joined[joined.length - 1] = { literal: last.literal + part.literal };
      else joined.push(part);
    } else if (part.wildcard === 'one' || last === undefined || 'literal' in last || last.wildcard === 'one') {
      joined.push(part);
    }
  }
  return joined;
}

/** The text, when the pattern holds no wildcard; else undefined. */
export function plainText(pattern: Pattern): string | undefined {
  let text = '';
  for (const part of pattern) {
    if ('wildcard' in part) return undefined;
    text += part.literal;
  }
  return text;
}
