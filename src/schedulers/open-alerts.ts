import { alertIndex } from '../detections/indices';
import { request, type Target } from '../cluster/cluster';

/** How many alerts of a rule are open in our alert index; none where there is no such index. */
export async function openAlertsOf(target: Target, namespace: string, uuid: string): Promise<number> {
  const filter = [{ term: { 'rule.uuid': uuid } }, { term: { 'wmi_detections.status': 'open' } }];
  const { body } = await request<{ count: number }>(target, {
    method: 'POST',
    path: `/${alertIndex(namespace)}/_count`,
    query: { ignore_unavailable: true },
    body: { query: { bool: { filter } } },
  });
  return body.count;
}
