import { ProblemError } from '../errors';
import { parseTime } from '../text/time';

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
