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

/** Whether the case of a pattern can matter: without an ASCII letter it cannot. */
export function hasLetter(pattern: Pattern): boolean {
  return pattern.some((part) => 'literal' in part && /[a-z]/i.test(part.literal));
}

/** Whether a pattern is met by every value: `*` alone. */
export function isAny(pattern: Pattern): boolean {
  return pattern.length > 0 && pattern.every((part) => 'wildcard' in part && part.wildcard === 'many');
}

/**
 * Engines turn a value with wildcards into a deterministic automaton and refuse the search when that takes more than
 * 100,000 steps (Lucene's `Operations.determinize`). Theirs has a few more states than the one counted here (both cases
 * of a letter), hence the margin.
 */
const EFFORT_LIMIT = 25_000;

/** A wildcard field asks for each three letters of a value by themselves, and engines allow 1,024 clauses. */
const LONGEST = 1000;

/** Whether engines would refuse to search for this pattern, as they do for `*a?????????????`. */
export function isTooComplex(pattern: Pattern): boolean {
  const steps = stepsOf(pattern);
  if (steps.length > LONGEST) return true;
  if (!pattern.some((part) => 'wildcard' in part && part.wildcard === 'many')) return false;
  const letters = [...new Set(steps.filter((step) => step.length === 1 || step.length === 2)), ''];
  const seen = new Set<string>();
  const open: number[][] = [closure([0], steps)];
  let effort = 0;
  for (let states = open.pop(); states !== undefined; states = open.pop()) {
    effort += states.length;
    if (effort > EFFORT_LIMIT) return true;
    for (const letter of letters) {
      const next = closure(
        states.flatMap((state) => {
          const step = steps[state];
          if (step === MANY_STEP) return [state];
          return step !== undefined && (step === ONE_STEP || step === letter) ? [state + 1] : [];
        }),
        steps,
      );
      const key = next.join();
      if (next.length === 0 || seen.has(key)) continue;
      seen.add(key);
      open.push(next);
    }
  }
  return false;
}

const MANY_STEP = 'many';
const ONE_STEP = 'one';

/** One step a character; letters without case, since that is how most values are compared. */
function stepsOf(pattern: Pattern): string[] {
  return pattern.flatMap((part) => ('literal' in part ? Array.from(part.literal.toLowerCase()) : [part.wildcard]));
}

/** With every state that a `*` lets be reached for nothing. */
function closure(states: readonly number[], steps: readonly string[]): number[] {
  const all = new Set<number>();
  for (let state of states) {
    all.add(state);
    while (steps[state] === MANY_STEP) all.add(++state);
  }
  return [...all].sort((a, b) => a - b);
}
