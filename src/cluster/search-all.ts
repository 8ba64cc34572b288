import { ProblemError } from '../errors';
import type { Hit } from '../detections/group';
import { request, type Cluster } from './cluster';

export interface Search {
  /** Names and patterns; those that are not there are passed over. */
  readonly indices: readonly string[];
  readonly query: Readonly<Record<string, unknown>>;
  /** Paths of `_source` to fetch, wildcards allowed; all of it where not given. */
  readonly source?: readonly string[];
  /** Date fields to have as ISO text. */
  readonly dates?: readonly string[];
  /** The order of what is found; the order of the index, which costs nothing, where not given. */
  readonly sort?: readonly unknown[];
}

interface Page {
  readonly _scroll_id?: string;
  readonly timed_out?: boolean;
  readonly _shards?: { readonly failed?: number; readonly failures?: readonly Failure[] };
  readonly hits: { readonly hits: readonly Hit[] };
}

interface Failure {
  readonly index?: string;
  readonly reason?: { readonly type?: string; readonly reason?: string };
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
  const path = `/${search.indices.map((index) => encodeURIComponent(index)).join(',')}/_search`;
  let page = await ask(cluster, path, {
    query: {
      scroll: KEEP,
      ignore_unavailable: true,
      allow_no_indices: true,
      allow_partial_search_results: false,
    },
    body: {
      size: PAGE,
      sort: search.sort ?? ['_doc'],
      query: search.query,
      ...(search.source !== undefined && { _source: search.source }),
      ...(search.dates !== undefined && { docvalue_fields: search.dates.map((field) => ({ field, format: ISO })) }),
    },
  });
  try {
    while (page.hits.hits.length > 0) {
      yield page.hits.hits;
      if (page.hits.hits.length < PAGE || page._scroll_id === undefined) return;
      page = await ask(cluster, '/_search/scroll', {
        body: { scroll: KEEP, scroll_id: page._scroll_id },
        // Asked for twice, it would give the page after the one that got lost.
        retry: false,
      });
    }
  } finally {
    if (page._scroll_id !== undefined) await forget(cluster, page._scroll_id);
  }
}

const ISO = 'strict_date_time';

async function ask(
  cluster: Cluster,
  path: string,
  asked: {
    query?: Record<string, string | boolean>;
    body: Record<string, unknown>;
    retry?: false;
  },
): Promise<Page> {
  const { body } = await request<Page>(cluster, { method: 'POST', path, ...asked });
  const where = { url: `${cluster.url}${path}`, method: 'POST' };
  if (body.timed_out === true) {
    throw new ProblemError('REFUSED', [{ where, message: 'the search timed out before it had seen everything' }]);
  }
  if ((body._shards?.failed ?? 0) > 0) {
    const reasons = (body._shards?.failures ?? []).map(describeFailure);
    const message = `${body._shards?.failed ?? 0} shard(s) did not answer: ${[...new Set(reasons)].join('; ') || 'no reason given'}`;
    throw new ProblemError('REFUSED', [{ where, message }]);
  }
  return body;
}

function describeFailure({ index, reason }: Failure): string {
  return [index, reason?.type, reason?.reason].filter((part) => part !== undefined).join(': ');
}

/** Frees what the cluster keeps for a scroll; it would do so itself after five minutes, so a failure is no matter. */
async function forget(cluster: Cluster, scroll: string): Promise<void> {
  try {
    await request(cluster, {
      method: 'DELETE',
      path: '/_search/scroll',
      body: { scroll_id: scroll },
      allow: [404],
      timeout: 10_000,
      cleanup: true,
    });
  } catch (error) {
    if (!(error instanceof ProblemError)) throw error;
  }
}
