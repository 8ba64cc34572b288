import { ProblemError } from '../errors';
import { parseTime } from '../text/time';

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

/**
 * The time that a flag gives.
 * @param flag its name without dashes
 * @param now what `now` in the text means, milliseconds since 1970; by our own clock where not given
 * @returns milliseconds since 1970; undefined when the flag was not given
 * @throws ProblemError USAGE when it is no time
 */
export function timeOf(flag: string, text: string, now?: number): number;
export function timeOf(flag: string, text: string | undefined, now?: number): number | undefined;
export function timeOf(flag: string, text: string | undefined, now = Date.now()): number | undefined {
  if (text === undefined) return undefined;
  const time = parseTime(text, now);
  if (time !== undefined) return time;
  const hint =
    'Write ISO 8601 (2026-01-31, 2026-01-31T08:00Z; UTC where no offset is given), now, or now-30m, now-24h, now-7d.';
  throw new ProblemError('USAGE', [{ message: `--${flag} ${JSON.stringify(text)} is no time`, hint }]);
}
