import type { JsonRecord } from '../json';
import { ProblemError } from '../errors';
import { anyOf } from '../sigma/compile/query-dsl';
import type { FieldMap } from '../visibility/fields';
import { IS_PROCESS_CREATION } from '../visibility/events';
import { toIso } from '../text/time';
import type { Cluster } from '../cluster/cluster';
import { requireWhole } from '../cluster/search-all';
import { untyped } from '../cluster/untyped';
import { parseDuration } from '../text/duration';
import { coverageQuestion, type RuleReading } from './coverage';
import { countFailureStore } from './failure-store';
import { FAILED, readDelay, readFailures, readIgnored, type Part } from './details';
import type { SourceState } from './status';

/** What to look at. */
export interface Source {
  /** A name or pattern of the rules' index lists. */
  readonly pattern: string;
  /** Those that read it. */
  readonly readings: readonly RuleReading[];
  /** How its indices map what they compare. */
  readonly fields: FieldMap;
}

interface Counted {
  readonly doc_count?: number;
  readonly value?: number | null;
  readonly [aggregation: string]: Counted | number | null | undefined;
}

/** Everything about a source of which nothing is known. */
const EMPTY = {
  exists: false,
  problem: null,
  newestIngested: null,
  newestEvent: null,
  documents: 0,
  processCreations: 0,
  silent: false,
  failures: { count: 0, by: [] },
  failureStore: null,
  ignored: { count: 0, fields: [] },
  delay: null,
  coverage: [],
} as const;

/**
 * What arrived from one source since a time, and how blind the rules are on it: one search of counts. Only what needs more
 * (the reasons of failures, names of ignored fields, delays) is asked for in searches of its own, and only where it occurs.
 * @param since milliseconds since 1970
 * @throws ProblemError when the cluster does not answer; a source that refuses is reported as a problem of that source
 */
export async function readSource(cluster: Cluster, source: Source, since: number): Promise<SourceState> {
  const base = { source: source.pattern, read: source.readings.length > 0, ...EMPTY };
  try {
    return { ...base, ...(await look(cluster, source, since)) };
  } catch (error) {
    if (!(error instanceof ProblemError) || !['REFUSED', 'FORBIDDEN'].includes(error.code)) throw error;
    return { ...base, exists: true, problem: error.problems.map(({ message }) => message).join('; ') };
  }
}

async function look(
  cluster: Cluster,
  { pattern, readings, fields }: Source,
  since: number,
): Promise<Partial<SourceState>> {
  const part: Part = { cluster, index: pattern, arrived: arrivedSince(since) };
  const coverage = coverageQuestion(readings, fields);
  const answer = await cluster.client.search<unknown, Readonly<Record<string, Counted>>>({
    index: pattern,
    ignore_unavailable: true,
    allow_no_indices: true,
    allow_partial_search_results: false,
    size: 0,
    track_total_hits: false,
    aggs: untyped(question(part.arrived, coverage.aggs)),
  });
  const { _shards, aggregations = {} } = answer;
  requireWhole(answer, `${cluster.url}/${pattern}/_search`);
  if (_shards.total === 0) return { exists: false };
  const { newest_ingested, newest_event, arrived } = aggregations;
  const creations = inner(arrived, 'creations');
  const documents = arrived?.doc_count ?? 0;
  const failures = inner(arrived, 'failures').doc_count ?? 0;
  const ignored = inner(arrived, 'ignored').doc_count ?? 0;
  const newest = { newestIngested: timeOf(newest_ingested), newestEvent: timeOf(newest_event) };
  const lookback = Math.max(0, ...readings.map(({ rule: { schedule } }) => parseDuration(schedule.lookback) ?? 0));
  return {
    exists: true,
    ...newest,
    documents,
    processCreations: creations.doc_count ?? 0,
    silent: documents === 0 && (newest.newestIngested ?? newest.newestEvent) !== null,
    failures: { count: failures, by: failures === 0 ? [] : await readFailures(part) },
    failureStore: await countFailureStore(cluster, pattern),
    ignored: { count: ignored, fields: ignored === 0 ? [] : await readIgnored(part) },
    delay: documents === 0 || readings.length === 0 ? null : await readDelay(part, lookback),
    coverage: coverage.answer((name) => inner(creations, name).doc_count ?? 0, creations.doc_count ?? 0),
  };
}

function question(arrived: JsonRecord, coverage: JsonRecord): JsonRecord {
  return {
    // The format of the mapping may fail the search on a year beyond four digits.
    newest_ingested: { max: { field: 'event.ingested', format: 'epoch_millis' } },
    newest_event: { max: { field: '@timestamp', format: 'epoch_millis' } },
    arrived: {
      filter: arrived,
      aggs: {
        creations: {
          filter: IS_PROCESS_CREATION,
          ...(Object.keys(coverage).length > 0 && { aggs: coverage }),
        },
        failures: { filter: FAILED },
        ignored: { filter: { exists: { field: '_ignored' } } },
      },
    },
  };
}

function arrivedSince(since: number): JsonRecord {
  const from = { gte: toIso(since) };
  const notIngested = {
    bool: { filter: [{ range: { '@timestamp': from } }], must_not: [{ exists: { field: 'event.ingested' } }] },
  };
  return anyOf([{ range: { 'event.ingested': from } }, notIngested]);
}

function inner(of: Counted | undefined, name: string): Counted {
  const found = of?.[name];
  return typeof found === 'object' && found !== null ? found : {};
}

function timeOf(newest: Counted | undefined): string | null {
  return typeof newest?.value === 'number' ? toIso(newest.value) : null;
}
