import { alertsCommand } from '../../src/commands/alerts';
import type { Outcome } from '../../src/commands/command';
import type { Explanation } from '../../src/alerts/explain';
import { monitorAlerts } from '../../src/schedulers/opensearch-alerting/plugin-alert-store';
import { alertingDataset, deployMonitors, type AlertingDataset } from '../support/alerting-dataset';
import { quiet } from '../support/context';
import { contentWith } from '../support/content';
import { dataset, wmiChild } from '../support/dataset';

/** Monitors of one rule that hold two alerts, of pid 1 and 2. */
async function twoHeld(): Promise<AlertingDataset> {
  const events = await dataset();
  const here = await alertingDataset({ namespace: events.namespace });
  const ingested = new Date(Date.now() - 1_000).toISOString();
  await events.index([1, 2].map((pid) => wmiChild(`p${pid}`, { 'process.pid': pid, 'event.ingested': ingested })));
  await deployMonitors(here.deployment, contentWith([events.rule]));
  return here;
}

function act({ deployment }: AlertingDataset, action: string | undefined, ids: readonly string[]): Promise<Outcome> {
  const { cluster, namespace } = deployment;
  const argv = { esUrl: cluster.url, namespace, scheduler: 'opensearch-alerting', action, ids, output: 'text' };
  return alertsCommand.run(quiet(), argv);
}

async function held({ deployment }: AlertingDataset): Promise<{ id: string; status: string; state: string }[]> {
  const { alerts } = await monitorAlerts(deployment.cluster, deployment.namespace, []);
  return alerts.map(({ _id: id, wmi_detections: ours }) => ({ id, ...(ours as { status: string; state: string }) }));
}

const plain = (error: unknown): string => (error as Error).message.replaceAll(/[0-9a-f]{64}/g, '<id>');

test('analyst commands on OpenSearch Alerting: ack acknowledges all alerts of a monitor in one request, and repeating it changes nothing', async () => {
  const here = await twoHeld();
  const ids = (await held(here)).map(({ id }) => id);
  expect(ids).toHaveLength(2);
  const done = await act(
    here,
    'ack',
    ids.map((id) => id.slice(0, 12)),
  );
  expect(done.json).toMatchObject({ status: 'acknowledged', unchanged: [] });
  expect((await held(here)).map(({ status, state }) => [status, state])).toEqual([
    ['acknowledged', 'ACKNOWLEDGED'],
    ['acknowledged', 'ACKNOWLEDGED'],
  ]);
  expect((await act(here, 'ack', ids)).json).toMatchObject({ changed: [] });
  expect(here.server.seen.filter(({ path }) => path.endsWith('/_acknowledge/alerts'))).toHaveLength(1);
});

test('analyst commands on OpenSearch Alerting: an action that the plugin cannot do is reported for every alert, and nothing is acknowledged', async () => {
  const here = await twoHeld();
  const [first, second] = await held(here);
  const ids = [first?.id ?? '', second?.id ?? ''];
  const said = await act(here, 'close', ids).catch(plain);
  expect(said).toMatchInlineSnapshot(`
   "alert <id> cannot be closed: OpenSearch Alerting knows no closing: an alert is over when its events stop
   alert <id> cannot be closed: OpenSearch Alerting knows no closing: an alert is over when its events stop"
  `);
  for (const alert of here.server.alerts.alerts.slice(0, 1)) alert.state = 'COMPLETED';
  expect(await act(here, 'ack', ids).catch(plain)).toMatchInlineSnapshot(
    `"alert <id> cannot be acknowledged: OpenSearch Alerting acknowledges only what is ACTIVE, and it is COMPLETED"`,
  );
  expect((await held(here)).map(({ status }) => status)).toEqual(['open', 'open']);
});

test('analyst commands on OpenSearch Alerting: a late refusal of the plugin is reported with its reason', async () => {
  const here = await twoHeld();
  const ids = (await held(here)).map(({ id }) => id);
  const failed = [{ abc: { failed_reason: 'Alert has already completed and can not be acknowledged.' } }];
  here.server.fail(({ path }) => path.endsWith('/_acknowledge/alerts'), { status: 200, body: { success: [], failed } });
  expect(await act(here, 'ack', ids).catch(plain)).toContain(
    'alert abc of the plugin was not acknowledged: Alert has already completed and can not be acknowledged.',
  );
});

test('analyst commands on OpenSearch Alerting: explain shows the same for an alert of OpenSearch Alerting as for a local one', async () => {
  const here = await twoHeld();
  const [first] = await held(here);
  const { json } = await act(here, 'explain', [first?.id.slice(0, 12) ?? '']);
  const { alert, events, gone } = json as Explanation;
  expect(alert).toMatchObject({ _id: first?.id, wmi_detections: { scheduler: 'opensearch-alerting' } });
  expect(events).toMatchObject([{ _source: { process: alert.process } }]);
  expect(gone).toEqual([]);
});
