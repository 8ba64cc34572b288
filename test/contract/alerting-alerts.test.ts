import type { JsonRecord } from '../../src/json';
import { runRules } from '../../src/schedulers/local/run-rules';
import { alerts, mergeAlerts } from '../../src/schedulers/alert-index-search';
import { unprovenLines, unprovenRules } from '../../src/plan/warnings';
import type { Exception } from '../../src/sigma/exceptions';
import type { Rule } from '../../src/detections/rule';
import { toQueryDsl } from '../../src/sigma/compile/query-dsl';
import { alertIndex, defaultIndices } from '../../src/detections/indices';
import { groupValue, alertId } from '../../src/detections/group';
import { monitorAlerts } from '../../src/schedulers/opensearch-alerting/plugin-alert-store';
import { monitorKind } from '../../src/schedulers/opensearch-alerting/monitor-kind';
import { askAlerting } from '../../src/schedulers/opensearch-alerting/plugin';
import { request } from '../support/request';
import { alertingDataset, deployMonitors, type AlertingDataset } from '../support/alerting-dataset';
import { contentWith, exception } from '../support/content';
import { dataset, storeRule, wmiChild, type Event, type Dataset } from '../support/dataset';

interface Place extends AlertingDataset {
  readonly events: Dataset;
  /** Indexes events that came in just now. */
  index(events: readonly Event[]): Promise<void>;
}

async function place(): Promise<Place> {
  const events = await dataset();
  const here = await alertingDataset({ namespace: events.namespace });
  return { ...here, events, index: (list) => events.index(list) };
}

/** Received in a second ago, happened at a fixed time. */
function child(id: string, change: JsonRecord = {}): Event {
  return wmiChild(id, { 'event.ingested': new Date(Date.now() - 1_000).toISOString(), ...change });
}

function shown({ deployment }: Place) {
  return monitorAlerts(deployment.cluster, deployment.namespace, []);
}

/** Runs every monitor as its schedule does. @param after milliseconds from now */
async function runAll({ deployment, server }: Place, after = 0): Promise<void> {
  for (const id of server.monitors.stored.keys()) {
    const query = { period_end: `${Date.now() + after}ms` };
    await askAlerting(deployment.cluster, { method: 'POST', path: `/${id}/_execute`, query });
  }
}

/** The ids of the alerts that the local scheduler writes for the same rule and events. */
async function localIds({ events: { cluster, namespace, rule } }: Place): Promise<string[]> {
  const mark = { kind: 'rule', managed_by: 'wmi-detections', digest: '' } as const;
  await storeRule(cluster, namespace, { ...mark, rule, query: toQueryDsl(rule), indices: defaultIndices(namespace) });
  await runRules(cluster, { namespace });
  return (await alerts(cluster, { namespace })).map(({ _id }) => _id).sort();
}

const LONG = `wmiprvse.exe ${'é'.repeat(20_000)}`;

test('alerts of OpenSearch Alerting: groups and ids equal those of the local scheduler for every field value', async () => {
  const here = await place();
  await here.index([
    child('plain'),
    child('again'),
    child('other day', { '@timestamp': '2025-03-11T00:00:00.000Z' }),
    child('no user', { 'user.name': null }),
    child('no name but an id', { 'user.name': null, 'user.id': 'S-1-5-18' }),
    child('empty', { 'user.name': '' }),
    child('several', { 'user.name': ['b', 'a', 'b'] }),
    child('braces', { 'process.command_line': '{{period_end}} "quoted" \\ # , null' }),
    child('template', { 'process.command_line': 'docker ps --format {{.Names}}' }),
    child('unclosed template', { 'process.command_line': 'zz {{#a}}' }),
    child('the word null', { 'process.command_line': 'null' }),
    child('an apostrophe', { 'process.command_line': "'2025-03-10" }),
    child('a date', { 'process.command_line': '2025-03-10' }),
    child('half a pair', { 'process.command_line': 'x \ud800' }),
    child('another half', { 'process.command_line': 'x \udc00' }),
    child('a replacement', { 'process.command_line': 'x \ufffd' }),
    child('a word joiner', { 'process.command_line': '{\u2060{x}}' }),
    child('numbers', { 'process.name': 'a#1', 'process.command_line': 'b' }),
    child('numbers elsewhere', { 'process.name': 'a', 'process.command_line': '1#b' }),
    child('long', { 'process.command_line': LONG }),
    child('long, other', { 'process.command_line': `${LONG} x` }),
    child('no command line', { 'process.command_line': null }),
    child('no pid', { 'process.pid': null }),
  ]);
  const { problems } = await deployMonitors(here.deployment, contentWith([here.events.rule]));
  expect(problems).toEqual([]);
  const found = await shown(here);
  const ids = await localIds(here);
  expect(ids.length).toBeGreaterThanOrEqual(21);
  expect(found.alerts.map(({ _id }) => _id).sort()).toEqual(ids);
  expect(found.notes).toEqual([]);
});

test('alerts of OpenSearch Alerting: an event alerts even if a value is not indexed or the command line is missing', async () => {
  const here = await place();
  await here.index([child('none', { 'process.pid': null }), child('malformed', { 'process.pid': 'x1' })]);
  await deployMonitors(here.deployment, contentWith([here.events.rule]));
  expect((await shown(here)).alerts).toMatchObject([{ wmi_detections: { state: 'ACTIVE' } }]);
});

test('alerts of OpenSearch Alerting: a long text that could be a date does not end a run', async () => {
  const here = await place();
  await here.index([child('plain'), child('long', { 'process.command_line': '2025-'.repeat(240_000) })]);
  expect((await deployMonitors(here.deployment, contentWith([here.events.rule]))).problems).toEqual([]);
  expect((await shown(here)).alerts).toHaveLength(2);
});

test('alerts of OpenSearch Alerting: an event of a year beyond four digits belongs to the last day with four digits', async () => {
  const here = await place();
  await here.index([child('plain'), child('far', { '@timestamp': 300_000_000_000_000 })]);
  expect((await deployMonitors(here.deployment, contentWith([here.events.rule]))).problems).toEqual([]);
  const { alerts: found, notes } = await shown(here);
  expect(notes).toEqual([]);
  const { rule } = here.events;
  const values = rule.groupBy.map((field) => groupValue(child('plain'), field));
  const days = ['2025-03-10', '9999-12-31'];
  expect(found.map(({ _id }) => _id).sort()).toEqual(days.map((day) => alertId(rule, day, values)).sort());
});

test.each<[string, string | undefined]>([
  ['no day', undefined],
  ['a day of somebody else', 'Monday'],
  ['a year of more than four digits', '+11476-09-08 UTC'],
])(
  'alerts of OpenSearch Alerting: an alert whose key has %s becomes a note, and the others are shown',
  async (_, day) => {
    const here = await place();
    await here.index([child('first')]);
    await deployMonitors(here.deployment, contentWith([here.events.rule]));
    const copy = structuredClone(here.server.alerts.alerts[0]) as { agg_alert_content: { bucket: { key: unknown } } };
    copy.agg_alert_content.bucket.key = { their_key: 'x', ...(day !== undefined && { wmi_detections_day: day }) };
    here.server.alerts.alerts.push({ ...copy, id: 'theirs' });
    const { alerts: found, notes } = await shown(here);
    expect(found).toHaveLength(1);
    expect(notes).toEqual([
      `wmi-detections/Children of WmiPrvSE [${here.deployment.namespace}]: an alert in state ACTIVE is of other groups than ours and is not shown; Dashboards shows it`,
    ]);
  },
);

test('alerts of OpenSearch Alerting: a value that looks like a date does not cost later alerts their place in the index', async () => {
  const here = await place();
  await here.index([child('date', { 'process.name': '2025-03-10', 'process.command_line': '2025/03/10' })]);
  await deployMonitors(here.deployment, contentWith([here.events.rule]));
  await here.index([child('none')]);
  await runAll(here);
  expect(here.server.alerts.lost).toEqual([]);
  const names = (await shown(here)).alerts.map(({ process }) => (process as { name: string }).name);
  expect(names.sort()).toEqual(['2025-03-10', 'notepad.exe']);
});

test('alerts of OpenSearch Alerting: an alert is shown in every state, and is acknowledged only after an analyst acknowledged it', async () => {
  const here = await place();
  await here.index([child('first')]);
  await deployMonitors(here.deployment, contentWith([here.events.rule]));
  const state = async () => (await shown(here)).alerts.map(({ wmi_detections: ours }) => ours);
  expect(await state()).toMatchObject([
    { status: 'open', state: 'ACTIVE', scheduler: 'opensearch-alerting', count: 1 },
  ]);
  await runAll(here, 3 * 3_600_000);
  expect(await state()).toMatchObject([{ status: 'open', state: 'COMPLETED' }]);
  await runAll(here);
  expect(here.server.alerts.alerts).toHaveLength(2);
  expect(await state()).toMatchObject([{ status: 'open', state: 'ACTIVE' }]);
  Object.assign(here.server.alerts.alerts[1] ?? {}, { state: 'ACKNOWLEDGED', acknowledged_time: Date.now() });
  expect(await state()).toMatchObject([{ status: 'acknowledged', state: 'ACKNOWLEDGED' }]);
});

test('alerts of OpenSearch Alerting: an alert whose events are gone is shown with its own fields', async () => {
  const here = await place();
  const sid = { 'user.name': null, 'user.id': 'S-1-5-18' };
  await here.index([child('a', sid), child('b', { ...sid, '@timestamp': '2025-03-10T11:59:00.000Z' })]);
  await deployMonitors(here.deployment, contentWith([here.events.rule]));
  const [before] = (await shown(here)).alerts;
  await here.deployment.cluster.client.transport.request({
    method: 'DELETE',
    path: `/_data_stream/logs-*-${here.deployment.namespace}`,
  });
  const [after] = (await shown(here)).alerts;
  expect(after).toMatchObject({
    _id: before?._id,
    event: before?.event,
    user: { id: 'S-1-5-18' },
    host: { name: 'ws01.example.test' },
    process: { name: 'notepad.exe', pid: 4711 },
    wmi_detections: { count: 2, ancestors: [] },
  });
});

test('alerts of OpenSearch Alerting: lists more alerts than a page holds, with a run that failed among them', async () => {
  const here = await place();
  await here.index([child('first')]);
  await deployMonitors(here.deployment, contentWith([here.events.rule]));
  const [first] = here.server.alerts.alerts;
  for (let number = 0; number < 1_500; number += 1) {
    const copy = structuredClone(first ?? {}) as { agg_alert_content: { bucket: { key: Record<string, string> } } };
    copy.agg_alert_content.bucket.key['wmi_detections_process_pid'] = String(number);
    here.server.alerts.alerts.push({ ...copy, id: `copy ${number}` });
  }
  const failed = { ...first, id: 'failed', state: 'ERROR', error_message: 'search timed out', agg_alert_content: null };
  here.server.alerts.alerts.push(failed);
  const { alerts: found, notes } = await shown(here);
  expect(found).toHaveLength(1_501);
  expect(notes).toEqual([expect.stringContaining('ERROR: search timed out')]);
});

test('alerts of OpenSearch Alerting: alerts of the index and of monitors are one list: filtered alike, the newest first, none twice', async () => {
  const here = await place();
  await here.index([child('one'), child('two', { 'user.name': 'bob', 'process.pid': 1 })]);
  await deployMonitors(here.deployment, contentWith([here.events.rule]));
  const { alerts: held } = await shown(here);
  await localIds(here);
  const options = { namespace: here.deployment.namespace };
  const stored = await alerts(here.deployment.cluster, options);
  const both = await mergeAlerts(here.deployment.cluster, stored, held, options);
  expect(both.map(({ _id }) => _id).sort()).toEqual(held.map(({ _id }) => _id).sort());
  for (const filter of [
    { user: 'BOB' },
    { user: 'nobody' },
    { host: 'ws01.example.test' },
    { rule: here.events.rule.name.toUpperCase() },
    { status: 'closed' as const },
    { from: Date.parse('2025-03-10T11:50:00Z') },
    { from: Date.parse('2025-03-10T11:50:01Z') },
    { to: Date.parse('2025-03-10T11:50:00Z') },
  ]) {
    const byEngine = await alerts(here.deployment.cluster, { ...options, ...filter });
    const nowhere = { ...options, ...filter, namespace: `${options.namespace}x` };
    expect(await mergeAlerts(here.deployment.cluster, [], held, nowhere)).toHaveLength(byEngine.length);
  }
  expect(await mergeAlerts(here.deployment.cluster, stored, held, { ...options, limit: 1 })).toHaveLength(1);
});

test('alerts of OpenSearch Alerting: an alert that an analyst closed in the index stays closed although a monitor has it', async () => {
  const here = await place();
  await here.index([child('one'), child('two', { 'user.name': 'bob' })]);
  await deployMonitors(here.deployment, contentWith([here.events.rule]));
  const { alerts: held } = await shown(here);
  const [closed] = await localIds(here);
  const { cluster, namespace } = here.deployment;
  await request(cluster, {
    method: 'POST',
    path: `/${alertIndex(namespace)}/_update/${String(closed)}`,
    query: { refresh: true },
    body: { doc: { wmi_detections: { status: 'closed' } } },
  });
  const seen = async (options: { status?: 'open' | 'closed'; limit?: number }) => {
    const asked = { namespace, ...options };
    return (await mergeAlerts(cluster, await alerts(cluster, asked), held, asked)).map(({ _id }) => _id);
  };
  expect(held).toHaveLength(2);
  expect(await seen({ status: 'closed' })).toEqual([closed]);
  expect(await seen({ status: 'open' })).toEqual(held.map(({ _id }) => _id).filter((id) => id !== closed));
  const [newest] = await alerts(cluster, { namespace });
  expect(await seen({ limit: 1 })).toEqual([newest?._id]);
});

test('alerts of OpenSearch Alerting: an alert does not count events that an exception silences', async () => {
  const here = await place();
  const { rule } = here.events;
  await here.index([
    child('silenced', { '@timestamp': '2025-03-10T11:40:00.000Z', 'event.action': 'backup' }),
    child('told'),
  ]);
  const silenced = { ...exception('backup').condition, field: 'event.action' } as Exception['condition'];
  const quiet = exception('backup', { condition: silenced });
  await deployMonitors(here.deployment, contentWith([rule], { [rule.slug]: [quiet] }));
  const [alert, ...more] = (await shown(here)).alerts;
  expect(more).toEqual([]);
  const ours = alert?.wmi_detections as { count: number; ancestors: unknown[] };
  expect([ours.count, ours.ancestors.length]).toEqual([1, 1]);
});

test('alerts of OpenSearch Alerting: alerts are shown even if a user changed the form of the search', async () => {
  const here = await place();
  await here.index([child('first')]);
  await deployMonitors(here.deployment, contentWith([here.events.rule]));
  for (const { monitor } of here.server.monitors.stored.values()) {
    const [input] = monitor.inputs as { search: { query: { query: unknown } } }[];
    if (input !== undefined) input.search.query.query = { match_all: { boost: 1 } };
  }
  expect((await shown(here)).alerts).toMatchObject([{ wmi_detections: { count: 1 } }]);
});

test('alerts of OpenSearch Alerting: acknowledging an older alert of a group counts for the group', async () => {
  const here = await place();
  await here.index([child('first')]);
  await deployMonitors(here.deployment, contentWith([here.events.rule]));
  Object.assign(here.server.alerts.alerts[0] ?? {}, { state: 'ACKNOWLEDGED', acknowledged_time: Date.now() });
  await runAll(here, 3 * 3_600_000);
  await runAll(here);
  expect(here.server.alerts.alerts.map(({ state }) => state)).toEqual(['COMPLETED', 'ACTIVE']);
  expect((await shown(here)).alerts).toMatchObject([{ wmi_detections: { status: 'acknowledged', state: 'ACTIVE' } }]);
});

test('alerts of OpenSearch Alerting: an unacknowledged alert counts as open for a deletion, active or completed', async () => {
  const here = await place();
  await here.index([child('one'), child('two', { 'user.name': 'bob' })]);
  await deployMonitors(here.deployment, contentWith([here.events.rule]));
  const open = () => monitorKind().openAlerts?.(here.deployment, here.events.rule.uuid);
  expect(await open()).toBe(2);
  await runAll(here, 3 * 3_600_000);
  expect(here.server.alerts.alerts.map(({ state }) => state)).toEqual(['COMPLETED', 'COMPLETED']);
  expect(await open()).toBe(2);
  Object.assign(here.server.alerts.alerts[0] ?? {}, { acknowledged_time: Date.now() });
  expect(await open()).toBe(1);
  const [, last] = here.server.alerts.alerts;
  here.server.alerts.alerts.push(...Array.from({ length: 1_200 }, (_, number) => ({ ...last, id: `more ${number}` })));
  expect(await open()).toBe(1_201);
});

describe('alerts of OpenSearch Alerting: proof', () => {
  test('deploy proves a rule with a match: an alert was stored', async () => {
    const here = await place();
    await here.index([child('match')]);
    await deployMonitors(here.deployment, contentWith([here.events.rule]));
    expect(here.server.alerts.alerts).toHaveLength(1);
    expect(await unprovenRules(here.deployment)).toEqual([]);
  });

  test('a rule without a match is stored unproven, and its first match proves it', async () => {
    const here = await place();
    await deployMonitors(here.deployment, contentWith([here.events.rule]));
    const said = unprovenLines(await unprovenRules(here.deployment)).join('\n');
    expect(said.replaceAll(here.deployment.namespace, 'ns')).toMatchInlineSnapshot(
      `"  ? monitor/5f3a5b0e-7d5c-4c53-9a0e-0c9d6b1f2a3b “wmi-detections/Children of WmiPrvSE [ns]”  unproven: it has stored no alert yet as it now stands; its next match will be one"`,
    );
    await here.index([child('match')]);
    await runAll(here);
    expect(await unprovenRules(here.deployment)).toEqual([]);
  });

  test('an alert that the index refuses proves nothing', async () => {
    const here = await place();
    await here.index([child('match')]);
    here.server.alerts.refuse = true;
    await deployMonitors(here.deployment, contentWith([here.events.rule]));
    expect(await unprovenRules(here.deployment)).toHaveLength(1);
  });

  test('a run that failed proves nothing', async () => {
    const here = await place();
    await deployMonitors(here.deployment, contentWith([here.events.rule]));
    const [id] = here.server.monitors.stored.keys();
    const failed = { id: 'failed', monitor_id: id, state: 'ERROR', error_message: 'x', start_time: Date.now() };
    here.server.alerts.alerts.push(failed);
    expect(await unprovenRules(here.deployment)).toHaveLength(1);
    await here.index([child('match')]);
    await runAll(here);
    expect(await unprovenRules(here.deployment)).toEqual([]);
  });

  /** The same rule, which finds less. */
  function changed(rule: Rule): Rule {
    return { ...rule, version: 99, condition: { kind: 'field', field: 'process.name', test: { kind: 'exists' } } };
  }

  function states({ server }: Place): unknown[] {
    return server.alerts.alerts.map(({ state }) => state);
  }

  test("an alert of a monitor's previous search does not prove its current one", async () => {
    const here = await place();
    const { rule } = here.events;
    await here.index([child('long ago', { 'event.ingested': new Date(Date.now() - 3 * 3_600_000).toISOString() })]);
    await deployMonitors(here.deployment, contentWith([rule]));
    await runAll(here);
    expect(await unprovenRules(here.deployment)).toEqual([]);
    await deployMonitors(here.deployment, contentWith([changed(rule)]));
    expect(await unprovenRules(here.deployment)).toHaveLength(1);
    // A run over that match would have raised it a second time.
    expect(states(here)).toEqual(['COMPLETED']);
    await here.index([child('match')]);
    await runAll(here);
    expect(await unprovenRules(here.deployment)).toEqual([]);
  });

  test('an alert that the new search finds again proves it: the plugin renews its group', async () => {
    const here = await place();
    const { rule } = here.events;
    await here.index([child('match')]);
    await deployMonitors(here.deployment, contentWith([rule]));
    await deployMonitors(here.deployment, contentWith([changed(rule)]));
    expect(states(here)).toEqual(['ACTIVE']);
    expect(await unprovenRules(here.deployment)).toEqual([]);
  });

  test('a change of the indices needs another proof; a new version or a restart of the monitor does not', async () => {
    const here = await place();
    const { rule } = here.events;
    await here.index([child('long ago', { 'event.ingested': new Date(Date.now() - 3 * 3_600_000).toISOString() })]);
    await deployMonitors(here.deployment, contentWith([rule]));
    await deployMonitors(here.deployment, contentWith([{ ...rule, version: 99 }]));
    for (const [id, { monitor }] of here.server.monitors.stored) {
      for (const enabled of [false, true]) {
        const body = { ...monitor, enabled };
        await askAlerting(here.deployment.cluster, { method: 'PUT', path: `/${id}`, body });
      }
    }
    expect(await unprovenRules(here.deployment)).toEqual([]);
    // What other tests keep on this node is not to be found.
    const indices = [`logs-*-${here.deployment.namespace}`];
    await deployMonitors(here.deployment.with({ indices }), contentWith([rule]));
    expect(await unprovenRules(here.deployment)).toHaveLength(1);
  });

  test('deploy runs a monitor whose runs all failed and not a proven one', async () => {
    const here = await place();
    await here.index([child('match')]);
    const { rule } = here.events;
    await deployMonitors(here.deployment, contentWith([rule]));
    await runAll(here, 3 * 3_600_000);
    await deployMonitors(here.deployment, contentWith([{ ...rule, version: 98 }]));
    expect(states(here)).toEqual(['COMPLETED']);
    Object.assign(here.server.alerts.alerts[0] ?? {}, { state: 'ERROR' });
    await deployMonitors(here.deployment, contentWith([{ ...rule, version: 99 }]));
    expect(states(here)).toEqual(['ERROR', 'ACTIVE']);
  });

  test('a monitor that an analyst switched off needs no proof', async () => {
    const here = await place();
    await deployMonitors(here.deployment, contentWith([here.events.rule]));
    for (const { monitor } of here.server.monitors.stored.values()) monitor.enabled = false;
    expect(await unprovenRules(here.deployment)).toEqual([]);
  });
});
