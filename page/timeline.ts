import type { Item } from './filters';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** Widths of a bar, milliseconds. */
const STEPS = [MINUTE, 5 * MINUTE, 15 * MINUTE, HOUR, 3 * HOUR, 6 * HOUR, 12 * HOUR, DAY, 7 * DAY, 28 * DAY, 364 * DAY];

const MOST_BARS = 48;

/** Alerts that began in a span of time. */
export interface Bucket {
  /** Milliseconds since 1970; `to` is not in it. */
  readonly from: number;
  readonly to: number;
  readonly items: readonly Item[];
}

/** The time from the first alert to the last in at most 48 spans of a round width, empty ones too. */
export function bucketsOf(items: readonly Item[]): Bucket[] {
  let [first, last] = [Infinity, -Infinity];
  for (const { start } of items) {
    // An alert may have no time that can be read.
    if (Number.isNaN(start)) continue;
    [first, last] = [Math.min(first, start), Math.max(last, start)];
  }
  if (first > last) return [];
  const step = STEPS.find((each) => Math.floor(last / each) - Math.floor(first / each) < MOST_BARS) ?? 3640 * DAY;
  const beginning = Math.floor(first / step);
  const buckets = Array.from({ length: Math.floor(last / step) - beginning + 1 }, (_, index) => {
    const from = (beginning + index) * step;
    return { from, to: from + step, items: [] as Item[] };
  });
  for (const item of items) buckets[Math.floor(item.start / step) - beginning]?.items.push(item);
  return buckets;
}

/** `2026-01-31 08:00`, UTC. */
export function minuteOf(time: number): string {
  return new Date(time).toISOString().slice(0, 16).replace('T', ' ');
}

/** A span in words, no more of them than needed. */
export function spanOf({ from, to }: Bucket): string {
  const [start, end] = [minuteOf(from), minuteOf(to)];
  if (to - from >= DAY) return to - from === DAY ? start.slice(0, 10) : `${start.slice(0, 10)} to ${end.slice(0, 10)}`;
  return `${start}–${end.slice(11)}`;
}
