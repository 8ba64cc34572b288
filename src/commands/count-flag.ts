import { ProblemError } from '../errors';

/**
 * The number of things that a flag gives.
 * @param flag its name without dashes
 * @param count what yargs made of it: NaN where that is no number
 * @param zero what 0 does, where that may be written: `count all`
 * @returns `count`; undefined when the flag was not given
 * @throws ProblemError USAGE when it is no whole number, or too small
 */
export function countOf<T extends number | undefined>(flag: string, count: T, zero?: string): T {
  const least = zero === undefined ? 1 : 0;
  if (count === undefined || (Number.isSafeInteger(count) && count >= least)) return count;
  const message = Number.isNaN(count) ? `--${flag} is no number` : `--${flag} ${count} is no number of things`;
  const hint = `Write a whole number, 1 or more${zero === undefined ? '' : `, or 0 to ${zero}`}.`;
  throw new ProblemError('USAGE', [{ message, hint }]);
}
