import { reconcile, type RuleReconciliation } from '../../src/alerts/reconcile';
import { askAlerting } from '../../src/schedulers/opensearch-alerting/plugin';
import { watchId } from '../../src/schedulers/watcher/watch-body';
import type { Deployment } from '../../src/plan/deployment';
import { alertingDataset, deployMonitors } from '../support/alerting-dataset';
import { contentWith, rule } from '../support/content';
import { dataset, wmiChild } from '../support/dataset';
import { deployWatches, watcherDeployment, watcherOfEachTest } from '../support/watcher-dataset';

const server = watcherOfEachTest();

async function look(deployment: Deployment, now: number, content = contentWith([rule()])): Promise<RuleReconciliation> {
  const [found] = await reconcile(deployment, content, { from: now - 3_600_000, to: now, now });
  if (found === undefined) throw new Error('no rule was looked at');
  return found;
}

const missing = (found: RuleReconciliation): unknown[] =>
  found.missing.map(({ first: { id }, reasons }) => [id, ...reasons.map(({ code }) => code)]);

test('reconcile: accepts an alert of a monitor that the plugin holds or that is in the alert index, and no other', async () => {
  const events = await dataset();
  const { server: plugin, deployment } = await alertingDataset({ namespace: events.namespace });
  const now = Date.now();
  const ago = (minutes: number): string => new Date(now - minutes * 60_000).toISOString();
  const child = (pid: number, minutes: number) =>
    wmiChild(`p${pid}`, { 'process.pid': pid, '@timestamp': ago(minutes), 'event.ingested': ago(minutes) });
  await events.index([child(1, 30), child(2, 20)]);
  const content = contentWith([events.rule]);
  await deployMonitors(deployment, content);
  for (const id of plugin.monitors.stored.keys()) {
    await askAlerting(deployment.cluster, {
      method: 'POST',
      path: `/${id}/_execute`,
      query: { period_end: `${now}ms` },
    });
  }
  expect(await look(deployment, now, content)).toMatchObject({ events: 2, alerted: 2, missing: [] });

  // One that came in long ago and no run saw; one that came in just now.
  await events.index([child(3, 15), child(4, 0.1)]);
  const found = await look(deployment, now, content);
  expect(found).toMatchObject({ events: 4, alerted: 2, pending: 1 });
  expect(missing(found)).toEqual([['p3', 'unknown']]);

  // What the local scheduler wrote before the rule moved counts as well.
  await events.run({ from: now - 3_600_000 });
  expect(await look(deployment, now, content)).toMatchObject({ alerted: 4, missing: [] });

  for (const stored of plugin.monitors.stored.values()) stored.monitor = { ...stored.monitor, enabled: false };
  plugin.alerts.alerts.length = 0;
  await events.index([child(5, 10)]);
  expect(missing(await look(deployment, now, content))).toEqual([['p5', 'disabled']]);
});

test('reconcile: accepts an alert of the group of a watch in the alert index; the reason is that of the last run', async () => {
  const events = await dataset();
  const { namespace } = events;
  const watcher = await watcherDeployment(server(), namespace);
  await deployWatches(watcher, contentWith([rule({ uuid: events.rule.uuid })]));
  const content = contentWith([{ ...events.rule, condition: rule().condition }]);
  await events.index([wmiChild('p1', { 'process.pid': 1 })]);
  await events.run();
  const now = Date.parse('2025-03-10T12:00:00Z');
  const kept = server().watches.get(watchId(events.rule.uuid, namespace));
  if (kept === undefined) throw new Error('no watch is there');
  kept.ran = { last_checked: '2025-03-10T11:58:00.000Z', execution_state: 'executed' };
  expect(await look(watcher, now, content)).toMatchObject({ events: 1, alerted: 1, missing: [] });

  await events.index([wmiChild('p2', { 'process.pid': 2 })]);
  expect(missing(await look(watcher, now, content))).toEqual([['p2', 'unknown']]);
  kept.ran = { last_checked: '2025-03-10T11:58:00.000Z', execution_state: 'failed' };
  expect(missing(await look(watcher, now, content))).toEqual([['p2', 'run_failed']]);
});
