import { runRules } from '../../src/schedulers/local/run-rules';
import { alerts, type Alert } from '../../src/schedulers/alert-index-search';
import { isRecord } from '../../src/json';
import { toQueryDsl } from '../../src/sigma/compile/query-dsl';
import { defaultIndices } from '../../src/detections/indices';
import { monitorAlerts } from '../../src/schedulers/opensearch-alerting/plugin-alert-store';
import { alertingDataset, deployMonitors } from '../support/alerting-dataset';
import { shipped } from '../support/content';
import { storeRule } from '../support/dataset';
import { runMonitor } from '../support/alerting-run';
import { monitorBody } from '../../src/schedulers/opensearch-alerting/monitor-body';
import { readLongTexts } from '../../src/schedulers/opensearch-alerting/long-texts';
import { summaryOfAlert } from '../../src/schedulers/opensearch-alerting/plugin-alerts';
import { groupOf, TIME_FIELDS } from '../../src/detections/group';
import { readMatches } from '../../src/cluster/search-all';
import type { Cluster } from '../../src/cluster/cluster';
import { describeLabelled, documentOf, labelledEvents, labelledFiles, sourceOf } from '../support/labelled';
import { testServer } from '../support/test-server';

/* The monitors' own searches on the real engine, over every labelled event: their groups are those of the local scheduler. */

/** Of an alert what both schedulers know: all but who raised it, when, and what an analyst does with it. */
function comparable({ wmi_detections: ours, ...document }: Alert): object {
  const { count, risk_objects, ancestors } = isRecord(ours) ? ours : {};
  return { ...document, '@timestamp': '', count, risk_objects, ancestors };
}

function byId(found: readonly Alert[]): Record<string, object> {
  return Object.fromEntries(found.map((alert) => [alert._id, comparable(alert)]));
}

describeLabelled(`over ${labelledFiles.length} labelled files`, () => {
  let namespace: string;
  let cluster: Cluster;

  beforeAll(async () => {
    const node = await testServer();
    ({ namespace, cluster } = node);
    for (const file of labelledFiles) {
      const events = labelledEvents(file);
      const items = await node.ship(sourceOf(events[0]), events.map(documentOf));
      expect(items.filter(({ status }) => status !== 201)).toEqual([]);
    }
  }, 120_000);

  test('monitors on labelled events: the alerts of the monitors are those of the local scheduler', async () => {
    const { rules } = shipped();
    const indices = defaultIndices(namespace);
    for (const rule of rules) {
      const mark = { kind: 'rule', managed_by: 'wmi-detections', digest: '' } as const;
      await storeRule(cluster, namespace, { ...mark, rule, query: toQueryDsl(rule), indices });
    }
    await runRules(cluster, { namespace });
    const local = byId(await alerts(cluster, { namespace }));

    const here = await alertingDataset({ namespace });
    expect((await deployMonitors(here.deployment, { resources: [], rules })).problems).toEqual([]);
    const found = await monitorAlerts(here.deployment.cluster, namespace, []);
    expect(here.server.alerts.lost).toEqual([]);
    expect(found.notes).toEqual([]);
    expect(Object.keys(local).length).toBeGreaterThan(0);
    expect(byId(found.alerts)).toEqual(local);
  }, 120_000);

  test('monitors on labelled events: a rule that finds every process makes the same thousands of groups', async () => {
    // That with the most fields.
    for (const each of shipped().rules.slice(1)) {
      const rule = { ...each, condition: { kind: 'field', field: 'process.name', test: { kind: 'exists' } } } as const;
      const indices = defaultIndices(namespace);
      const local = new Set<string>();
      const search = { indices, query: toQueryDsl(rule), dates: TIME_FIELDS };
      for await (const hits of readMatches(cluster, search)) for (const hit of hits) local.add(groupOf(rule, hit).id);

      const monitor = { ...monitorBody(rule, { namespace, indices, exceptions: [] }) };
      const ran = (await runMonitor(cluster, monitor, Date.now() + 1)).triggers[rule.uuid];
      expect(ran?.error).toBeNull();
      expect(local.size).toBeGreaterThan(2_000);
      const found = (ran?.buckets ?? []).map((bucket) => ({ agg_alert_content: { bucket } }));
      const long = await readLongTexts(cluster, { rule, query: toQueryDsl(rule), indices }, found);
      expect(new Set(found.map((alert) => summaryOfAlert(rule, alert, long)?.group.id))).toEqual(local);
      expect(ran?.buckets).toHaveLength(local.size);
    }
  }, 120_000);
});
