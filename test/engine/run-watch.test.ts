import { getEventListeners } from 'node:events';
import { stateIndex } from '../../src/detections/indices';
import { readWatermark, storedRuleId, type StoredRule } from '../../src/schedulers/local/state';
import { runLoop, type RunLoopEvent, type RunLoopOptions } from '../../src/schedulers/local/run-loop';
import type { Cluster } from '../../src/cluster/cluster';
import { request } from '../support/request';
import { proxy } from '../support/proxy';
import { dataset, storeRule, SYSMON, wmiChild, type Dataset } from '../support/dataset';
import { simulation, type Simulation } from '../support/simulation';

const NOON = Date.parse('2025-03-10T12:00:00Z');
const clock = (minutes: number): string => new Date(NOON + minutes * 60_000).toISOString();

/** A watch whose time passes by itself: it runs for so many minutes, and tells what it told. */
class Watching {
  constructor(
    readonly here: Dataset,
    readonly cluster: Cluster = here.cluster,
    readonly pace: Simulation = simulation(),
    readonly stop: AbortController = new AbortController(),
  ) {}

  async run(minutes: number, options: Partial<RunLoopOptions> = {}): Promise<RunLoopEvent[]> {
    const { pace, stop } = this;
    const { namespace } = this.here;
    pace.after(minutes, () => {
      stop.abort();
    });
    const now = (): number => NOON + pace.now();
    const told: RunLoopEvent[] = [];
    for await (const each of runLoop(this.cluster, { namespace, signal: stop.signal, pace, now, ...options })) {
      told.push(each);
    }
    return told;
  }
}

function runsOf(told: readonly RunLoopEvent[], name = 'Children of WmiPrvSE') {
  return told.flatMap((each) => (each.kind === 'run' && each.run.name === name ? [each.run] : []));
}

/** `12:05 2 new` for each window of a rule. */
function windows(told: readonly RunLoopEvent[], name?: string): string[] {
  return runsOf(told, name).map((run) => `${run.to?.slice(11, 16) ?? ''} ${run.new} new`);
}

function failures(told: readonly RunLoopEvent[]): string[] {
  return told.flatMap((each) => (each.kind === 'failure' ? [String(each.error).split('\n')[0] ?? ''] : []));
}

/** The rule of the data set, with something else in it. */
function variant(here: Dataset, change: Partial<StoredRule['rule']>, more: Partial<StoredRule> = {}): StoredRule {
  return {
    kind: 'rule',
    managed_by: 'wmi-detections',
    digest: '',
    rule: { ...here.rule, ...change },
    query: { term: { 'process.parent.name': { value: 'WmiPrvSE.exe', case_insensitive: true } } },
    indices: [`${SYSMON}-${here.namespace}`],
    ...more,
  };
}

const OTHER = { uuid: '00000000-0000-4000-8000-000000000000', slug: 'other', name: 'Other' };
const store = (here: Dataset, rule: StoredRule): Promise<void> => storeRule(here.cluster, here.namespace, rule);

async function remove(here: Dataset, uuid: string): Promise<void> {
  const path = `/${stateIndex(here.namespace)}/_doc/${storedRuleId(uuid)}`;
  await request(here.cluster, { method: 'DELETE', path, query: { refresh: true } });
}

describe('run --watch', () => {
  test('runs each rule at once and then in its own interval', async () => {
    const here = await dataset();
    await store(here, variant(here, { ...OTHER, schedule: { interval: '7m', lookback: '1h' } }));
    const told = await new Watching(here).run(22);
    expect(windows(told)).toEqual(['12:00 0 new', '12:05 0 new', '12:10 0 new', '12:15 0 new', '12:20 0 new']);
    expect(windows(told, 'Other')).toEqual(['12:00 0 new', '12:07 0 new', '12:14 0 new', '12:21 0 new']);
  });

  test('alerts what comes in by the next window, once', async () => {
    const here = await dataset();
    const watching = new Watching(here);
    watching.pace.after(2, () => here.index([wmiChild('a', { 'event.ingested': clock(2) })]));
    watching.pace.after(7, () => here.index([wmiChild('b', { 'event.ingested': clock(7), 'process.pid': 2 })]));
    expect(windows(await watching.run(16))).toEqual(['12:00 0 new', '12:05 1 new', '12:10 1 new', '12:15 0 new']);
  });

  test('runs only the rules that are named', async () => {
    const here = await dataset();
    await store(here, variant(here, OTHER));
    const told = await new Watching(here).run(6, { rules: ['other'] });
    expect([windows(told), windows(told, 'Other')]).toEqual([[], ['12:00 0 new', '12:05 0 new']]);
  });

  test('runs a rule that was edited as it is now from its next window on, in its new interval', async () => {
    const here = await dataset();
    const watching = new Watching(here);
    const calc = variant(here, { schedule: { interval: '2m', lookback: '1h' } }, { query: CALC });
    watching.pace.after(1, () =>
      here.index([
        wmiChild('child', { 'event.ingested': clock(1) }),
        wmiChild('calc', { 'event.ingested': clock(1), 'process.parent.name': 'a.exe', 'process.name': 'calc.exe' }),
      ]),
    );
    watching.pace.after(2.5, () => store(here, calc));
    const told = await watching.run(7);
    expect(told.map((each) => (each.kind === 'change' ? each : each.kind))).toEqual([
      'run',
      { kind: 'change', name: 'Children of WmiPrvSE', change: 'edited' },
      ...['run', 'run'],
    ]);
    // The edit is found at the next look, a minute after the last; then the rule is due.
    expect(windows(told)).toEqual(['12:00 0 new', '12:03 1 new', '12:05 0 new']);
    expect(await here.alerts()).toMatchObject([{ process: { name: 'calc.exe' } }]);
  });

  test('starts new rules and drops deleted ones', async () => {
    const here = await dataset();
    const watching = new Watching(here);
    watching.pace.after(3, () => store(here, variant(here, OTHER)));
    watching.pace.after(8, () => remove(here, here.rule.uuid));
    watching.pace.after(20, () => remove(here, OTHER.uuid));
    watching.pace.after(30, () => store(here, variant(here, OTHER)));
    const told = await watching.run(31);
    expect(told.filter(({ kind }) => kind === 'change')).toMatchObject([
      { name: 'Other', change: 'new' },
      { name: 'Children of WmiPrvSE', change: 'gone' },
      { name: 'Other', change: 'gone' },
      { name: 'Other', change: 'new' },
    ]);
    expect(windows(told)).toEqual(['12:00 0 new', '12:05 0 new']);
    expect(windows(told, 'Other')).toEqual([...['03', '08', '13', '18', '30'].map((minute) => `12:${minute} 0 new`)]);
  });

  test('reports a query that is refused for good once, continues with the other rules and covers the time when it is correct', async () => {
    const here = await dataset();
    const watching = new Watching(here);
    await store(here, variant(here, OTHER, { query: { range: { 'process.pid': { gte: 'no number' } } } }));
    await here.index([wmiChild('a')]);
    watching.pace.after(12, () => store(here, variant(here, OTHER)));
    const told = await watching.run(16);
    expect(failures(told)).toEqual([expect.stringMatching(/rule "Other": .*no number/)]);
    expect(told.find(({ kind }) => kind === 'failure')).toMatchObject({ again: 5 * 60_000, once: true });
    expect(windows(told)).toEqual(['12:00 1 new', '12:05 0 new', '12:10 0 new', '12:15 0 new']);
    expect(runsOf(told, 'Other')).toMatchObject([{ from: null, new: 1 }]);
  });

  test('a query with too many clauses is no outage, though the engine answers 500', async () => {
    const here = await dataset();
    const each = (from: number) =>
      Array.from({ length: 600 }, (_, at) => ({ term: { 'process.name': `${from + at}.exe` } }));
    const should = [0, 600].map((from) => ({ bool: { should: each(from) } }));
    await store(here, variant(here, OTHER, { query: { bool: { should } } }));
    await here.index([wmiChild('a')]);
    const told = await new Watching(here).run(11);
    expect(failures(told)).toEqual([expect.stringMatching(/rule "Other": .*clauses/i)]);
    expect(told.find(({ kind }) => kind === 'failure')).toMatchObject({ again: 5 * 60_000, once: true });
    expect(windows(told)).toEqual(['12:00 1 new', '12:05 0 new', '12:10 0 new']);
  });

  test('retries an unreachable cluster less and less often and then covers the time', async () => {
    const here = await dataset();
    let down = false;
    const between = await proxy(here.cluster, () => (down ? 'cut before' : undefined));
    const watching = new Watching(here, between.cluster);
    watching.pace.after(4.5, () => (down = true));
    watching.pace.after(5, () => here.index([wmiChild('a', { 'event.ingested': clock(5) })]));
    watching.pace.after(5.1, () => (down = false));
    const told = await watching.run(9);
    between.close();
    expect(told.flatMap((each) => (each.kind === 'failure' ? [each.again / 1_000] : []))).toEqual([1, 2, 4]);
    expect(failures(told)[0]).toContain('cannot be reached');
    expect(runsOf(told)).toMatchObject([
      { to: '2025-03-10T12:00:00.000Z', new: 0 },
      { from: '2025-03-10T11:54:00.000Z', to: '2025-03-10T12:05:07.000Z', new: 1 },
    ]);
  });

  test('a rule with failing shards is retried soon and does not delay the others', async () => {
    const here = await dataset();
    await store(here, variant(here, OTHER, { indices: ['not-well'] }));
    const body = { error: { type: 'search_phase_execution_exception', reason: 'all shards failed' } };
    const between = await proxy(here.cluster, ({ path }) =>
      path.startsWith('/not-well/') ? { status: 503, body } : undefined,
    );
    const watching = new Watching(here, between.cluster);
    const told = await watching.run(6);
    between.close();
    expect(windows(told)).toEqual(['12:00 0 new', '12:05 0 new']);
    const again = told.flatMap((each) => (each.kind === 'failure' ? [each.again / 1_000] : []));
    expect(again.slice(0, 7)).toEqual([1, 2, 4, 8, 16, 32, 60]);
  });

  test('two watches at once write each alert once', async () => {
    const here = await dataset();
    const one = new Watching(here, here.cluster, simulation(2));
    const other = new Watching(here, here.cluster, one.pace, one.stop);
    for (let minute = 1; minute < 30; minute += 1) {
      one.pace.after(minute, () =>
        here.index([wmiChild(`e${minute}`, { 'process.pid': minute, 'event.ingested': clock(minute) })]),
      );
    }
    const told = (await Promise.all([one.run(36), other.run(36)])).flat();
    expect(runsOf(told)).toHaveLength(16);
    expect(failures(told)).toEqual([]);
    expect(runsOf(told).reduce((sum, run) => sum + run.new, 0)).toBe(29);
    expect((await here.alerts()).map(({ wmi_detections }) => (wmi_detections as { count: number }).count)).toEqual(
      Array(29).fill(1),
    );
  });

  test('leaves no listener of the signal after a hundred windows', async () => {
    const here = await dataset();
    const watching = new Watching(here);
    let listeners = -1;
    watching.pace.after(500, () => {
      listeners = getEventListeners(watching.stop.signal, 'abort').length;
    });
    expect(runsOf(await watching.run(501))).toHaveLength(101);
    expect(listeners).toBe(0);
  });

  test.each([
    ['no rule is stored', (here: Dataset) => remove(here, here.rule.uuid), {}],
    ['no rule "nobody" is stored', () => Promise.resolve(), { rules: ['nobody'] }],
  ])('ends at the start with an error when %s', async (message, prepare, options) => {
    const here = await dataset();
    await prepare(here);
    await expect(new Watching(here).run(1, options)).rejects.toThrow(message);
  });
});

const CALC = { term: { 'process.name': 'calc.exe' } };

describe('run --watch that is interrupted', () => {
  /** Ends the watch when a path is asked for, and lets the cluster answer all the same. */
  async function endedAt(asked: RegExp): Promise<{ here: Dataset; told: RunLoopEvent[]; watermark: unknown }> {
    const here = await dataset();
    // Two days: two rounds of reading and writing.
    await here.index([wmiChild('a'), wmiChild('b', { '@timestamp': '2025-03-09T10:00:00Z' })]);
    const stop = new AbortController();
    const between = await proxy(here.cluster, ({ path }) => {
      if (asked.test(path)) stop.abort();
      return undefined;
    });
    const told = await new Watching(here, between.cluster, simulation(), stop).run(60);
    between.close();
    return { here, told, watermark: await readWatermark(here.cluster, here.namespace, here.rule.uuid) };
  }

  test.each([
    ['while the rules are read', /^\/wmi-detections-state-[^/]*\/_search/],
    ['while the watermark is read', /\/_doc\/watermark/],
    ['while its streams are refreshed', /\/_refresh$/],
    ['while events are searched', /^\/logs-.*\/_search$/],
  ])('%s leaves the window untouched', async (_, asked) => {
    const { here, told, watermark } = await endedAt(asked);
    expect([told, watermark, await here.alerts()]).toEqual([[], null, []]);
    expect(await here.run()).toMatchObject({ new: 2 });
  });

  test('while alerts are written finishes the window', async () => {
    const { here, told, watermark } = await endedAt(/\/_bulk$/);
    expect(told).toMatchObject([{ kind: 'run', run: { events: 2, alerts: 2, new: 2 } }]);
    expect(watermark).toMatchObject({ at: NOON - 60_000 });
    expect(await here.alerts()).toHaveLength(2);
  });

  test('while it waits ends at once', async () => {
    const here = await dataset();
    const watching = new Watching(here);
    expect(windows(await watching.run(0.5))).toEqual(['12:00 0 new']);
    expect(watching.pace.now()).toBe(30_000);
  });
});
