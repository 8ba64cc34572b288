import type { Cluster } from '../../src/cluster/cluster';
import { request } from './request';

/**
 * Deletes data streams, where there are any. The Elasticsearch of the tests has no request for that (elasticsearch-distribution.ts), and
 * answers 400: there they stay, each in a namespace that no other test uses.
 * @param names names and patterns, separated by commas
 */
export async function deleteStreams(cluster: Cluster, names: string): Promise<void> {
  await request(cluster, { method: 'DELETE', path: `/_data_stream/${names}`, allow: [400, 404] });
}
