import { ProblemError } from '../errors';
import type { Cluster } from '../cluster/cluster';
import { presentUser } from '../cluster/privileges';

/**
 * How many documents are in the failure store of data streams: what the mapping or a pipeline refused, while Elasticsearch answered that all
 * is well. No rule sees them.
 * @param pattern a name or pattern
 * @returns null where there is no failure store (OpenSearch, Elasticsearch before 8.19), or the user may not read it
 */
export async function countFailureStore(cluster: Cluster, pattern: string): Promise<number | null> {
  if (cluster.product !== 'elasticsearch') return null;
  const privileges = { cluster: [], indices: [{ names: [pattern], privileges: ['read_failure_store'] }] };
  try {
    // To a user without the privilege, a pattern would have no documents.
    const user = await presentUser(cluster, privileges);
    if (user !== undefined && user.lacks.length > 0) return null;
    const index = `${pattern}::failures`;
    return (await cluster.client.count({ index, ignore_unavailable: true, allow_no_indices: true })).count;
  } catch (error) {
    if (error instanceof ProblemError && ['REFUSED', 'FORBIDDEN'].includes(error.code)) return null;
    throw error;
  }
}
