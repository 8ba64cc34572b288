import type { Alert } from '../../src/schedulers/alert-index-search';
import { watchBody } from '../../src/schedulers/watcher/watch-body';
import { alertIndex, defaultIndices } from '../../src/detections/indices';
import { request } from '../support/request';
import { dataset, wmiChild, type Event, type Dataset } from '../support/dataset';
import { runWatch, writeAlerts, type WatchRun } from '../support/watch-run';

/*
 * A watch as it runs, against the local scheduler on the same events: templates, searches, scripts and documents on a real
 * node; only Watcher itself is played by the test.
 */
const QUERY = { term: { 'process.parent.name': { value: 'WmiPrvSE.exe', case_insensitive: true } } };
const NOON = '2025-03-10T12:00:00Z';

interface Watching extends Dataset {
  /** Runs the watch as scheduled for that time and writes what it says. @returns the status of each document */
  watch(scheduled: string, change?: (watch: string) => string): Promise<{ run: WatchRun; statuses: number[] }>;
}

async function watching(query: Record<string, unknown> = QUERY): Promise<Watching> {
  const made = await dataset();
  const { cluster, namespace, rule } = made;
  const body = watchBody(rule, query, { namespace, indices: defaultIndices(namespace) });
  return {
    ...made,
    watch: async (scheduled, change = (watch) => watch) => {
      const run = await runWatch(cluster, JSON.parse(change(JSON.stringify(body))) as typeof body, { scheduled });
      return { run, statuses: await writeAlerts(cluster, alertIndex(namespace), run) };
    },
  };
}

/** The alerts that the local scheduler writes for the same events, in a namespace of its own. */
async function localAlerts(events: readonly Event[]): Promise<Alert[]> {
  const local = await dataset();
  await local.index(events);
  local.at(NOON);
  await local.run();
  return local.alerts();
}

/** An alert without what differs by design: who wrote it, and the backing index of each namespace. */
function same(alerts: readonly Alert[]): unknown[] {
  return alerts.map(({ wmi_detections: ours, ...rest }) => {
    const { scheduler, ancestors, ...kept } = ours as Record<string, unknown>;
    expect(['local', 'watcher']).toContain(scheduler);
    return { ...rest, wmi_detections: { ...kept, ancestors: (ancestors as { id: string }[]).map(({ id }) => id) } };
  });
}

const byId = (left: Alert, right: Alert): number => (left._id < right._id ? -1 : 1);

describe('run of a watch: what a watch writes', () => {
  const cases: Record<string, Event[]> = {
    'two events of one group, and another group': [
      wmiChild('a'),
      wmiChild('b', { '@timestamp': '2025-03-10T11:50:01.000Z' }),
      wmiChild('c', { 'process.pid': 4712 }),
    ],
    'events that lack a group field, or all that name host and user': [
      wmiChild('a', { 'user.name': null, 'process.parent.pid': null }),
      wmiChild('b', { 'host.name': null, 'host.id': 'h-1', 'user.name': '', 'user.id': 'S-1-5-18' }),
      wmiChild('c', { 'host.name': null, 'user.name': null, 'process.command_line': null }),
    ],
    'lists, numbers as text, texts as numbers': [
      wmiChild('a', { 'user.name': ['zoe', 'Bob', 'zoe', ''], 'process.pid': '0017' }),
      wmiChild('b', { 'process.pid': 4711.0, 'process.parent.pid': 'none', 'process.name': 42 }),
    ],
    'values that look like syntax': [
      wmiChild('a', {
        'process.command_line': 'a "b" \\ {{ctx.payload}} \u0000\u0001\u001f\t\n é \u{1f600} params._source $dest$',
      }),
      wmiChild('b', { 'host.name': '", null] ]', 'user.name': "'; return 1; //" }),
    ],
    'a command line of 40,000 characters, which no index holds whole': [
      wmiChild('a', { 'process.command_line': `${'x'.repeat(39_999)}1` }),
      wmiChild('b', { 'process.command_line': `${'x'.repeat(39_999)}2` }),
    ],
    'the days before and after midnight': [
      wmiChild('a', { '@timestamp': '2025-03-09T23:59:59.999Z' }),
      wmiChild('b', { '@timestamp': '2025-03-10T00:00:00.000Z' }),
    ],
    'a year beyond 9999, and one before 1': [
      wmiChild('far', { '@timestamp': 300_000_000_000_000 }),
      wmiChild('edge', { '@timestamp': '9999-12-31T23:59:59.999Z' }),
      wmiChild('early', { '@timestamp': -100_000_000_000_000 }),
    ],
    'a target user, who carries the risk': [wmiChild('a', { 'user.effective.name': 'eve' })],
  };

  test.each(Object.entries(cases))('equals the alert of the local scheduler: %s', async (_, events) => {
    const watcher = await watching();
    await watcher.index(events);
    const { statuses } = await watcher.watch(NOON);
    const written = same((await watcher.alerts()).sort(byId));
    const local = same((await localAlerts(events)).sort(byId));
    expect(written).toEqual(local);
    expect(statuses).toEqual(local.map(() => 201));
    expect(local.length).toBeGreaterThan(0);
  });

  test('keys with dots in them count as nested ones', async () => {
    const { id, ...event } = wmiChild('a', { host: null });
    const dotted: Event = { id, ...event, host: undefined, 'host.name': 'ws02', 'user.id': 'S-1' };
    const watcher = await watching();
    await watcher.index([dotted]);
    await watcher.watch(NOON);
    const alerts = await watcher.alerts();
    expect(alerts).toMatchObject([{ host: { name: 'ws02' } }]);
    expect(same(alerts)).toEqual(same(await localAlerts([dotted])));
  });
});

describe('run of a watch: the windows of a watch', () => {
  test('events within the settle delay wait for the next run, and events before the window are not read', async () => {
    const watcher = await watching();
    await watcher.index([
      wmiChild('old', { 'event.ingested': '2025-03-10T10:53:59.000Z', 'process.pid': 1 }),
      wmiChild('first', { 'event.ingested': '2025-03-10T10:54:00.000Z', 'process.pid': 2 }),
      wmiChild('last', { 'event.ingested': '2025-03-10T11:58:59.999Z', 'process.pid': 3 }),
      wmiChild('next', { 'event.ingested': '2025-03-10T11:59:00.000Z', 'process.pid': 4 }),
    ]);
    await watcher.watch(NOON);
    expect((await watcher.alerts()).map(pid).sort()).toEqual([2, 3]);
    expect((await watcher.watch('2025-03-10T12:05:00Z')).statuses).toEqual([201]);
    expect((await watcher.alerts()).map(pid).sort()).toEqual([2, 3, 4]);
  });

  test('the next run covers missed runs for up to the look-back', async () => {
    const watcher = await watching();
    await watcher.index([wmiChild('a', { 'event.ingested': '2025-03-10T11:01:00.000Z' })]);
    expect((await watcher.watch(NOON)).statuses).toEqual([201]);
  });

  test('an event without event.ingested is found by its own time, for a day', async () => {
    const watcher = await watching();
    await watcher.index([
      wmiChild('yesterday', { 'event.ingested': null, '@timestamp': '2025-03-09T12:00:00.000Z', 'process.pid': 1 }),
      wmiChild('before', { 'event.ingested': null, '@timestamp': '2025-03-09T11:59:59.999Z', 'process.pid': 2 }),
    ]);
    await watcher.watch(NOON);
    expect((await watcher.alerts()).map(pid)).toEqual([1]);
  });
});

describe('run of a watch: an alert that is there', () => {
  test("is skipped by the next run and keeps the analyst's status", async () => {
    const watcher = await watching();
    const { cluster, namespace } = watcher;
    await watcher.index([wmiChild('a')]);
    await watcher.watch(NOON);
    const [alert] = await watcher.alerts();
    await request(cluster, {
      method: 'POST',
      path: `/${alertIndex(namespace)}/_update/${String(alert?._id)}`,
      query: { refresh: true },
      body: { doc: { wmi_detections: { status: 'closed' }, notes: 'a drill' } },
    });
    await watcher.index([wmiChild('b', { 'event.ingested': '2025-03-10T12:01:00.000Z' })]);
    const { run } = await watcher.watch('2025-03-10T12:05:00Z');
    expect(run).toMatchObject({ met: true, acts: false, transformed: { _doc: [] } });
    expect(await watcher.alerts()).toMatchObject([
      { wmi_detections: { status: 'closed', count: 1 }, notes: 'a drill' },
    ]);
  });

  test('is not overwritten when the watch does not know of it', async () => {
    const watcher = await watching();
    await watcher.index([wmiChild('a')]);
    const { run } = await watcher.watch(NOON);
    expect(await writeAlerts(watcher.cluster, alertIndex(watcher.namespace), run)).toEqual([409]);
    expect(await watcher.alerts()).toHaveLength(1);
  });

  test('a run without matches writes nothing', async () => {
    const { run } = await (await watching()).watch(NOON);
    expect(run).toMatchObject({ met: false, transformed: null, acts: false });
  });
});

describe('run of a watch: a watch that cannot read everything', () => {
  test('writes what it found and once a day an alert about the failure', async () => {
    const watcher = await watching();
    const few = (watch: string): string =>
      watch.replace('{"size":10000', '{"size":2').replace('"most":10000,"scheduler"', '"most":2,"scheduler"');
    await watcher.index(['a', 'b', 'c'].map((id, number) => wmiChild(id, { 'process.pid': number + 1 })));
    expect((await watcher.watch(NOON, few)).statuses).toEqual([201, 201, 201]);
    const messages = (await watcher.alerts()).map(({ message }) => message);
    expect(messages).toContainEqual(expect.stringContaining('may be missing'));
    expect(messages.find((message) => String(message).includes('missing'))).toMatchInlineSnapshot(
      `"Alerts of this rule may be missing: there are 2 groups or more, and no run reads more. The next runs read the same again, as far back as the rule looks."`,
    );
    expect((await watcher.watch('2025-03-10T12:05:00Z', few)).statuses).toEqual([]);
  });

  test('reports a failed search and tries again in the next run', async () => {
    const watcher = await watching();
    await watcher.index([wmiChild('a')]);
    const broken = (watch: string): string => watch.replace('"fields":[', '"fields":[null,');
    const { run, statuses } = await watcher.watch(NOON, broken);
    expect(run.failures).toMatchObject({ found: expect.stringContaining('null') as string });
    expect(statuses).toEqual([201]);
    expect((await watcher.alerts()).map(({ message }) => message)).toMatchInlineSnapshot(`
     [
       "Alerts of this rule may be missing: the search failed. The next runs read the same again, as far back as the rule looks.",
     ]
    `);
    expect((await watcher.watch('2025-03-10T12:05:00Z')).statuses).toEqual([201]);
    expect((await watcher.alerts()).map(({ message }) => message)).toContain(
      'a child of WmiPrvSE.exe on ws01.example.test',
    );
  });

  test('writes everything it found when it cannot read existing alerts', async () => {
    const watcher = await watching();
    await watcher.index([wmiChild('a')]);
    const broken = (watch: string): string =>
      watch.replace('"match":{"term":{"rule.uuid"', '"match":{"no_such_query":{"rule.uuid"');
    expect((await watcher.watch(NOON, broken)).statuses).toEqual([201]);
    expect((await watcher.watch(NOON, broken)).statuses).toEqual([409]);
  });

  test('reports shards that do not answer', async () => {
    const watcher = await watching();
    const { run } = await watcher.watch(NOON);
    const payload = run.payload as Record<string, Record<string, unknown>>;
    const alternative = { ...payload, found: { ...payload.found, _shards: { failed: 3 } } };
    const { cluster, namespace, rule } = watcher;
    const body = watchBody(rule, QUERY, { namespace, indices: ['x'] });
    const failed = await runWatch(cluster, body, { scheduled: NOON, alternative });
    expect(failed.transformed).toMatchObject({ _doc: [{ message: expect.stringContaining('3 shard(s)') as string }] });
  });
});

test('run of a watch: texts of a rule are never read as a template', async () => {
  const value = '{{ctx.trigger.scheduled_time}} {{#toJson}}aggs{{/toJson}} "\\';
  const watcher = await watching({ term: { 'process.name': { value } } });
  await watcher.index([wmiChild('a', { 'process.name': value }), wmiChild('b')]);
  await watcher.watch(NOON);
  expect((await watcher.alerts()).map(({ process }) => (process as { name: string }).name)).toEqual([value]);
});

function pid({ process }: Alert): number {
  return (process as { pid: number }).pid;
}
