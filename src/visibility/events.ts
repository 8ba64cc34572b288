import type { Cluster } from '../cluster/cluster';
import { untyped } from '../cluster/untyped';
import { requireWhole } from '../cluster/search-all';
import type { JsonRecord } from '../json';
import { anyOf } from '../sigma/compile/query-dsl';

/** Documents of one concrete index. */
export interface EventCount {
  readonly index: string;
  readonly documents: number;
  /** As the rules know them, by event.category and event.type. */
  readonly processCreations: number;
  /** Process creations by their event id, of which no ingest pipeline made one that the rules know. */
  readonly raw: number;
  /** Documents without event.ingested. */
  readonly withoutIngested: number;
  /** By the name of each question of the caller's: documents that meet it. */
  readonly answers: Readonly<Record<string, number>>;
}

/** Indices that are counted, those with the most documents first. */
const MOST_INDICES = 1_000;

/** What every rule asks for: process creations. */
export const IS_PROCESS_CREATION: JsonRecord = {
  bool: { filter: [{ term: { 'event.category': 'process' } }, { term: { 'event.type': 'start' } }] },
};

/** `match` finds a word in text, a keyword and a number alike: nobody knows how a shipper's index maps these. */
function says(fields: readonly string[], value: string): JsonRecord {
  return anyOf(fields.map((field) => ({ match: { [field]: { query: value, operator: 'and', lenient: true } } })));
}

const EVENT_ID = ['event.code', 'winlog.event_id'];
const ORIGIN = ['winlog.provider_name', 'winlog.channel', 'event.provider'];

/** Sysmon's event 1, Security's 4688 and Falcon's ProcessRollup2, as shippers write them before any pipeline. */
const SAYS_PROCESS_CREATION = anyOf([
  { bool: { filter: [says(EVENT_ID, '1'), says(ORIGIN, 'Microsoft-Windows-Sysmon')] } },
  { bool: { filter: [says(EVENT_ID, '1'), says(ORIGIN, 'Microsoft-Windows-Sysmon/Operational')] } },
  { bool: { filter: [says(EVENT_ID, '4688'), says(ORIGIN, 'Microsoft-Windows-Security-Auditing')] } },
  { bool: { filter: [says(EVENT_ID, '4688'), says(ORIGIN, 'Security')] } },
  says(['event_simpleName', 'crowdstrike.event_simpleName'], 'ProcessRollup2'),
]);

interface Bucket {
  readonly key: string;
  readonly doc_count: number;
  readonly [aggregation: string]: unknown;
}

/**
 * Counts the documents of an index list, index by index: one search, whatever the number of rules.
 * @param indices names and patterns
 * @param questions more clauses to count by, by name
 * @throws ProblemError REFUSED when a shard does not answer; FORBIDDEN
 */
export async function countEvents(
  cluster: Cluster,
  indices: readonly string[],
  questions: Readonly<Record<string, JsonRecord>> = {},
): Promise<EventCount[]> {
  const filters: Record<string, JsonRecord> = {
    creations: IS_PROCESS_CREATION,
    raw: { bool: { filter: [SAYS_PROCESS_CREATION], must_not: [IS_PROCESS_CREATION, IS_FAILURE] } },
    past: { bool: { must_not: [{ exists: { field: 'event.ingested' } }] } },
    ...Object.fromEntries(Object.entries(questions).map(([name, clause]) => [`ask_${name}`, clause])),
  };
  const counts = Object.fromEntries(Object.entries(filters).map(([name, filter]) => [name, { filter }]));
  const answer = await cluster.client.search<unknown, { by_index?: { buckets: readonly Bucket[] } }>({
    index: [...indices],
    ignore_unavailable: true,
    allow_no_indices: true,
    allow_partial_search_results: false,
    size: 0,
    track_total_hits: false,
    aggs: untyped({ by_index: { terms: { field: '_index', size: MOST_INDICES }, aggs: counts } }),
  });
  requireWhole(answer, `${cluster.url}/${indices.join(',')}/_search`);
  return (answer.aggregations?.by_index?.buckets ?? []).map((bucket) => ({
    index: bucket.key,
    documents: bucket.doc_count,
    processCreations: countIn(bucket, 'creations'),
    raw: countIn(bucket, 'raw'),
    withoutIngested: countIn(bucket, 'past'),
    answers: Object.fromEntries(Object.keys(questions).map((name) => [name, countIn(bucket, `ask_${name}`)])),
  }));
}

/** What a pipeline of ours could not read is reported as that. */
const IS_FAILURE: JsonRecord = { term: { 'event.kind': 'pipeline_error' } };

function countIn(bucket: Bucket, name: string): number {
  const counted = bucket[name];
  const { doc_count: count = 0 } = (typeof counted === 'object' && counted !== null ? counted : {}) as {
    doc_count?: number;
  };
  return count;
}
