import type { estypes } from '@elastic/elasticsearch';
import type { JsonRecord } from '../json';
import { ProblemError } from '../errors';
import { anyOf } from '../sigma/compile/query-dsl';
import type { Cluster } from '../cluster/cluster';
import { untyped } from '../cluster/untyped';
import type { Delay, Failure, FieldCount } from './status';

/** The part of a source that a question is about. */
export interface Part {
  readonly cluster: Cluster;
  /** A name or pattern. */
  readonly index: string;
  /** What arrived in the window. */
  readonly arrived: JsonRecord;
}

/** A pipeline of ours failed (event.kind), or a step of the user's own after it, which leaves the event mapped (tags). */
export const FAILED: JsonRecord = anyOf([
  { term: { 'event.kind': 'pipeline_error' } },
  { term: { tags: 'wmi_detections_custom_error' } },
]);

/** Of so many failures a shard the reasons are read; a source that fails altogether would take minutes else. */
const MOST_FAILURES = 10_000;
const MOST_REASONS = 100;
/** Documents whose ignored fields are looked at to learn their names; how often each occurs is then counted exactly. */
const SAMPLE = 500;

/** error.message has no values to group by, so that no command line in it takes room; it is read from the document. */
const REASON = `
  def error = params._source.error;
  def message = error instanceof Map ? error.message : params._source['error.message'];
  String text = message == null ? 'no reason given' : message.toString();
  return text.length() > 300 ? text.substring(0, 300) : text;`;

/** Milliseconds from the event to its arrival. */
const DELAY = `
  doc['event.ingested'].value.toInstant().toEpochMilli() - doc['@timestamp'].value.toInstant().toEpochMilli()`;

interface Reasons {
  readonly some: { readonly reasons: estypes.AggregationsStringTermsAggregate };
}

/**
 * Why pipelines failed, the most frequent first: by the step that error.message begins with, and by its reason, in which
 * numbers and quoted texts do not count, so that a thousand values of one fault are one line.
 * @returns what can be known; one line without a reason where the cluster runs no scripts in searches
 */
export async function readFailures({ cluster, index, arrived }: Part): Promise<Failure[]> {
  const reasons = { terms: { size: MOST_REASONS, script: { lang: 'painless', source: REASON } } };
  const found = await searchWithScript<Reasons>(cluster, {
    index,
    query: untyped({ bool: { filter: [arrived, FAILED] } }),
    aggs: { some: { sampler: { shard_size: MOST_FAILURES }, aggs: { reasons } } },
  });
  const counts = new Map<string, Failure>();
  for (const { key, doc_count } of Object.values(found?.some.reasons.buckets ?? {})) {
    const failure = failureOf(String(key));
    const known = counts.get(`${failure.step}\n${failure.reason}`)?.count ?? 0;
    counts.set(`${failure.step}\n${failure.reason}`, { ...failure, count: known + doc_count });
  }
  return [...counts.values()].sort((left, right) => right.count - left.count);
}

/**
 * Step and reason of an error.message: `read-xml (script): not an event` or `ecs: no event was read`.
 * @returns an empty step where the message names none
 */
export function failureOf(message: string): Omit<Failure, 'count'> {
  const [, step = '', rest = message] = /^([\w@.-]+(?: \([\w-]+\))?): (.*)$/s.exec(message) ?? [];
  const reason = rest
    .replace(/"[^"]*"|'[^']*'/g, '…')
    .replace(/\d+/g, '#')
    .replace(/\s+/g, ' ')
    .trim();
  return { step, reason };
}

/**
 * Fields whose value the mapping left out of the index, the most frequent first. OpenSearch 3.8 lists neither values beyond
 * `ignore_above` nor malformed objects. (A terms aggregation would say it at once; only Elasticsearch from 8.15 on has it.)
 */
export async function readIgnored({ cluster, index, arrived }: Part): Promise<FieldCount[]> {
  const query = untyped({ bool: { filter: [arrived, { exists: { field: '_ignored' } }] } });
  const sample = await cluster.client.search({
    index,
    allow_partial_search_results: false,
    size: SAMPLE,
    _source: false,
    query,
  });
  const names = [...new Set(sample.hits.hits.flatMap(({ _ignored }) => _ignored ?? []))];
  if (names.length === 0) return [];
  const filters = Object.fromEntries(names.map((name) => [name, { term: { _ignored: name } }]));
  const { aggregations } = await cluster.client.search<unknown, { by?: estypes.AggregationsFiltersAggregate }>({
    index,
    allow_partial_search_results: false,
    size: 0,
    query,
    aggs: { by: { filters: { filters } } },
  });
  return Object.entries(aggregations?.by?.buckets ?? {})
    .map(([field, { doc_count }]) => ({ field, count: doc_count }))
    .sort((left, right) => right.count - left.count);
}

interface Delays {
  readonly delay: estypes.AggregationsTDigestPercentilesAggregate;
  readonly beyond: estypes.AggregationsRangeAggregate;
}

/**
 * How long after the event documents arrived.
 * @param lookback milliseconds
 * @returns null where no document has both times, or the cluster runs no scripts in searches
 */
export async function readDelay({ cluster, index, arrived }: Part, lookback: number): Promise<Delay | null> {
  const script = { lang: 'painless', source: DELAY };
  const both = ['event.ingested', '@timestamp'].map((field) => ({ exists: { field } }));
  const found = await searchWithScript<Delays>(cluster, {
    index,
    query: untyped({ bool: { filter: [arrived, ...both] } }),
    aggs: {
      delay: { percentiles: { script, percents: [50, 95] } },
      beyond: { range: { script, ranges: [{ from: lookback }] } },
    },
  });
  const { '50.0': p50, '95.0': p95 } = percentilesOf(found?.delay);
  if (typeof p50 !== 'number' || typeof p95 !== 'number') return null;
  return { p50, p95, beyondLookback: Object.values(found?.beyond.buckets ?? {})[0]?.doc_count ?? 0 };
}

function percentilesOf(
  aggregate: estypes.AggregationsTDigestPercentilesAggregate | undefined,
): estypes.AggregationsKeyedPercentiles {
  const values = aggregate?.values ?? {};
  return Array.isArray(values) ? {} : values;
}

/** The aggregations of a search with a script in it. Clusters may forbid those; what it would have told is then not known, no more. */
async function searchWithScript<T>(
  { client }: Cluster,
  search: estypes.SearchRequest & { index: string },
): Promise<T | undefined> {
  try {
    const options = { ignore_unavailable: true, allow_partial_search_results: false, size: 0 };
    return (await client.search<unknown, T>({ ...options, ...search })).aggregations;
  } catch (error) {
    if (error instanceof ProblemError && ['REFUSED', 'FORBIDDEN'].includes(error.code)) return undefined;
    throw error;
  }
}
