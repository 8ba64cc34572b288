import type { Pattern } from './condition';

/** Whether the case of a pattern can matter: without an ASCII letter it cannot. */
export function hasLetter(pattern: Pattern): boolean {
  return pattern.some((part) => 'literal' in part && /[a-z]/i.test(part.literal));
}

/** Whether a pattern is met by every value: `*` alone. */
export function isAny(pattern: Pattern): boolean {
  return pattern.length > 0 && pattern.every((part) => 'wildcard' in part && part.wildcard === 'many');
}
