import type { Cluster } from '../cluster/cluster';
import { untyped } from '../cluster/untyped';
import type { BlindSpot } from './blind-spot';

/**
 * The names and patterns of which this user may not read every index. Elasticsearch leaves such indices out of an answer without an
 * error. OpenSearch refuses the search, unless its security plugin is set to leave them out (`do_not_fail_on_forbidden`).
 */
export async function unreadableSpots(cluster: Cluster, names: readonly string[]): Promise<BlindSpot[]> {
  if (cluster.product !== 'elasticsearch' || names.length === 0) return [];
  const { statusCode, body } = await cluster.client.security.hasPrivileges(
    untyped({ index: [{ names, privileges: ['read'] }] }),
    // Where security is switched off, everybody may read everything.
    { ignore: [400, 404, 405, 500], meta: true },
  );
  if (statusCode !== 200) return [];
  const closed = names.filter((name) => (body.index[name] ?? {}).read === false);
  return closed.map((index) => ({
    code: 'not_readable',
    certain: false,
    index,
    rules: [],
    message: `you may not read all of ${index}: Elasticsearch leaves out what you may not read, without an error`,
    fix: `Give this user or API key \`read\` on ${index}.`,
  }));
}
