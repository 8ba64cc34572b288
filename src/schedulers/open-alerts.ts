import { alertIndex } from '../detections/indices';
import { request, type Cluster } from '../cluster/cluster';

/** How many alerts of a rule are open in our alert index; none where there is no such index. */
export async function openAlertsOf(cluster: Cluster, namespace: string, uuid: string): Promise<number> {
  const filter = [{ term: { 'rule.uuid': uuid } }, { term: { 'wmi_detections.status': 'open' } }];
  const { body } = await request<{ count: number }>(cluster, {
    method: 'POST',
    path: `/${alertIndex(namespace)}/_count`,
    query: { ignore_unavailable: true },
    body: { query: { bool: { filter } } },
  });
  return body.count;
}
