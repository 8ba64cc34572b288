import { watchId } from '../../src/schedulers/watcher/watch-body';
import { request } from '../support/request';
import { actions, results } from '../support/deployment';
import { contentWith, exception, rule, shipped } from '../support/content';
import { deployWatches, planWatches, watcherDeployment, watcherOfEachTest } from '../support/watcher-dataset';
import type { Seen, KeptWatch, Thing } from '../support/watcher-server';

const server = watcherOfEachTest();

const ID = watchId(rule().uuid, 'default');

function kept(): KeptWatch {
  const found = server().watches.get(ID);
  if (found === undefined) throw new Error(`${ID} is not there`);
  return found;
}

function stored(): Thing {
  return kept().watch;
}

function sent(method: string): string[] {
  return server()
    .seen.filter((seen) => seen.method === method)
    .map(({ path, query }) => [path, ...Object.entries(query).map(([key, value]) => `${key}=${value}`)].join(' '));
}

const NOT_MET = { id: 'alerts', type: 'index', status: 'condition_failed', reason: 'condition not met' };

function failed(reason: string): Thing {
  return { status: 'failure', error: { type: 'exception', reason } };
}

function failedFor(reason: string): Thing {
  return { status: 'failure', reason };
}

describe('watches: deploying watches', () => {
  test('each rule becomes a watch that was tried first; a second deploy changes nothing', async () => {
    const deployment = await watcherDeployment(server());
    const first = await deployWatches(deployment, shipped());
    expect(first.problems).toEqual([]);
    expect(results(first)).toEqual(
      shipped().rules.map(({ uuid }) => `create watch/wmi-detections-default-${uuid}: done`),
    );
    expect(stored().metadata).toEqual({
      name: rule().name,
      version: rule().version,
      managed_by: 'wmi-detections',
      id: ID,
      namespace: 'default',
      digest: expect.stringMatching(/^[0-9a-f]{16}$/) as string,
    });
    const writes = server().seen.filter(({ method }) => method !== 'GET');
    // Each is tried twice: on what is there, and on a made-up event.
    const order = writes.map(({ method, path }) => `${method} ${path.replace('/_watcher/', '')}`);
    const tried = 'PUT watch/_execute';
    const puts = shipped().rules.map(({ uuid }) => `PUT watch/${watchId(uuid, 'default')}`);
    expect(order.filter((line) => !line.includes('_query'))).toEqual(puts.flatMap((line) => [tried, tried, line]));
    expect(actions(await planWatches(deployment, shipped()))).toEqual([]);
  });

  test('a changed rule, a changed exception and a changed watch are each an update, guarded by what was read', async () => {
    const deployment = await watcherDeployment(server());
    await deployWatches(deployment, contentWith([rule()]));
    const other = contentWith([rule({ version: 99 })], { [rule().slug]: [exception('dism')] });
    const plan = await planWatches(deployment, other);
    expect(actions(plan)).toEqual([`update watch/${ID}`]);
    expect(plan.steps[0]?.change.diff).toMatch(/^\+ +version: "99"$/m);
    expect(plan.steps[0]?.change.diff).toContain('dism');
    await deployWatches(deployment, other);
    expect(sent('PUT').at(-1)).toBe(`/_watcher/watch/${ID} if_seq_no=0 if_primary_term=1`);

    kept().watch = { ...stored(), trigger: { schedule: { interval: '1d' } } };
    expect((await planWatches(deployment, other)).steps[0]?.change.diff).toContain('-    interval: 1d');
    await deployWatches(deployment, other);
    expect(stored().trigger).toEqual({ schedule: { interval: '5m' } });
  });

  test('a watch that a user changes at the same moment is left as it is', async () => {
    const deployment = await watcherDeployment(server());
    await deployWatches(deployment, contentWith([rule()]));
    const there = kept();
    server().before(
      ({ method, path }) => method === 'PUT' && !path.endsWith('/_execute'),
      () => {
        there.seqNo = 7;
      },
    );
    const applied = await deployWatches(deployment, contentWith([rule({ version: 99 })]));
    expect(applied.changes).toMatchObject([{ status: 'failed' }]);
    expect(applied.problems.map(({ message, hint }) => `${message}\n${hint ?? ''}`)).toMatchInlineSnapshot(`
     [
       "watch/wmi-detections-default-24869767-8579-485d-9a4f-d9ddfd8f0cac “Process Execution via WMI”: somebody changed the watch in this very moment
     Run plan again.",
     ]
    `);
    expect(there.version).toBe(1);
  });

  test("a paused watch stays paused and keeps an analyst's additions", async () => {
    const deployment = await watcherDeployment(server());
    await deployWatches(deployment, contentWith([rule()]));
    const there = kept();
    there.active = false;
    const mail = { email: { to: 'soc@example.test', subject: 'x' } };
    there.watch = {
      ...there.watch,
      throttle_period_in_millis: 60_000,
      metadata: { ...(there.watch.metadata as Thing), owner: 'soc' },
      actions: { ...(there.watch.actions as Thing), mail },
    };
    expect(actions(await planWatches(deployment, contentWith([rule()])))).toEqual([]);
    await deployWatches(deployment, contentWith([rule({ version: 99 })]));
    expect(sent('PUT').at(-1)).toContain('active=false');
    expect(server().watches.get(ID)?.active).toBe(false);
    expect(stored()).toMatchObject({
      throttle_period_in_millis: 60_000,
      metadata: { owner: 'soc' },
      actions: { mail },
    });
    expect(Object.keys(stored().actions as Thing).sort()).toEqual(['alerts', 'mail']);
  });

  test.each<[string, 'there' | 'made up', Thing]>([
    ['input: exception: no permission', 'there', { state: 'failed', result: { input: failed('no permission') } }],
    ['condition: exception: null', 'there', { state: 'failed', result: { condition: failed('null') } }],
    ['transform: runtime error', 'made up', { state: 'executed', result: { transform: failedFor('runtime error') } }],
    ['action alerts: condition not met', 'made up', { state: 'executed', result: { actions: [NOT_MET] } }],
    ['it ended as "execution_not_needed"', 'made up', { state: 'execution_not_needed', result: { actions: [] } }],
    ['it ended as "failed": Aborted', 'there', { state: 'failed', messages: ['Aborted'], result: {} }],
    ['no action was tried', 'made up', { state: 'executed', result: { actions: [] } }],
  ])('a watch whose trial fails is not stored: %s, on what is %s', async (said, on, record) => {
    const deployment = await watcherDeployment(server());
    const isTrial = ({ path, body = {} }: Seen): boolean =>
      path.endsWith('_execute') && 'alternative_input' in body === (on === 'made up');
    server().answer(isTrial, 200, { _id: 'inlined', watch_record: record });
    const applied = await deployWatches(deployment, contentWith([rule()]));
    expect(applied.changes).toMatchObject([{ status: 'failed' }]);
    expect(applied.problems).toEqual([
      {
        where: expect.anything() as unknown,
        message: `watch/${ID} “${rule().name}”: the watch does not run: ${said}`,
        hint: 'The watch was tried with its actions simulated, and was not stored.',
      },
    ]);
    expect(server().watches.size).toBe(0);
  });
});

test('watches: a watch whose search fails on existing data is not stored, and the message explains why', async () => {
  const deployment = await watcherDeployment(server());
  const index = `w1-addresses-${process.pid}`;
  const keyword = { type: 'keyword' };
  const fields = { 'host.ip': { type: 'ip' }, 'event.category': keyword, 'event.type': keyword };
  const mappings = { properties: { ...fields, 'event.ingested': { type: 'date' }, '@timestamp': { type: 'date' } } };
  await request(deployment.cluster, { method: 'PUT', path: `/${index}`, body: { mappings } });
  // An engine does not look at the rest of a query where the window alone holds nothing.
  const time = new Date(Date.now() - 600_000).toISOString();
  const event = { '@timestamp': time, 'event.ingested': time, 'event.category': 'process', 'event.type': 'start' };
  await request(deployment.cluster, { method: 'POST', path: `/${index}/_doc`, query: { refresh: true }, body: event });
  try {
    const test = { kind: 'text', pattern: [{ literal: 'no address' }], cased: true } as const;
    const broken = rule({ condition: { kind: 'field', field: 'host.ip', test } });
    const applied = await deployWatches(deployment.with({ indices: [index] }), contentWith([broken]));
    expect(applied.problems.map(({ message }) => message.split('; caused by ')[0])).toMatchInlineSnapshot(`
     [
       "watch/wmi-detections-default-24869767-8579-485d-9a4f-d9ddfd8f0cac “Process Execution via WMI”: the watch does not run: search found: exception: search_phase_execution_exception: all shards failed",
     ]
    `);
    expect(applied.problems[0]?.message).toContain("'no address' is not an IP string literal");
    expect(server().watches.size).toBe(0);
  } finally {
    await request(deployment.cluster, { method: 'DELETE', path: `/${index}` });
  }
});

describe('watches: ownership', () => {
  test('a watch under our id without our mark is not managed and is left alone', async () => {
    const deployment = await watcherDeployment(server());
    const theirs = { trigger: { schedule: { interval: '1h' } }, metadata: { name: 'theirs' } };
    server().watches.set(ID, { watch: theirs, active: true, seqNo: 0, version: 1 });
    expect(actions(await planWatches(deployment, contentWith([rule()])))).toEqual([`foreign watch/${ID}`]);
    const applied = await deployWatches(deployment, contentWith([rule()]), true);
    expect(applied.changes).toMatchObject([{ status: 'skipped' }]);
    expect(stored()).toBe(theirs);
  });

  test('a copy, a watch of another namespace and a watch that loses its mark are not managed', async () => {
    const deployment = await watcherDeployment(server());
    await deployWatches(deployment, contentWith([rule()]));
    await deployWatches(await watcherDeployment(server(), 'lab'), contentWith([rule()]));
    server().watches.set('copy', { watch: stored(), active: true, seqNo: 5, version: 1 });
    const pruned = await planWatches(deployment, contentWith([]), true);
    expect(actions(pruned)).toEqual([`delete watch/${ID}`]);

    const plan = planWatches(deployment, contentWith([rule({ version: 99 })]));
    const there = kept();
    expect(actions(await plan)).toEqual([`update watch/${ID}`]);
    server().before(
      ({ method, path }) => method === 'GET' && path.endsWith(ID),
      () => {
        there.watch = { ...there.watch, metadata: {} };
      },
    );
    const applied = await deployWatches(deployment, contentWith([rule({ version: 99 })]));
    expect(applied.changes).toMatchObject([{ status: 'failed', error: expect.stringContaining('not ours') as string }]);
  });

  test('the watch of a removed rule is deleted only with --prune', async () => {
    const deployment = await watcherDeployment(server());
    await deployWatches(deployment, shipped());
    const [, second] = shipped().rules;
    const rest = contentWith([rule()]);
    const gone = `watch/${watchId(second?.uuid ?? '', 'default')}`;
    expect((await planWatches(deployment, rest)).leftovers.map(({ kind, id }) => `${kind}/${id}`)).toEqual([gone]);
    expect(results(await deployWatches(deployment, rest, true))).toEqual([`delete ${gone}: done`]);
    expect([...server().watches.keys()]).toEqual([ID]);
  });

  test('managed watches are found on every page', async () => {
    const deployment = await watcherDeployment(server());
    await deployWatches(deployment, contentWith([rule()]));
    const ours = kept();
    server().watches.clear();
    for (let number = 0; number < 230; number += 1) {
      const watch = { ...ours.watch, metadata: { managed_by: 'wmi-detections', id: 'other' } };
      server().watches.set(`copy-${number}`, { watch, active: true, seqNo: number, version: 1 });
    }
    server().watches.set(ID, { ...ours, seqNo: 500 });
    expect(actions(await planWatches(deployment, contentWith([]), true))).toEqual([`delete watch/${ID}`]);
  });
});
