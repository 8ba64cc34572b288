import { alertIndex } from '../../src/detections/indices';
import type { Delivery } from '../../src/notify/deliver';
import type { Notified } from '../../src/notify/notified';
import { checkMapping } from '../../src/notify/queue';
import { runRules, unknownRules, type RunOptions } from '../../src/schedulers/local/run-rules';
import { readUndelivered } from '../../src/status/undelivered';
import { attentionOf } from '../../src/status/attention';
import type { Webhook } from '../../src/settings';
import { dataset, wmiChild, type Dataset, type Event } from '../support/dataset';
import { proxy } from '../support/proxy';
import { receiver, type Receiver } from '../support/receiver';
import { request } from '../support/request';
import { quick } from '../support/retry-policy';

let soc: Receiver;
beforeEach(async () => {
  soc = await receiver();
});
afterEach(() => soc.close());

const NOON = Date.parse('2025-03-10T12:00:00Z');
const at = (minutes: number): number => NOON + minutes * 60_000;

/** An event of a process of its own, which makes one alert; they are written one after the other. */
const event = (id: string, pid: number): Event =>
  wmiChild(id, { 'process.pid': pid, '@timestamp': new Date(at(-60) + pid * 1000).toISOString() });

/** A run at a minute after noon that sends to these webhooks. */
async function run(
  here: Dataset,
  minutes: number,
  webhooks: readonly Webhook[],
  options: Partial<RunOptions> = {},
): Promise<readonly Delivery[]> {
  const cluster = { ...here.cluster, retryPolicy: quick() };
  const { notified } = await runRules(cluster, {
    namespace: here.namespace,
    now: () => at(minutes),
    webhooks,
    ...options,
  });
  return (notified ?? []).map((delivery) => ({ ...delivery, url: delivery.url.replace(/\d+$/, 'port') }));
}

/** Later events are stamped when they come. */
function later(id: string, pid: number, minutes: number): Event {
  return {
    ...event(id, pid),
    event: { ingested: new Date(at(minutes)).toISOString(), category: ['process'], type: ['start'] },
  };
}

/** What the alerts record, the oldest first. */
async function recorded(here: Dataset): Promise<(readonly Notified[] | undefined)[]> {
  const alerts = await here.alerts();
  return alerts.reverse().map(({ wmi_detections: ours }) => (ours as { notified?: readonly Notified[] }).notified);
}

describe('alerts to webhooks', () => {
  test('a new alert is sent once, and the alert records where and when', async () => {
    const here = await dataset();
    await here.index([event('a', 1)]);
    expect(await run(here, 0, [soc.webhook()])).toEqual([
      { webhook: 'soc', url: 'http://127.0.0.1:port', messages: 1, alerts: 1, waiting: 0, problem: null },
    ]);
    const [alert] = await here.alerts();
    expect(soc.received[0]?.body).toMatchObject({
      count: 1,
      alerts: [{ _id: alert?._id, host: { name: 'ws01.example.test' } }],
    });
    expect(await recorded(here)).toEqual([[{ to: 'soc', state: 'sent', at: '2025-03-10T12:00:00.000Z' }]]);
    await run(here, 5, [soc.webhook()], { from: 0 });
    await here.index([later('a2', 1, 6)]);
    await run(here, 10, [soc.webhook()]);
    expect(soc.received).toHaveLength(1);
  });

  test('an alert that was written without webhooks is not sent later', async () => {
    const here = await dataset();
    await here.index([event('a', 1)]);
    await run(here, 0, []);
    await here.index([later('b', 2, 4)]);
    await run(here, 5, [soc.webhook()]);
    expect(soc.received.map(({ body }) => body.alerts[0])).toMatchObject([{ process: { pid: 2 } }]);
  });

  test('what an analyst made of an alert stays when it is sent', async () => {
    const here = await dataset();
    await here.index([event('a', 1)]);
    soc.fate = () => ({ status: 503 });
    await run(here, 0, [soc.webhook()]);
    const [alert] = await here.alerts();
    const path = `/${alertIndex(here.namespace)}/_update/${String(alert?._id)}`;
    const doc = { wmi_detections: { status: 'acknowledged' } };
    await request(here.cluster, { method: 'POST', path, query: { refresh: true }, body: { doc } });
    soc.fate = () => undefined;
    await run(here, 5, [soc.webhook()]);
    const [sent] = await here.alerts();
    expect(sent?.wmi_detections).toMatchObject({ status: 'acknowledged', notified: [{ state: 'sent' }] });
  });

  test('a webhook gets what it chooses, by severity and by rule', async () => {
    const here = await dataset();
    await here.index([event('a', 1)]);
    const choices: Partial<Webhook>[] = [
      { minSeverity: 'high' },
      { minSeverity: 'critical' },
      { rules: ['WMI_children'] },
      { rules: ['another'] },
    ];
    const webhooks = choices.map((choice, index) => soc.webhook({ name: `w${index}`, ...choice }));
    expect((await run(here, 0, webhooks)).map(({ alerts }) => alerts)).toEqual([1, 0, 1, 0]);
    expect(await unknownRules(here.cluster, here.namespace, webhooks)).toEqual([
      'warning: notify.w3.rules: no stored rule is called "another"',
    ]);
  });

  test('a storm of one rule is one message with the count and the first five', async () => {
    const here = await dataset();
    await here.index(Array.from({ length: 12 }, (_, index) => event(`e${index}`, index + 1)));
    expect(await run(here, 0, [soc.webhook()])).toMatchObject([{ messages: 1, alerts: 12, waiting: 0 }]);
    expect(soc.received[0]?.body).toMatchObject({ count: 12, alerts: { length: 5 } });
    expect((await recorded(here)).flat().map((item) => item?.state)).toEqual(Array(12).fill('sent'));
  });

  test('a number of alerts that the settings allow are a message each, the oldest first', async () => {
    const here = await dataset();
    await here.index([event('c', 3), event('a', 1), event('b', 2)]);
    await run(here, 0, [soc.webhook({ maxPerRule: 3 })]);
    expect(soc.received.map(({ body }) => body.alerts[0])).toMatchObject(
      [1, 2, 3].map((pid) => ({ process: { pid } })),
    );
  });

  test('one webhook that is down keeps nothing from another', async () => {
    const here = await dataset();
    const other = await receiver();
    await other.close();
    await here.index([event('a', 1)]);
    const deliveries = await run(here, 0, [other.webhook({ name: 'down' }), soc.webhook()]);
    expect(deliveries.map(({ webhook, alerts, waiting }) => ({ webhook, alerts, waiting }))).toEqual([
      { webhook: 'down', alerts: 0, waiting: 1 },
      { webhook: 'soc', alerts: 1, waiting: 0 },
    ]);
  });
});

describe('what a webhook does not take', () => {
  test('is sent by the next run, in order, and status says so once it waits too long', async () => {
    const here = await dataset();
    await here.index([event('a', 1), event('b', 2)]);
    soc.fate = () => ({ status: 503, body: 'upstream is down' });
    const reason = 'answered 503: upstream is down (tried 4 times)';
    expect(await run(here, 0, [soc.webhook()])).toMatchObject([{ alerts: 0, waiting: 2, problem: reason }]);
    // The first message alone was tried: the webhook takes none now.
    expect(new Set(soc.ids()).size).toBe(1);
    expect(await readUndelivered(here.cluster, here.namespace, at(15))).toEqual([]);
    const undelivered = await readUndelivered(here.cluster, here.namespace, at(16));
    expect(attentionOf({ content: IN_SYNC, rules: [], sources: [], undelivered }, 0.5)).toContain(
      `2 alerts not sent to webhook soc, the oldest of 2025-03-10T12:00:00.000Z: ${reason}`,
    );
    await here.index([later('c', 3, 4)]);
    soc.received.splice(0);
    soc.fate = () => undefined;
    expect(await run(here, 5, [soc.webhook()])).toMatchObject([{ alerts: 3, waiting: 0, problem: null }]);
    expect(soc.received.map(({ body }) => body.alerts[0])).toMatchObject(
      [1, 2, 3].map((pid) => ({ process: { pid } })),
    );
    expect(await readUndelivered(here.cluster, here.namespace, at(60))).toEqual([]);
  });

  test('is not tried before the time for which a rate limit asks', async () => {
    const here = await dataset();
    await here.index([event('a', 1)]);
    soc.fate = () => ({ status: 429, headers: { 'retry-after': '600' } });
    await run(here, 0, [soc.webhook()]);
    soc.fate = () => undefined;
    expect(await run(here, 9, [soc.webhook()])).toMatchObject([
      { alerts: 0, waiting: 1, problem: 'it asked for no message before 2025-03-10T12:10:00.000Z' },
    ]);
    expect(soc.received).toHaveLength(1);
    expect(await run(here, 11, [soc.webhook()])).toMatchObject([{ alerts: 1, waiting: 0 }]);
  });

  test('keeps nothing else back when it may be for what is in it, and is sent without that after three times', async () => {
    const here = await dataset();
    await here.index([wmiChild('evil', { 'process.command_line': 'powershell -enc AAAA' }), event('b', 2)]);
    soc.fate = (_, { body }) => (JSON.stringify(body).includes('-enc') ? { status: 403, body: 'blocked' } : undefined);
    for (const minutes of [0, 5, 10]) {
      const [delivery] = await run(here, minutes, [soc.webhook()]);
      expect(delivery).toMatchObject({ waiting: 1, problem: 'answered 403: blocked' });
    }
    expect(soc.received).toHaveLength(4);
    expect(await run(here, 15, [soc.webhook()])).toMatchObject([{ alerts: 1, waiting: 0, problem: null }]);
    // Whole, and then without what comes from the event.
    expect(soc.received).toHaveLength(6);
    expect(soc.received.at(-1)?.body.text).toContain('withheld');
    expect((await recorded(here)).flat().map((item) => item?.state)).toEqual(['sent', 'sent']);
  });

  test('is sent whole once a webhook that refused everything is well again', async () => {
    const here = await dataset();
    await here.index([event('a', 1)]);
    soc.fate = () => ({ status: 404, body: 'no_team' });
    for (const minutes of [0, 5, 10, 15]) await run(here, minutes, [soc.webhook()]);
    expect(await recorded(here)).toMatchObject([[{ state: 'pending', attempts: 4, error: 'answered 404: no_team' }]]);
    soc.fate = () => undefined;
    await run(here, 20, [soc.webhook()]);
    expect(soc.received.at(-1)?.body.text).not.toContain('withheld');
    expect(await recorded(here)).toMatchObject([[{ state: 'sent' }]]);
  });

  test('is sent again after a run that died while it sent it, and not before another could have ended', async () => {
    const here = await dataset();
    await here.index([event('a', 1)]);
    // The engine takes the alert and the claim; then it is gone.
    let bulks = 0;
    const dying = await proxy(here.cluster, ({ path }) => {
      if (path.endsWith('/_bulk')) bulks += 1;
      return bulks > 2 ? 'cut before' : undefined;
    });
    const gone = { ...dying.cluster, retryPolicy: quick({ attempts: 1 }) };
    const options = { namespace: here.namespace, now: () => at(0), webhooks: [soc.webhook()] };
    await expect(runRules(gone, options)).rejects.toMatchObject({ code: 'UNREACHABLE' });
    dying.close();
    expect(soc.received).toHaveLength(1);
    expect(await recorded(here)).toMatchObject([[{ state: 'sending' }]]);
    expect(await run(here, 2, [soc.webhook()])).toMatchObject([{ alerts: 0, waiting: 1, problem: null }]);
    expect(await run(here, 4, [soc.webhook()])).toMatchObject([{ alerts: 1, waiting: 0 }]);
    expect(soc.received).toHaveLength(2);
  });
});

const COUNTS = { create: 0, update: 0, delete: 0, foreign: 0, put_mapping: 0, rollover: 0, unchanged: 1 };
const IN_SYNC = { inSync: true, counts: COUNTS, changes: [], leftovers: 0 };

test('of two runs at once, one sends each alert', async () => {
  const here = await dataset();
  await here.index(Array.from({ length: 8 }, (_, index) => event(`e${index}`, index + 1)));
  await Promise.all([run(here, 0, [soc.webhook()]), run(here, 0, [soc.webhook()])]);
  await run(here, 5, [soc.webhook()]);
  expect(soc.ids().length).toBe(8);
  expect(new Set(soc.ids()).size).toBe(8);
});

test('a run over a period sends nothing unless it gets the webhooks, and then only new alerts', async () => {
  const here = await dataset();
  await here.index([event('a', 1)]);
  await run(here, 0, [], { from: 0 });
  await here.index([event('b', 2)]);
  expect(await run(here, 0, [soc.webhook()], { from: 0, dryRun: true })).toEqual([]);
  expect(await run(here, 0, [soc.webhook()], { from: 0 })).toMatchObject([{ alerts: 1 }]);
  expect(soc.received.map(({ body }) => body.alerts[0])).toMatchObject([{ process: { pid: 2 } }]);
});

test('an alert index whose mapping is too old for deliveries is an error that says what to do', async () => {
  const here = await dataset();
  await expect(checkMapping(here.cluster, here.namespace)).resolves.toBeUndefined();
  const mappings = { dynamic: false, properties: { '@timestamp': { type: 'date' } } };
  await request(here.cluster, { method: 'PUT', path: `/old-${here.namespace}`, body: { mappings } });
  const alias = { actions: [{ add: { index: `old-${here.namespace}`, alias: alertIndex(here.namespace) } }] };
  await request(here.cluster, { method: 'POST', path: '/_aliases', body: alias });
  await expect(checkMapping(here.cluster, here.namespace)).rejects.toMatchObject({ code: 'SETTINGS' });
  await expect(checkMapping(here.cluster, here.namespace)).rejects.toThrow(/deploy/);
});
