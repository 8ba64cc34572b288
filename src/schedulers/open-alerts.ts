import { alertIndex } from '../detections/indices';
import type { Cluster } from '../cluster/cluster';

/** How many alerts of a rule are open in our alert index; none where there is no such index. */
export async function openAlertsOf(cluster: Cluster, namespace: string, uuid: string): Promise<number> {
  const filter = [{ term: { 'rule.uuid': uuid } }, { term: { 'wmi_detections.status': 'open' } }];
  const { count } = await cluster.client.count({
    index: alertIndex(namespace),
    ignore_unavailable: true,
    query: { bool: { filter } },
  });
  return count;
}
