import { parseDuration } from './duration';

/**
 * A point in time as a person types it: ISO 8601 (`2026-01-31`, `2026-01-31T08:00Z`; UTC where no offset is given), `now`,
 * or a span before now (`now-24h`, `now-7d`).
 * @param now milliseconds since 1970
 * @returns milliseconds since 1970; undefined when the text is no such time
 */
export function parseTime(text: string, now: number): number | undefined {
  if (text === 'now') return now;
  const [, span] = /^now-(.+)$/.exec(text) ?? [];
  if (span !== undefined) {
    const milliseconds = parseDuration(span);
    return milliseconds === undefined ? undefined : now - milliseconds;
  }
  if (!/^\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?)?(Z|[+-]\d{2}:?\d{2})?$/.test(text)) return undefined;
  // A time without offset would be read as local time: what is shown is UTC, so what is typed is too.
  const hasOffset = /(Z|[+-]\d{2}:?\d{2})$/.test(text.slice(10));
  const time = Date.parse(hasOffset || text.length === 10 ? text : `${text}Z`);
  return Number.isNaN(time) ? undefined : time;
}

/** ISO 8601 with milliseconds and `Z`. Years that four digits cannot hold become the nearest that they can. */
export function toIso(milliseconds: number): string {
  return new Date(Math.min(Math.max(milliseconds, FIRST), LAST)).toISOString();
}

/** The first and the last moment whose year has four digits; milliseconds since 1970. */
export const FIRST = Date.parse('0001-01-01T00:00:00.000Z');
export const LAST = Date.parse('9999-12-31T23:59:59.999Z');
