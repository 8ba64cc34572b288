import type { Pattern } from './condition';

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
          if (step === MANY) return [state];
          return step !== undefined && (step === ONE || step === letter) ? [state + 1] : [];
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

const MANY = 'many';
const ONE = 'one';

/** One step a character; letters without case, since that is how most values are compared. */
function stepsOf(pattern: Pattern): string[] {
  return pattern.flatMap((part) => ('literal' in part ? Array.from(part.literal.toLowerCase()) : [part.wildcard]));
}

/** With every state that a `*` lets be reached for nothing. */
function closure(states: readonly number[], steps: readonly string[]): number[] {
  const all = new Set<number>();
  for (let state of states) {
    all.add(state);
    while (steps[state] === MANY) all.add(++state);
  }
  return [...all].sort((a, b) => a - b);
}
