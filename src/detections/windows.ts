import type { JsonRecord } from '../json';
import { ProblemError } from '../errors';
import { anyOf } from '../sigma/compile/query-dsl';
import { FIRST, LAST, toIso } from '../text/time';
import { OWN_DATASETS } from './indices';

/**
 * Which documents a run reads (docs/design.md, "Windows"). Times are milliseconds since 1970.
 *
 *   run            | documents                        | chosen by      | from                              | to
 *   ---------------|----------------------------------|----------------|-----------------------------------|-----
 *   first          | in our own streams               |                | the beginning                     | now
 *   first          | others', with event.ingested     | event.ingested | now - the rule's look-back        | now
 *   later          | with event.ingested              | event.ingested | watermark - overlap               | now
 *   first or later | others' without event.ingested   | @timestamp     | now or watermark, less 24 h       | open
 *   --from --to    | all                              | @timestamp     | --from                            | --to
 *
 * `now` is the cluster's time. The overlap and the settle delay cover what was stamped before `now` but could not be seen
 * yet; reading something twice does no harm, because an alert's id is stable. Where event.ingested is missing only the
 * event's own time is left, and nothing says when it arrived: so that end is open, for clocks that run ahead.
 */
const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;

/**
 * The spans of which the windows of every scheduler are made, in milliseconds.
 *
 *   scheduler           | by event.ingested from           | to         | without it by @timestamp from
 *   --------------------|----------------------------------|------------|-------------------------------------------
 *   local               | watermark - overlap              | now        | watermark - lookbackWithoutIngested
 *   watcher             | T - settle - interval - lookback | T - settle | T - lookbackWithoutIngested
 *   opensearch-alerting | T - lookback - settle            | T          | T - lookbackWithoutIngested
 *   kibana              | T - lookback                     | T          | what Kibana makes of `timestamp_override`
 *
 * T is the time of the run. The local watermark is the time of the last run less `settle`. lookbackWithoutIngested is the look-back of
 * the column before it where that is longer. A look-back in Kibana is interval + settle at least.
 */
export const SPANS = {
  /** From the stamp of an event to when a search finds it, generously. */
  settle: MINUTE,
  /** How far two windows of the local scheduler overlap. */
  overlap: 5 * MINUTE,
  /** How far back an event without event.ingested is looked for at least: nothing says when it arrived. */
  lookbackWithoutIngested: DAY,
} as const;

export interface Window {
  /** null: from the beginning. */
  readonly from: number | null;
  /** null: no end (only where `--to` is not given for a window of event time). */
  readonly to: number | null;
  readonly timebase: 'event.ingested' | '@timestamp';
  /** A Query DSL clause that the documents of the window meet. */
  readonly query: JsonRecord;
  /** Where the watermark stands once the alerts of this window are written; null when a window moves none. */
  readonly watermark: number | null;
}

/** What a scheduled run knows. */
export interface Progress {
  /** Where the last run left the watermark; null before the first. */
  readonly watermark: number | null;
  /** The cluster's time. */
  readonly now: number;
  /** The rule's look-back in milliseconds. */
  readonly lookback: number;
  readonly namespace: string;
}

/** The window of a scheduled run. */
export function nextWindow({ watermark, now, lookback, namespace }: Progress): Window {
  const to = now;
  const common = { to, timebase: 'event.ingested', watermark: now - SPANS.settle } as const;
  const late = Math.max(SPANS.lookbackWithoutIngested, lookback);
  if (watermark === null) {
    const others = [ingested(now - lookback, to), withoutIngested(now - late)];
    return { ...common, from: null, query: anyOf([inOwnStreams(namespace, to), ...others]) };
  }
  // The cluster's clock was set back: what came in since cannot be told from what was read before, so read a day.
  const from = watermark > now ? now - SPANS.lookbackWithoutIngested : watermark - SPANS.overlap;
  return { ...common, from, query: anyOf([ingested(from, to), withoutIngested(Math.min(watermark, now) - late)]) };
}

/** The window of `run --from --to`: event time, half-open; null leaves a side open. */
export function eventWindow(from: number | null, to: number | null): Window {
  return { from, to, timebase: '@timestamp', query: between('@timestamp', from, to), watermark: null };
}

/**
 * Events of one UTC day, `2026-01-31`; where an event has no @timestamp its day is that of event.ingested. The first and the last
 * day take in everything before and after, as {@link toIso} does.
 */
export function onDay(day: string): JsonRecord {
  const midnight = Date.parse(`${day}T00:00:00.000Z`);
  const next = midnight + DAY;
  const start = midnight <= FIRST ? null : midnight;
  const end = next > LAST ? null : next;
  return anyOf([
    between('@timestamp', start, end),
    { bool: { filter: [between('event.ingested', start, end)], must_not: [{ exists: { field: '@timestamp' } }] } },
  ]);
}

/** Half-open. */
function between(field: string, from: number | null, to: number | null): Record<string, unknown> {
  // Text, not numbers with a format: it is right on a keyword field as well.
  const range = { ...(from !== null && { gte: toIso(from) }), ...(to !== null && { lt: toIso(to) }) };
  return Object.keys(range).length === 0 ? { match_all: {} } : { range: { [field]: range } };
}

function ingested(from: number, to: number): Record<string, unknown> {
  return between('event.ingested', from, to);
}

function withoutIngested(from: number): Record<string, unknown> {
  return { bool: { filter: [between('@timestamp', from, null)], must_not: [{ exists: { field: 'event.ingested' } }] } };
}

/** Everything in our own streams, except what is stamped with a time that is not yet. */
function inOwnStreams(namespace: string, to: number): Record<string, unknown> {
  // A backing index is `.ds-<stream>-<date>-<number>`; a restored or mounted one has a prefix before it.
  const names = OWN_DATASETS.flatMap((dataset) => [
    { term: { _index: `logs-${dataset}-${namespace}` } },
    { wildcard: { _index: `*.ds-logs-${dataset}-${namespace}-*` } },
  ]);
  const yetToCome = { range: { 'event.ingested': { gte: toIso(to) } } };
  return { bool: { filter: [anyOf(names)], must_not: [yetToCome] } };
}

/**
 * Makes sure that a period of --from and --to holds any time at all.
 * @throws ProblemError USAGE when it does not
 */
export function checkPeriod({ from, to }: { from?: number | undefined; to?: number | undefined }): void {
  if (from === undefined || to === undefined || from < to) return;
  const hint = 'The period begins at --from and ends just before --to.';
  throw new ProblemError('USAGE', [{ message: '--from is not before --to', hint }]);
}
