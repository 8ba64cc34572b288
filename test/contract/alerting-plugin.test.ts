import type { JsonRecord } from '../../src/json';
import { alertsCommand } from '../../src/commands/alerts';
import type { Explanation } from '../../src/alerts/explain';
import { reconcile } from '../../src/alerts/reconcile';
import type { Rule } from '../../src/detections/rule';
import { alertId, groupValue } from '../../src/detections/group';
import { askAlerting } from '../../src/schedulers/opensearch-alerting/plugin';
import { monitorAlerts } from '../../src/schedulers/opensearch-alerting/plugin-alert-store';
import { connect } from '../../src/cluster/cluster';
import { ProblemError } from '../../src/errors';
import { acknowledgeAlerts } from '../../src/schedulers/opensearch-alerting/acknowledge-alerts';
import { alertingDataset, deployMonitors, type AlertingDataset } from '../support/alerting-dataset';
import { contentWith } from '../support/content';
import { quiet } from '../support/context';
import { dataset, wmiChild, type Dataset, type Event } from '../support/dataset';
import { eventually } from '../support/eventually';
import { quick } from '../support/retry-policy';

/*
 * What was seen on OpenSearch Alerting 3.4.0.0 and is a fault of ours where we do not mind it: first that the contract server
 * does as the plugin, then that it does no harm to us.
 */

interface Place extends AlertingDataset {
  readonly events: Dataset;
}

async function place(): Promise<Place> {
  const events = await dataset();
  return { ...(await alertingDataset({ namespace: events.namespace })), events };
}

/** Came in a second ago; the command lines of several are in this order among the groups. */
function child(id: string, commandLine: string, change: Readonly<Record<string, unknown>> = {}): Event {
  const ingested = new Date(Date.now() - 1_000).toISOString();
  return wmiChild(id, { 'event.ingested': ingested, 'process.command_line': commandLine, ...change });
}

function firstMonitor({ server }: AlertingDataset): { id: string; monitor: JsonRecord } {
  const [[id, { monitor }] = ['', { monitor: {} }]] = server.monitors.stored;
  return { id, monitor };
}

/** Takes the escapes out of a monitor's search: the key of the command line is the command line, as in version 0.1.0. */
function withoutEscapes(here: Place): void {
  const [stored] = here.server.monitors.stored.values();
  if (stored === undefined) throw new Error('there is no monitor');
  const inputs = JSON.parse(JSON.stringify(stored.monitor.inputs), (key, value: unknown) =>
    key === 'source' && String(value).includes('params.fields')
      ? "return params.fields[0] == 'process.command_line' ? params._source.process.command_line : 'x';"
      : value,
  ) as unknown;
  stored.monitor = { ...stored.monitor, inputs };
}

async function execute({ deployment, server }: Place, query: Record<string, string> = {}): Promise<JsonRecord> {
  const { id } = firstMonitor({ deployment, server });
  const asked = { method: 'POST', path: `/${id}/_execute`, query } as const;
  return (await askAlerting<JsonRecord>(deployment.cluster, asked)).body;
}

describe('the contract server of OpenSearch Alerting does as the plugin', () => {
  test('a run whose last key holds a template never ends, and gets no answer', async () => {
    const here = await place();
    await deployMonitors(here.deployment, contentWith([here.events.rule]));
    withoutEscapes(here);
    await here.events.index([child('a', 'docker ps --format {{.Names}}')]);
    const stop = new AbortController();
    const { id } = firstMonitor(here);
    const url = `${here.deployment.cluster.url}/_plugins/_alerting/monitors/${id}/_execute`;
    const answer = fetch(url, { method: 'POST', signal: stop.signal });
    await eventually(() => here.server.monitors.endless > 0);
    stop.abort();
    await expect(answer).rejects.toThrow();
  });

  test.each([
    ['a template that does not end', '{{#a}}'],
    ['more text than a template may have', '"'.repeat(32_766)],
  ])('%s in the last key fails the trigger of each run, and the first page is stored', async (_, commandLine) => {
    const here = await place();
    await deployMonitors(here.deployment, contentWith([here.events.rule]));
    withoutEscapes(here);
    await here.events.index([child('a', commandLine)]);
    const answer = await execute(here);
    expect(answer.trigger_results).toMatchObject({
      [here.events.rule.uuid]: { error: "Empty list doesn't contain element at index 0." },
    });
    expect(here.server.alerts.alerts).toHaveLength(1);
  });

  test('a search text is compiled once, and one beyond the limit fails the run', async () => {
    const here = await place();
    await here.events.index([child('a', 'x')]);
    await deployMonitors(here.deployment, contentWith([here.events.rule]));
    const { renderer } = here.server;
    const before = renderer.texts.size;
    await execute(here);
    expect(renderer.texts.size).toBe(before);
    renderer.most = before;
    await here.events.index([child('b', 'zz')]);
    const answer = await execute(here);
    expect(renderer.refused).toBe(1);
    expect(JSON.stringify(answer.trigger_results)).toContain("Empty list doesn't contain element at index 0.");
  });

  test('of a deleted monitor ten alerts are moved, and the others stay active', async () => {
    const here = await place();
    await here.events.index(Array.from({ length: 13 }, (_, pid) => child(`p${pid}`, 'x', { 'process.pid': pid })));
    await deployMonitors(here.deployment, contentWith([here.events.rule]));
    await askAlerting(here.deployment.cluster, { method: 'DELETE', path: `/${firstMonitor(here).id}` });
    const states = here.server.alerts.alerts.map(({ state }) => state);
    expect(states.filter((state) => state === 'DELETED')).toHaveLength(10);
    expect(states.filter((state) => state === 'ACTIVE')).toHaveLength(3);
  });

  test('a body that is not stored fails with a match where the condition of its trigger comes before the id', async () => {
    const here = await place();
    await here.events.index([child('a', 'x')]);
    await deployMonitors(here.deployment, contentWith([here.events.rule]));
    const { monitor } = firstMonitor(here);
    const [{ bucket_level_trigger: trigger }] = monitor.triggers as [{ bucket_level_trigger: JsonRecord }];
    const { id, ...rest } = trigger;
    const run = async (first: JsonRecord) => {
      const body = { ...monitor, triggers: [{ bucket_level_trigger: first }] };
      const asked = { method: 'POST', path: '/_execute', query: { dryrun: true }, body } as const;
      return JSON.stringify((await askAlerting<JsonRecord>(here.deployment.cluster, asked)).body);
    };
    expect(await run({ ...rest, id })).toContain('null cannot be cast');
    expect(await run({ id, ...rest })).not.toContain('null cannot be cast');
  });
});

/** The id of the alert of an event, as the local scheduler has it. */
function idOf(rule: Rule, event: Event): string {
  return alertId(
    rule,
    '2025-03-10',
    rule.groupBy.map((field) => groupValue(event, field)),
  );
}

test.each([
  ['a template', 'docker ps --format {{.Names}}'],
  ['a template that does not end', 'x {{#a}}'],
  ['other signs of a template', '{{=<% %>=}}<%x%>'],
  ['more text than a template may have', '"'.repeat(32_767)],
  ['more bytes than a template may have', '\u{1f600}'.repeat(16_000)],
])(
  'monitors of OpenSearch Alerting: a command line with %s is one alert under the id of every scheduler, and can be acknowledged',
  async (_, commandLine) => {
    const here = await place();
    const event = child('a', commandLine, { 'process.parent.command_line': commandLine });
    await here.events.index([event]);
    const { rule } = here.events;
    expect((await deployMonitors(here.deployment, contentWith([rule]))).problems).toEqual([]);
    await execute(here);
    expect(here.server.monitors.endless).toBe(0);
    const { cluster, namespace } = here.deployment;
    const { alerts, notes } = await monitorAlerts(cluster, namespace, []);
    expect(notes).toEqual([]);
    expect(alerts).toMatchObject([{ _id: idOf(rule, event), process: { command_line: commandLine } }]);
    const store = here.deployment.scheduler.alerts(here.deployment, []);
    await store.setStatus(alerts, { status: 'acknowledged', by: 'me', at: 0 });
    expect(here.server.alerts.alerts).toMatchObject([{ state: 'ACKNOWLEDGED' }]);
  },
);

test('monitors of OpenSearch Alerting: reconcile and explain find the alert of every text', async () => {
  const here = await place();
  const { rule } = here.events;
  const texts = [
    'null',
    "'",
    "'2025-03-10",
    '2025-03-10',
    'x \ud800',
    'x \udc00',
    '{{x}}',
    'a#b',
    '\u2060',
    '"'.repeat(20_000),
  ];
  const events = [...texts.map((text, number) => child(`e${number}`, text)), child('none', '')];
  await here.events.index(events);
  await deployMonitors(here.deployment, contentWith([rule]));
  const now = Date.now();
  const period = { from: Date.parse('2025-03-10'), to: now, now };
  const [found] = await reconcile(here.deployment, contentWith([rule]), period);
  expect(found).toMatchObject({ groups: events.length, alerted: events.length, missing: [] });
  const { cluster, namespace } = here.deployment;
  const argv = { esUrl: cluster.url, namespace, scheduler: 'opensearch-alerting', action: 'explain', output: 'json' };
  for (const event of events) {
    const { json } = await alertsCommand.run(quiet(), { ...argv, ids: [idOf(rule, event)] });
    expect((json as Explanation).events).toMatchObject([{ _id: event.id }]);
  }
});

test('monitors of OpenSearch Alerting: a long value whose event is gone is shown cut, under one id', async () => {
  const here = await place();
  await here.events.index([child('a', `start ${'x'.repeat(30_000)}`)]);
  await deployMonitors(here.deployment, contentWith([here.events.rule]));
  const { cluster, namespace } = here.deployment;
  await cluster.client.transport.request({ method: 'DELETE', path: `/_data_stream/logs-*-${namespace}` });
  const [first, second] = [await monitorAlerts(cluster, namespace, []), await monitorAlerts(cluster, namespace, [])];
  expect(first.alerts).toMatchObject([{ process: { command_line: expect.stringMatching(/^start x+…$/) as string } }]);
  expect(first.alerts).toEqual(second.alerts);
});

test('monitors of OpenSearch Alerting: alerts of version 0.1.0 are read as it wrote them, and stay acknowledged after an upgrade', async () => {
  const here = await place();
  const { rule } = here.events;
  const joined = child('a', '{\u2060{x}} \u2060');
  const quoted = child('b', "'x");
  await here.events.index([joined, quoted]);
  await deployMonitors(here.deployment, contentWith([rule]));
  for (const alert of here.server.alerts.alerts) {
    const { bucket } = alert.agg_alert_content as { bucket: Record<string, unknown> & { key: Record<string, string> } };
    const isJoined = bucket.key['wmi_detections_process_command_line']?.startsWith('{');
    bucket.key['wmi_detections_process_command_line'] = isJoined === true ? '{\u2060{x}} \u2060' : "'x";
    delete bucket['wmi_detections_stamp'];
    Object.assign(alert.agg_alert_content as object, { bucket_keys: Object.values(bucket.key) });
    Object.assign(alert, { state: 'ACKNOWLEDGED', acknowledged_time: Date.now() });
  }
  const read = async () => {
    const { alerts } = await monitorAlerts(here.deployment.cluster, here.deployment.namespace, []);
    return alerts.map(({ _id, wmi_detections: ours }) => [_id, (ours as { status: string }).status]).sort();
  };
  const expected = [joined, quoted].map((event) => [idOf(rule, event), 'acknowledged']).sort();
  expect(await read()).toEqual(expected);
  await execute(here);
  expect(here.server.alerts.alerts.length).toBeGreaterThan(2);
  expect(await read()).toEqual(expected);
});

test('monitors of OpenSearch Alerting: one rule has the same search in every namespace, so that it is compiled once', async () => {
  const here = await alertingDataset();
  const { rule } = await dataset();
  await deployMonitors(here.deployment, contentWith([rule]));
  const before = here.server.renderer.texts.size;
  await deployMonitors(here.deployment.with({ namespace: `${here.deployment.namespace}b` }), contentWith([rule]));
  expect(here.server.monitors.stored.size).toBe(2);
  expect(here.server.renderer.texts.size).toBe(before);
});

test('alerts of OpenSearch Alerting: acknowledging an alert of a deleted monitor ends with a message', async () => {
  const { server } = await place();
  const cluster = await connect({ url: server.cluster.url }, { retryPolicy: quick({ timeout: 300 }) });
  const error: unknown = await acknowledgeAlerts(cluster, 'gone', ['a', 'b']).catch((caught: unknown) => caught);
  expect(error).toBeInstanceOf(ProblemError);
  expect((error as ProblemError).problems).toMatchObject([
    {
      message:
        '2 alerts cannot be acknowledged: the monitor gone has been deleted, and OpenSearch Alerting does not answer about alerts of a deleted monitor',
    },
  ]);
});
