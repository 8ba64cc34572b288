import type { Cluster } from '../cluster/cluster';
import type { AlertWrite } from './alert-writes';
import { mget } from '../cluster/mget';
import { chunk } from '../lists';

const MOST_IDS = 1_000;

/**
 * How many alerts {@link writeAlerts} would create; nothing is written. An index that is not there holds none of them.
 * @throws ProblemError FORBIDDEN or REFUSED when it cannot be said of one whether it is there
 */
export async function countNew(cluster: Cluster, index: string, alerts: Iterable<AlertWrite>): Promise<number> {
  const ids = Array.from(alerts, ({ id }) => id);
  let absent = 0;
  for (const some of chunk(ids, MOST_IDS)) absent += await countAbsent(cluster, index, some);
  return absent;
}

async function countAbsent(cluster: Cluster, index: string, ids: readonly string[]): Promise<number> {
  const docs = await mget(cluster, { index, _source: false, ids: [...ids] });
  return docs.filter(({ found }) => !found).length;
}
