import { alerts, type Alert } from '../../src/schedulers/alert-index-search';
import { alertIndex } from '../../src/detections/indices';
import { toQueryDsl } from '../../src/sigma/compile/query-dsl';
import { readRules } from '../../src/detections/read-rules';
import { executeWindow } from '../../src/schedulers/execute-window';
import { eventWindow } from '../../src/detections/windows';
import { request } from './request';
import { STREAMS, type TestServer } from './test-server';

/** Runs our rules over all that was shipped to a harbour, whenever it was; its alerts, which are gone afterwards. */
export async function runShipped({ cluster, namespace }: TestServer): Promise<Alert[]> {
  const indices = Object.values(STREAMS).map((name) => `${name}-${namespace}`);
  const path = `/${alertIndex(namespace)}`;
  for (const rule of readRules('rules')) {
    const about = { kind: 'rule', managed_by: 'wmi-detections', digest: '' } as const;
    const stored = { ...about, rule, query: toQueryDsl(rule), indices };
    await executeWindow(cluster, stored, eventWindow(null, null), { namespace, now: Date.now() });
  }
  await request(cluster, { method: 'POST', path: `${path}/_refresh`, allow: [404] });
  const found = await alerts(cluster, { namespace });
  await request(cluster, { method: 'DELETE', path, allow: [404] });
  return found;
}
