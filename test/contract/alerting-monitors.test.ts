import { isRecord } from '../../src/json';
import { monitorBody } from '../../src/schedulers/opensearch-alerting/monitor-body';
import { triggerOf } from '../../src/schedulers/opensearch-alerting/monitor-ownership';
import { alertingDataset, deployMonitors, planMonitors, type AlertingDataset } from '../support/alerting-dataset';
import type { Stored } from '../support/alerting-routes';
import { actions, results } from '../support/deployment';
import { contentWith, exception, rule } from '../support/content';

function onlyMonitor({ server }: AlertingDataset): Stored & { id: string } {
  const [[id, stored] = [], ...more] = [...server.monitors.stored];
  expect(more).toEqual([]);
  if (id === undefined || stored === undefined) throw new Error('there is no monitor');
  return Object.assign(stored, { id });
}

const UUID = rule().uuid;
const CREATED = [`create monitor/${UUID}: done`];

test('monitors of OpenSearch Alerting: a rule becomes one bucket-level monitor, run dry before it is stored', async () => {
  const here = await alertingDataset();
  const applied = await deployMonitors(here.deployment, contentWith([rule()]));
  expect(applied.problems).toEqual([]);
  expect(results(applied)).toEqual(CREATED);
  const { monitor } = onlyMonitor(here);
  expect(monitor).toMatchObject({
    name: `wmi-detections/${rule().name} [${here.deployment.namespace}]`,
    monitor_type: 'bucket_level_monitor',
    enabled: true,
    schedule: { period: { interval: 5, unit: 'MINUTES' } },
  });
  expect(triggerOf(monitor)).toMatchObject({ id: UUID, name: rule().name, severity: '2' });
  const writes = here.server.seen.filter(({ method, path }) => method === 'POST' && path !== '/_search');
  expect(writes.map(({ path, query }) => [path, query])).toEqual([
    ['/_execute', { dryrun: 'true' }],
    ['', {}],
  ]);
});

test.each([
  [100, '1'],
  [74, '1'],
  [73, '2'],
  [48, '2'],
  [47, '3'],
  [22, '3'],
  [21, '4'],
  [0, '4'],
])('monitors of OpenSearch Alerting: risk %d is severity %s', (score, severity) => {
  const parts = { namespace: 'default', indices: ['logs-*'], exceptions: [] };
  expect(triggerOf(monitorBody(rule({ risk: { ...rule().risk, score } }), parts)).severity).toBe(severity);
});

test('monitors of OpenSearch Alerting: a second deploy changes nothing although the server rewrites the search', async () => {
  const here = await alertingDataset();
  const content = contentWith([rule()], { [rule().slug]: [exception('backup.exe')] });
  await deployMonitors(here.deployment, content);
  const { seqNo, monitor } = onlyMonitor(here);
  expect(JSON.stringify(monitor.inputs)).toContain('"include_lower":true');
  expect(actions(await planMonitors(here.deployment, content))).toEqual([]);
  expect(onlyMonitor(here).seqNo).toBe(seqNo);
});

test('monitors of OpenSearch Alerting: a second deploy changes nothing on a server with unknown rewrites', async () => {
  const here = await alertingDataset();
  here.server.monitors.decorate = (monitor) => ({
    ...monitor,
    schedule: { ...(monitor.schedule as object), jitter: 0.2 },
  });
  const content = contentWith([rule()]);
  expect(results(await deployMonitors(here.deployment, content))).toEqual(CREATED);
  expect(actions(await planMonitors(here.deployment, content))).toEqual([]);
  const changed = contentWith([rule({ schedule: { interval: '10m', lookback: '1h' } })]);
  expect(actions(await planMonitors(here.deployment, changed))).toEqual([`update monitor/${UUID}`]);
});

test('monitors of OpenSearch Alerting: a changed rule is an update of the same monitor, guarded by its version; the trigger keeps its id', async () => {
  const here = await alertingDataset();
  await deployMonitors(here.deployment, contentWith([rule()]));
  const before = onlyMonitor(here).id;
  const changed = contentWith([rule({ version: 99, risk: { ...rule().risk, score: 80 } })]);
  const plan = await planMonitors(here.deployment, changed);
  expect(plan.steps[0]?.change.diff).toContain('-  severity: "2"\n+  severity: "1"');
  expect(results(await deployMonitors(here.deployment, changed))).toEqual([`update monitor/${UUID}: done`]);
  expect(onlyMonitor(here).id).toBe(before);
  expect(triggerOf(onlyMonitor(here).monitor)).toMatchObject({ id: UUID, severity: '1' });
  const put = here.server.seen.find(({ method }) => method === 'PUT');
  expect(put?.query).toEqual({ if_seq_no: '1', if_primary_term: '1' });
});

test('monitors of OpenSearch Alerting: an exception becomes part of the search, and one that has expired does not', async () => {
  const here = await alertingDataset();
  const { slug } = rule();
  await deployMonitors(here.deployment, contentWith([rule()], { [slug]: [exception('backup.exe')] }));
  expect(JSON.stringify(onlyMonitor(here).monitor.inputs)).toContain('backup.exe');
  const expired = contentWith([rule()], { [slug]: [exception('backup.exe', { expires: '2020-01-01' })] });
  expect(results(await deployMonitors(here.deployment, expired))).toEqual([`update monitor/${UUID}: done`]);
  expect(JSON.stringify(onlyMonitor(here).monitor.inputs)).not.toContain('backup.exe');
});

test("monitors of OpenSearch Alerting: a monitor that an analyst switched off stays off and keeps the analyst's action", async () => {
  const here = await alertingDataset();
  await deployMonitors(here.deployment, contentWith([rule()]));
  const { monitor } = onlyMonitor(here);
  const theirs = { id: 'theirs', name: 'page', destination_id: 'pager', message_template: { source: 'x' } };
  monitor.enabled = false;
  Object.assign(triggerOf(monitor), { actions: [theirs] });
  expect(actions(await planMonitors(here.deployment, contentWith([rule()])))).toEqual([]);
  await deployMonitors(here.deployment, contentWith([rule({ version: 99 })]));
  const after = onlyMonitor(here).monitor;
  expect(after.enabled).toBe(false);
  expect(triggerOf(after).actions).toMatchObject([theirs]);
});

test.each([
  [
    'the condition',
    (monitor: Stored['monitor']) =>
      ((triggerOf(monitor).condition as Record<string, unknown>).script = { source: 'false', lang: 'painless' }),
  ],
  [
    'the search',
    (monitor: Stored['monitor']) =>
      (monitor.inputs = JSON.parse(JSON.stringify(monitor.inputs).replace('WmiPrvSE.exe', 'x.exe')) as unknown),
  ],
  ['the severity', (monitor: Stored['monitor']) => Object.assign(triggerOf(monitor), { severity: '4' })],
  ['the schedule', (monitor: Stored['monitor']) => (monitor.schedule = { period: { interval: 1, unit: 'DAYS' } })],
])('monitors of OpenSearch Alerting: drift: %s was changed by hand', async (_, change) => {
  const here = await alertingDataset();
  const content = contentWith([rule()]);
  await deployMonitors(here.deployment, content);
  change(onlyMonitor(here).monitor);
  expect(actions(await planMonitors(here.deployment, content))).toEqual([`update monitor/${UUID}`]);
  await deployMonitors(here.deployment, content);
  expect(actions(await planMonitors(here.deployment, content))).toEqual([]);
});

test('monitors of OpenSearch Alerting: a monitor saved in Dashboards loses our mark, is still managed and counts as drift', async () => {
  const here = await alertingDataset();
  const content = contentWith([rule()]);
  await deployMonitors(here.deployment, content);
  const { monitor, id } = onlyMonitor(here);
  monitor.ui_metadata = { schedule: {}, monitor_type: 'bucket_level_monitor', search: {}, triggers: {} };
  expect(actions(await planMonitors(here.deployment, content))).toEqual([`update monitor/${UUID}`]);
  await deployMonitors(here.deployment, content);
  expect(onlyMonitor(here).id).toBe(id);
  expect(isRecord(onlyMonitor(here).monitor.ui_metadata) && onlyMonitor(here).monitor.ui_metadata).toHaveProperty(
    'wmi_detections',
  );
  expect(actions(await planMonitors(here.deployment, content))).toEqual([]);
});

test('monitors of OpenSearch Alerting: plan reports a duplicate monitor and deploy removes it', async () => {
  const here = await alertingDataset();
  const content = contentWith([rule()]);
  await deployMonitors(here.deployment, content);
  const first = onlyMonitor(here);
  here.server.monitors.stored.set('twin', { ...first, monitor: structuredClone(first.monitor), seqNo: 99 });
  const plan = await planMonitors(here.deployment, content);
  expect(actions(plan)).toEqual([`update monitor/${UUID}`]);
  expect(plan.steps[0]?.change.diff).toContain('-copies:\n-  - twin');
  await deployMonitors(here.deployment, content);
  expect(onlyMonitor(here).id).toBe(first.id);
});

test('monitors of OpenSearch Alerting: of two monitors with one name, the one that an analyst switched off stays and stays off', async () => {
  const here = await alertingDataset();
  const content = contentWith([rule()]);
  await deployMonitors(here.deployment, content);
  const first = onlyMonitor(here);
  const off = { ...structuredClone(first.monitor), enabled: false };
  here.server.monitors.stored.set('off', { ...first, monitor: off, seqNo: 99 });
  await deployMonitors(here.deployment, content);
  expect(onlyMonitor(here)).toMatchObject({ id: 'off', monitor: { enabled: false } });
});

test.each([
  ['with our mark', {}],
  ['saved in Dashboards', { ui_metadata: {} }],
  ['switched off', { enabled: false }],
])('monitors of OpenSearch Alerting: a copy under another name, %s, is left alone', async (_, change) => {
  const here = await alertingDataset();
  const content = contentWith([rule()]);
  await deployMonitors(here.deployment, content);
  const first = onlyMonitor(here);
  const name = `wmi-detections/tuned by the SOC [${here.deployment.namespace}]`;
  const copy = { ...first, monitor: { ...structuredClone(first.monitor), name, ...change }, seqNo: 0 };
  here.server.monitors.stored.set('copy', copy);
  expect(actions(await planMonitors(here.deployment, content, true))).toEqual([]);
  expect(results(await deployMonitors(here.deployment, contentWith([rule({ version: 99 })])))).toEqual([
    `update monitor/${UUID}: done`,
  ]);
  expect(results(await deployMonitors(here.deployment, contentWith([]), true))).toEqual([
    `delete monitor/${UUID}: done`,
  ]);
  expect(onlyMonitor(here)).toMatchObject({ id: 'copy', monitor: copy.monitor });
});

test('monitors of OpenSearch Alerting: a change by hand is distinguished from a change of the content', async () => {
  const here = await alertingDataset();
  const content = contentWith([rule()]);
  await deployMonitors(here.deployment, content);
  const edited = async (wanted: typeof content) =>
    (await planMonitors(here.deployment, wanted)).steps.map((step) => step.edited);
  expect(await edited(contentWith([rule({ version: 99 })]))).toEqual([false]);
  Object.assign(triggerOf(onlyMonitor(here).monitor), { severity: '4' });
  expect(await edited(content)).toEqual([true]);
});

test('monitors of OpenSearch Alerting: the same rule is a separate monitor in each namespace', async () => {
  const here = await alertingDataset();
  const other = here.deployment.with({ namespace: `${here.deployment.namespace}b` });
  await deployMonitors(here.deployment, contentWith([rule()]));
  expect(results(await deployMonitors(other, contentWith([rule()])))).toEqual(CREATED);
  expect(here.server.monitors.stored.size).toBe(2);
  expect(results(await deployMonitors(other, contentWith([]), true))).toEqual([`delete monitor/${UUID}: done`]);
  expect(actions(await planMonitors(here.deployment, contentWith([rule()])))).toEqual([]);
});

test("monitors of OpenSearch Alerting: more than ten monitors are listed, somebody else's among them", async () => {
  const here = await alertingDataset();
  const first = await deployMonitors(here.deployment, contentWith([rule()]));
  expect(first.problems).toEqual([]);
  const { monitor } = onlyMonitor(here);
  for (let number = 0; number < 30; number += 1) {
    const stored = {
      monitor: { ...monitor, name: `theirs ${number}`, ui_metadata: {}, triggers: [] },
      version: 1,
      seqNo: 0,
    };
    here.server.monitors.stored.set(`their-${number}`, stored);
  }
  expect(actions(await planMonitors(here.deployment, contentWith([rule()]), true))).toEqual([]);
  expect(results(await deployMonitors(here.deployment, contentWith([]), true))).toEqual([
    `delete monitor/${UUID}: done`,
  ]);
  expect(here.server.monitors.stored.size).toBe(30);
});
