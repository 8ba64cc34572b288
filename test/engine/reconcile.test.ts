import { localDeployment } from '../support/deployment';
import * as fc from 'fast-check';
import { reconcileCommand } from '../../src/commands/reconcile';
import { reconcileText } from '../../src/report/reconcile-text';
import { alertIndex, defaultIndices, stateIndex } from '../../src/detections/indices';
import { toQueryDsl } from '../../src/sigma/compile/query-dsl';
import { reconcile, type RuleReconciliation } from '../../src/alerts/reconcile';
import { request } from '../support/request';
import { quiet } from '../support/context';
import { SEED } from '../support/random-rules';
import { exception } from '../support/content';
import { dataset, sharedDataset, storeRule, wmiChild, type Dataset } from '../support/dataset';

const DAY = { from: Date.parse('2025-03-10T00:00:00Z'), to: Date.parse('2025-03-11T00:00:00Z') };
const OTHERS = 'logs-windows.sysmon';

async function look(here: Dataset, now = '2025-03-10T12:01:00Z', period = DAY): Promise<RuleReconciliation> {
  const deployment = localDeployment({ cluster: here.cluster, namespace: here.namespace });
  const [found] = await reconcile(deployment, { resources: [], rules: [] }, { ...period, now: Date.parse(now) });
  if (found === undefined) throw new Error('no rule was looked at');
  return found;
}

const codes = ({ missing }: RuleReconciliation): string[][] =>
  missing.map(({ reasons }) => reasons.map(({ code }) => code));

/** Events, groups, with alert, pending, missing. */
const counts = ({ events, groups, alerted, pending, missing }: RuleReconciliation): number[] => [
  events,
  groups,
  alerted,
  pending,
  missing.length,
];

function text(here: Dataset, found: RuleReconciliation): string {
  const all = reconcileText([found], { scheduler: 'local', namespace: here.namespace });
  return all.replaceAll(here.namespace, '<namespace>');
}

/** Four events that are three groups, and have been looked at. */
async function lookedAt(): Promise<Dataset> {
  const here = await dataset();
  await here.index([
    wmiChild('a'),
    wmiChild('a again'),
    ...[1, 2].map((pid) => wmiChild(`p${pid}`, { 'process.pid': pid })),
  ]);
  await here.run();
  return here;
}

async function deleteAlert(here: Dataset, pid: number): Promise<void> {
  await request(here.cluster, {
    method: 'POST',
    path: `/${alertIndex(here.namespace)}/_delete_by_query`,
    query: { refresh: true },
    body: { query: { term: { 'process.pid': pid } } },
  });
}

function asTyped(here: Dataset, more: object = {}): ReturnType<typeof reconcileCommand.run> {
  const argv = { esUrl: here.cluster.url, namespace: here.namespace, scheduler: 'local', output: 'text' };
  return reconcileCommand.run(quiet(), { ...argv, from: '2025-03-10', to: '2025-03-11', 'exit-code': true, ...more });
}

describe('reconcile', () => {
  const unchanged = sharedDataset(lookedAt);

  test('reports nothing missing if every event has its alert', async () => {
    const here = unchanged();
    const found = await look(here);
    expect(counts(found)).toEqual([4, 3, 3, 0, 0]);
    expect(text(here, found)).toMatchInlineSnapshot(`
     "  Children of WmiPrvSE: 4 events, 3 groups: 3 alerted, 0 missing
     Nothing is missing."
    `);
    expect((await asTyped(here)).exit).toBe(0);
  });

  test('a missing alert makes the exit status 1, and running that time again fixes it', async () => {
    const here = await lookedAt();
    await deleteAlert(here, 1);
    const found = await look(here);
    expect(counts(found)).toEqual([4, 3, 2, 0, 1]);
    expect(text(here, found)).toMatchInlineSnapshot(`
     "  Children of WmiPrvSE: 4 events, 3 groups: 2 alerted, 1 missing
         2025-03-10T11:50:00.000Z  1 event  ws01.example.test | alice | C:\\Windows\\system32\\wbem\\wmiprvse.exe -secured -Embedding | notepad.exe | notepad.exe | 1 |…
           nothing else says why: the alert may have been deleted, or the event was there before the rule, which looks back only so far
         to mend it: wmi-detections run --from 2025-03-10T11:50:00.000Z --to 2025-03-10T11:50:00.001Z --rule wmi_children --namespace <namespace>
     1 alert is missing."
    `);
    const typed = await asTyped(here);
    expect(typed.exit).toBe(1);
    expect(typed.json).toMatchObject({ from: '2025-03-10T00:00:00.000Z', missing: 1 });
    expect((await asTyped(here, { 'exit-code': false })).exit).toBe(0);
    const [, from = '', to = ''] = /--from (\S+) --to (\S+)/.exec(typed.text) ?? [];
    await here.run({ from: Date.parse(from), to: Date.parse(to) });
    expect((await asTyped(here)).exit).toBe(0);
  });

  test('an event after the last run waits for the next one and is missing if that does not come', async () => {
    const here = await lookedAt();
    await here.index([wmiChild('new', { 'process.pid': 9, 'event.ingested': '2025-03-10T12:00:30Z' })]);
    expect(counts(await look(here, '2025-03-10T12:01:00Z'))).toEqual([5, 4, 3, 1, 0]);
    const overdue = await look(here, '2025-03-10T13:00:00Z');
    expect(counts(overdue)).toEqual([5, 4, 3, 0, 1]);
    expect(overdue.missing[0]?.reasons).toMatchInlineSnapshot(`
     [
       {
         "code": "not_run",
         "message": "came in at 2025-03-10T12:00:30.000Z; the rule has looked up to 2025-03-10T11:59:00.000Z, and has not run since or failed",
       },
     ]
    `);
  });

  test('reports a rule that never ran', async () => {
    const here = await dataset();
    await here.index([wmiChild('a')]);
    expect(codes(await look(here))).toEqual([['never_run']]);
  });

  test('an event before the rule existed or beyond the look-back is late', async () => {
    const here = await dataset();
    const early = { '@timestamp': '2025-03-10T06:00:00Z', 'event.ingested': '2025-03-10T09:30:00Z' };
    await here.index([wmiChild('late', { ...early, 'process.pid': 1 })], OTHERS);
    await here.index([wmiChild('in time', { 'process.pid': 2 })], OTHERS);
    await here.run();
    const found = await look(here);
    expect(counts(found)).toEqual([2, 2, 1, 0, 1]);
    expect(found.missing[0]).toMatchObject({ events: 1, first: { id: 'late', time: '2025-03-10T06:00:00.000Z' } });
    expect(found.missing[0]?.reasons).toMatchInlineSnapshot(`
     [
       {
         "code": "late",
         "message": "came in 3 h 30 min after it happened, later than the look-back of 1h",
       },
       {
         "code": "unknown",
         "message": "nothing else says why: the alert may have been deleted, or the event was there before the rule, which looks back only so far",
       },
     ]
    `);
  });

  test('an event without event.ingested is searched by its own time for a day', async () => {
    const here = await dataset();
    const old = { 'event.ingested': null, '@timestamp': '2025-03-08T06:00:00Z', 'process.pid': 1 };
    const young = { 'event.ingested': null, '@timestamp': '2025-03-10T06:00:00Z', 'process.pid': 2 };
    await here.index([wmiChild('old', old), wmiChild('young', young)], OTHERS);
    await here.run();
    const days = { from: Date.parse('2025-03-08T00:00:00Z'), to: DAY.to };
    const found = await look(here, '2025-03-10T12:01:00Z', days);
    expect(counts(found)).toEqual([2, 2, 1, 0, 1]);
    expect(codes(found)).toEqual([['no_ingested']]);
  });

  test('an event without @timestamp happened when it came in', async () => {
    const here = await dataset({ indices: ['foreign-<namespace>'] });
    await here.index([wmiChild('timeless', { '@timestamp': null }), wmiChild('timely')], 'foreign');
    expect(codes(await look(here)).map((each) => each.includes('no_timestamp'))).toEqual([true]);
    await here.run();
    expect(counts(await look(here)).slice(2)).toEqual([1, 0, 0]);
    const before = { from: DAY.from, to: Date.parse('2025-03-10T11:50:05Z') };
    expect((await look(here, '2025-03-10T12:01:00Z', before)).events).toBe(1);
  });

  test('a silenced event needs no alert', async () => {
    const here = await lookedAt();
    const { rule, cluster, namespace } = here;
    await here.index([wmiChild('dism', { 'process.name': 'DismHost.exe', 'process.pid': 5 })]);
    const query = toQueryDsl(rule, [exception('DismHost.exe')]);
    const mark = { kind: 'rule', managed_by: 'wmi-detections', digest: '' } as const;
    await storeRule(cluster, namespace, { ...mark, rule, query, indices: defaultIndices(namespace) });
    const found = await look(here);
    expect(counts(found)).toEqual([4, 3, 3, 0, 0]);
    expect(found.silenced).toBe(1);
    expect(text(here, found)).toContain('0 missing, 1 event silenced by exceptions');
  });

  test('exactly the deleted alerts are missing', async () => {
    const here = await dataset();
    const pids = Array.from({ length: 40 }, (_, pid) => pid + 1);
    const arbitrary = fc.record({ delay: fc.integer({ min: 0, max: 7_200 }), twice: fc.boolean(), gone: fc.boolean() });
    const drawn = fc.sample(arbitrary, { numRuns: pids.length, seed: SEED });
    const events = pids.flatMap((pid) => {
      const { delay = 0, twice = false } = drawn[pid - 1] ?? {};
      const happened = new Date(Date.parse('2025-03-10T11:50:00Z') - delay * 1_000).toISOString();
      const child = (id: string) => wmiChild(id, { 'process.pid': pid, '@timestamp': happened });
      return twice ? [child(`p${pid}`), child(`p${pid} again`)] : [child(`p${pid}`)];
    });
    await here.index(events);
    await here.run();
    const gone = pids.filter((pid) => drawn[pid - 1]?.gone === true);
    await request(here.cluster, {
      method: 'POST',
      path: `/${alertIndex(here.namespace)}/_delete_by_query`,
      query: { refresh: true },
      body: { query: { terms: { 'process.pid': gone } } },
    });
    const found = await look(here);
    const missing = found.missing.map(({ group }) => Number(group['process.pid']));
    expect(missing.sort((one, other) => one - other)).toEqual(gone);
    expect(counts(found)).toEqual([events.length, 40, 40 - gone.length, 0, gone.length]);
    expect([gone.length > 5, gone.length < 35]).toEqual([true, true]);
  });

  test('the period begins with --from and ends just before --to', async () => {
    const here = unchanged();
    const at = Date.parse('2025-03-10T11:50:00Z');
    expect((await look(here, '2025-03-10T12:01:00Z', { from: at, to: at + 1 })).events).toBe(4);
    expect((await look(here, '2025-03-10T12:01:00Z', { from: at + 1, to: at + 2 })).events).toBe(0);
    expect((await look(here, '2025-03-10T12:01:00Z', { from: at - 1, to: at })).events).toBe(0);
    await expect(asTyped(here, { from: '2025-03-11', to: '2025-03-10' })).rejects.toMatchObject({ code: 'USAGE' });
  });

  test('nothing is written', async () => {
    const here = await lookedAt();
    await deleteAlert(here, 1);
    const written = async (): Promise<unknown> => {
      const names = [alertIndex, stateIndex].map((name) => name(here.namespace)).join(',');
      const path = `/${names},logs-*-${here.namespace}/_stats/indexing`;
      const { body } = await request<{ _all: { primaries: { indexing: object } } }>(here.cluster, {
        method: 'GET',
        path,
      });
      const { index_total: indexed, delete_total: deleted } = body._all.primaries.indexing as Record<string, number>;
      return [indexed, deleted];
    };
    const before = await written();
    await asTyped(here);
    expect(await written()).toEqual(before);
    // The twin: a run writes.
    await here.run({ from: DAY.from });
    expect(await written()).not.toEqual(before);
  });
});
