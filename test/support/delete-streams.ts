import type { Cluster } from '../../src/cluster/cluster';
import { request } from './request';

/**
 * Deletes data streams, where there are any. The Elasticsearch of the tests has no request for that (elasticsearch-distribution.ts), and
 * answers 400: there only their documents are deleted.
 * @param names names and patterns, separated by commas
 */
export async function deleteStreams(cluster: Cluster, names: string): Promise<void> {
  const path = `/_data_stream/${names}`;
  const { status } = await request(cluster, { method: 'DELETE', path, allow: [400, 404] });
  if (status !== 400) return;
  const query = { ignore_unavailable: true, allow_no_indices: true, conflicts: 'proceed', refresh: true };
  const body = { query: { match_all: {} } };
  await request(cluster, { method: 'POST', path: `/${names}/_delete_by_query`, query, body });
}
