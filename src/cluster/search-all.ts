import type { estypes } from '@elastic/elasticsearch';
import { ProblemError } from '../errors';
import type { Hit } from '../detections/group';
import type { JsonRecord } from '../json';
import type { Cluster } from './cluster';
import { CLEANUP, ONCE } from './transport';
import { untyped } from './untyped';

export interface Search {
  /** Names and patterns; those that are not there are passed over. */
  readonly indices: readonly string[];
  readonly query: JsonRecord;
  /** Paths of `_source` to fetch, wildcards allowed; all of it where not given. */
  readonly source?: readonly string[];
  /** Date fields to have as milliseconds since 1970; see dateOf in detections/group.ts. */
  readonly dates?: readonly string[];
  /** The order of what is found; the order of the index, which costs nothing, where not given. */
  readonly sort?: estypes.SortCombinations[];
}

const PAGE = 500;
const KEEP = '5m';

/**
 * Everything that a query finds, page by page, as it was at one moment: what comes in meanwhile is not seen.
 *
 * A scroll, because one way serves both products in all their versions: a point in time is another request on each,
 * OpenSearch 2 has no `_shard_doc` to order it by, and OpenSearch 3.8 answers 400 when no index matches.
 * @throws ProblemError REFUSED when a part of the answer is missing (a shard failed, the search timed out): a search that
 *   says less than the whole would be a silent miss
 */
export async function* readMatches(cluster: Cluster, search: Search): AsyncGenerator<readonly Hit[], void, undefined> {
  const { client, url } = cluster;
  const path = `/${search.indices.join(',')}/_search`;
  const first = await client.search<JsonRecord>({
    index: [...search.indices],
    scroll: KEEP,
    ignore_unavailable: true,
    allow_no_indices: true,
    allow_partial_search_results: false,
    size: PAGE,
    sort: search.sort ?? ['_doc'],
    query: untyped(search.query),
    ...(search.source !== undefined && { _source: [...search.source] }),
    ...(search.dates !== undefined && {
      docvalue_fields: search.dates.map((field) => ({ field, format: MILLISECONDS })),
    }),
  });
  requireWhole(first, `${url}${path}`);
  let page: estypes.SearchResponse<JsonRecord> = first;
  try {
    while (page.hits.hits.length > 0) {
      yield page.hits.hits.map(toHit);
      if (page.hits.hits.length < PAGE || page._scroll_id === undefined) return;
      // Asked for twice, it would give the page after the one that got lost.
      const next = await client.scroll<JsonRecord>({ scroll: KEEP, scroll_id: page._scroll_id }, ONCE);
      requireWhole(next, `${url}/_search/scroll`);
      page = next;
    }
  } finally {
    if (page._scroll_id !== undefined) await forget(cluster, page._scroll_id);
  }
}

/** A calendar format would do for years of four digits only: with any other, Elasticsearch fails the whole search. */
const MILLISECONDS = 'epoch_millis';

/** What an answer says about itself. */
interface Wholeness {
  readonly timed_out?: boolean | undefined;
  readonly _shards?: Partial<estypes.ShardStatistics> | undefined;
  readonly _clusters?: estypes.ClusterStatistics | undefined;
}

/**
 * Makes sure that an answer is about everything that was asked.
 * @throws ProblemError REFUSED when a part is missing: a shard or a remote cluster did not answer, or the time was up
 */
export function requireWhole(answer: Wholeness, url: string): void {
  const { timed_out: timedOut, _shards: shards, _clusters: clusters } = answer;
  const where = { url, method: 'POST' };
  if (timedOut === true) {
    throw new ProblemError('REFUSED', [{ where, message: 'the search timed out before it had seen everything' }]);
  }
  const { failed = 0, failures = [] } = shards ?? {};
  if (failed > 0) {
    const reasons = [...new Set(failures.map(describeFailure))].join('; ') || 'no reason given';
    throw new ProblemError('REFUSED', [{ where, message: `${failed} shard(s) did not answer: ${reasons}` }]);
  }
  // A remote cluster that may be skipped (`skip_unavailable`, the default of Elasticsearch from 8.15 on) is left out without an error.
  const { skipped = 0, partial = 0, failed: lost = 0 } = clusters ?? {};
  if (skipped + partial + lost > 0) {
    const message = `${skipped + partial + lost} remote cluster(s) did not answer, or only in part`;
    const hint = 'GET /_remote/info shows which are connected.';
    throw new ProblemError('REFUSED', [{ where, message, hint }]);
  }
}

function describeFailure({ index, reason }: Partial<estypes.ShardFailure>): string {
  return [index, reason?.type, reason?.reason].filter((part) => typeof part === 'string').join(': ');
}

function toHit({ _index, _id = '', _source, fields }: estypes.SearchHit<JsonRecord>): Hit {
  return { _index, _id, ...(_source !== undefined && { _source }), ...(fields !== undefined && { fields }) };
}

/** Frees what the cluster keeps for a scroll; it does so by itself after five minutes, so a failure is ignored. */
async function forget(cluster: Cluster, scroll: string): Promise<void> {
  try {
    await cluster.client.clearScroll({ scroll_id: scroll }, { ...CLEANUP, requestTimeout: 10_000 });
  } catch (error) {
    if (!(error instanceof ProblemError)) throw error;
  }
}
