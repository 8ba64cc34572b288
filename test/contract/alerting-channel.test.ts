import { deploymentOn, actions } from '../support/deployment';
import { notifyAction } from '../../src/schedulers/opensearch-alerting/notify-action';
import { triggerOf } from '../../src/schedulers/opensearch-alerting/monitor-ownership';
import { request } from '../support/request';
import { alertingDataset, deployMonitors, planMonitors } from '../support/alerting-dataset';
import { contentWith, rule } from '../support/content';
import { testCluster } from '../support/cluster';

const NASTY = [
  '"quoted" \\ back',
  'line\nbreak\ttab',
  '{{ctx.monitor.name}}',
  '}}{{#x}}',
  '{{=<% %>=}}<%ctx%>',
  '{{!never closed',
  '{{>partial}} {{{{{',
  '{\u2060{x}}',
  "it's <b>&amp;</b>",
  '\u0000\u2028é😀',
  '", "injected": "x',
];

/** Fills a message in with Mustache of the real engine, as the plugin does. */
async function rendered(source: unknown, newAlerts: readonly object[]): Promise<string> {
  const ctx = { monitor: { _id: 'm"1' }, periodEnd: '2026-01-31T00:00:00Z', newAlerts };
  const { body } = await request<{ template_output: unknown }>(await testCluster(), {
    method: 'POST',
    path: '/_render/template',
    body: { source: String(source), params: { ctx } },
  });
  // The engine answers with the object that the text is; what is not JSON is an error there.
  return JSON.stringify(body.template_output);
}

function messageOf(changes: Parameters<typeof rule>[0] = {}): unknown {
  const { message_template: template } = notifyAction(rule(changes), 'soc');
  return (template as { source: unknown }).source;
}

test('notification channel of OpenSearch Alerting: the message is JSON for every event', async () => {
  const found = NASTY.map((text, number) => ({ id: `a${number}`, bucket_keys: `ws01,${text}` }));
  const message = JSON.parse(await rendered(messageOf(), found)) as { alerts: unknown };
  expect(message).toMatchObject({ rule: { uuid: rule().uuid }, risk_score: 49, monitor: 'm"1' });
  expect(message.alerts).toEqual([...found.map(({ id, bucket_keys: keys }) => ({ id, keys })), null]);
});

test('notification channel of OpenSearch Alerting: the message has the same form for no alert, one alert and more than fifty', async () => {
  for (const count of [0, 1, 60]) {
    const found = Array.from({ length: count }, (_, number) => ({ id: String(number), bucket_keys: 'k' }));
    expect((JSON.parse(await rendered(messageOf(), found)) as { alerts: unknown[] }).alerts).toHaveLength(count + 1);
  }
});

test.each(NASTY)('notification channel of OpenSearch Alerting: accepts a rule called %j', async (name) => {
  expect(JSON.parse(await rendered(messageOf({ name }), []))).toMatchObject({ rule: { name } });
});

test.each(['{{ctx.x}}', '{{{ctx.x}}}', '{{{{', '{ {'])(
  'notification channel of OpenSearch Alerting: the subject of a rule called %j is not read as a template',
  (name) => {
    const { subject_template: subject } = notifyAction(rule({ name }), 'soc');
    const { source } = subject as { source: string };
    expect(source).not.toContain('{{');
    expect(source.replaceAll(' ', '')).toBe(`wmi-detections:${name.replaceAll(' ', '')}`);
  },
);

test("notification channel of OpenSearch Alerting: a channel adds one action, removing the channel removes it, and an analyst's action stays", async () => {
  const here = await alertingDataset({ channel: 'soc' });
  const content = contentWith([rule()]);
  await deployMonitors(here.deployment, content);
  const [stored] = [...here.server.monitors.stored.values()];
  const trigger = triggerOf(stored?.monitor ?? {});
  expect(trigger.actions).toMatchObject([{ id: 'wmi-detections-notify', destination_id: 'soc' }]);
  expect(actions(await planMonitors(here.deployment, content))).toEqual([]);
  Object.assign(trigger, {
    actions: [...(trigger.actions as unknown[]), { id: 'theirs', message_template: { source: 'x' } }],
  });
  const without = deploymentOn(here.deployment, 'opensearch-alerting');
  expect(actions(await planMonitors(without, content))).toEqual([`update monitor/${rule().uuid}`]);
  await deployMonitors(without, content);
  const [after] = [...here.server.monitors.stored.values()];
  expect(triggerOf(after?.monitor ?? {}).actions).toMatchObject([{ id: 'theirs' }]);
});
