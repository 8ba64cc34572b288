import { received } from '../support/context';
import { runRules } from '../../src/schedulers/local/run-rules';
import { freshNamespace, dataset, storeRule, SYSMON, wmiChild } from '../support/dataset';
import { testCluster } from '../support/cluster';
import { readWatermark } from '../../src/schedulers/local/state';
import { alertIndex } from '../../src/detections/indices';
import { request } from '../support/request';

describe('run', () => {
  test('the first run reads everything in our own streams, however old', async () => {
    const here = await dataset();
    await here.index([
      wmiChild('new'),
      wmiChild('old', { '@timestamp': '2019-05-01T00:00:00Z', 'event.ingested': '2019-05-01T00:00:01Z' }),
      wmiChild('no-match', { 'process.parent.name': 'explorer.exe' }),
    ]);
    expect(await here.run()).toEqual({
      uuid: here.rule.uuid,
      name: 'Children of WmiPrvSE',
      events: 2,
      alerts: 2,
      new: 2,
      from: null,
      to: '2025-03-10T12:00:00.000Z',
      timebase: 'event.ingested',
    });
    expect(await here.alerts()).toHaveLength(2);
  });

  test('a second run finds nothing new', async () => {
    const here = await dataset();
    await here.index([wmiChild('a', { 'event.ingested': '2025-03-10T11:59:00Z' })]);
    await here.run();
    here.at('2025-03-10T12:01:00Z');
    expect(await here.run()).toMatchObject({
      events: 1,
      alerts: 1,
      new: 0,
      from: '2025-03-10T11:54:00.000Z',
      to: '2025-03-10T12:01:00.000Z',
    });
  });

  test('the next run alerts on every event since the last run, however old it is', async () => {
    const here = await dataset();
    await here.run();
    await here.index([
      wmiChild('late', { '@timestamp': '2025-01-01T00:00:00Z', 'event.ingested': '2025-03-10T12:01:00Z' }),
    ]);
    here.at('2025-03-10T12:05:00Z');
    expect(await here.run()).toMatchObject({ events: 1, new: 1 });
  });

  test('an event that was stamped before the last run and visible only after it is not missed', async () => {
    const here = await dataset();
    await here.run();
    await here.index([wmiChild('slow', { 'event.ingested': '2025-03-10T11:55:30Z' })]);
    here.at('2025-03-10T12:05:00Z');
    expect(await here.run()).toMatchObject({ events: 1, new: 1 });
  });

  test('run makes written events searchable first', async () => {
    const here = await dataset();
    await here.index([wmiChild('seen')]);
    const stream = `/${SYSMON}-${here.namespace}`;
    await request(here.cluster, {
      method: 'PUT',
      path: `${stream}/_settings`,
      body: { 'index.refresh_interval': '-1' },
    });
    const { id, ...body } = wmiChild('unseen', { 'process.pid': 2 });
    await request(here.cluster, { method: 'PUT', path: `${stream}/_create/${id}`, query: { pipeline: '_none' }, body });
    expect(await here.run()).toMatchObject({ events: 2, new: 2 });
  });

  test('events long before the last run are not read again', async () => {
    const here = await dataset();
    await here.index([wmiChild('read', { 'event.ingested': '2025-03-10T11:30:00Z' })]);
    await here.run();
    here.at('2025-03-10T12:05:00Z');
    expect(await here.run()).toMatchObject({ events: 0, alerts: 0, new: 0 });
  });

  test('an event with a future time is left for the run whose window contains it', async () => {
    const here = await dataset();
    await here.index([wmiChild('ahead', { 'event.ingested': '2025-03-10T12:00:00Z' })]);
    expect(await here.run()).toMatchObject({ events: 0 });
    here.at('2025-03-10T12:00:00.001Z');
    expect(await here.run()).toMatchObject({ events: 1, new: 1 });
  });

  test('a clock that is set back an hour hides nothing', async () => {
    const here = await dataset();
    await here.run();
    here.at('2025-03-10T11:00:00Z');
    await here.index([wmiChild('after', { 'event.ingested': '2025-03-10T10:30:00Z' })]);
    expect(await here.run()).toMatchObject({ events: 1, new: 1, from: '2025-03-09T11:00:00.000Z' });
    expect((await readWatermark(here.cluster, here.namespace, here.rule.uuid))?.at).toBe(
      Date.parse('2025-03-10T10:59:00Z'),
    );
  });

  test("without a clock of the test's the cluster's time counts", async () => {
    const here = await dataset();
    const { to } = await here.run({ now: undefined });
    expect(Math.abs(Date.parse(to ?? '') - Date.now())).toBeLessThan(60_000);
  });

  test('a namespace without rules is an error that explains what to do', async () => {
    const cluster = await testCluster();
    const namespace = freshNamespace();
    const error: unknown = await runRules(cluster, { namespace }).catch((reason: unknown) => reason);
    expect(String(error).replaceAll(namespace, 'NAMESPACE').replaceAll(cluster.url, 'URL')).toMatchInlineSnapshot(`
     "ProblemError: URL/wmi-detections-state-NAMESPACE: no rule is stored in namespace "NAMESPACE"
       Run \`wmi-detections deploy --scheduler local\` first, or name another namespace with --namespace."
    `);
  });

  test('a rule can be named by UUID, name or slug', async () => {
    const here = await dataset();
    for (const name of [here.rule.uuid.toUpperCase(), 'children of wmiprvse', 'wmi_children']) {
      expect(await here.run({ rules: [name] })).toMatchObject({ uuid: here.rule.uuid });
    }
  });

  test('a rule that is not stored is an error', async () => {
    const here = await dataset();
    await expect(here.run({ rules: ['wmi_child'] })).rejects.toThrowErrorMatchingInlineSnapshot(`
     "no rule "wmi_child" is stored
       Stored are: 5f3a5b0e-7d5c-4c53-9a0e-0c9d6b1f2a3b (Children of WmiPrvSE)."
    `);
  });

  test('a rule that fails does not stop the others and keeps its watermark', async () => {
    const here = await dataset();
    const broken = { ...here.rule, uuid: '00000000-0000-4000-8000-000000000000', name: 'A broken rule' };
    await here.index([wmiChild('a')]);
    await storeRule(here.cluster, here.namespace, {
      kind: 'rule',
      managed_by: 'wmi-detections',
      digest: '',
      rule: broken,
      query: { range: { 'process.pid': { gte: 'not a number' } } },
      indices: [`${SYSMON}-${here.namespace}`],
    });
    await expect(here.run()).rejects.toThrow(/rule "A broken rule": .*not a number/);
    expect(await here.alerts()).toHaveLength(1);
    const argv = { url: here.cluster.url, namespace: here.namespace };
    expect(await received('run', argv)).toMatchObject({
      exit: 2,
      json: {
        rules: [{ uuid: here.rule.uuid }],
        failures: [
          {
            uuid: broken.uuid,
            name: broken.name,
            code: 'REFUSED',
            problems: [{ message: expect.stringContaining('not a number') as string }],
          },
        ],
      },
    });
    expect(await readWatermark(here.cluster, here.namespace, broken.uuid)).toBeNull();
    expect(await readWatermark(here.cluster, here.namespace, here.rule.uuid)).not.toBeNull();
  });

  test('a failed write leaves the watermark, and the next run alerts', async () => {
    const here = await dataset();
    await here.index([wmiChild('a')]);
    const block = async (write: boolean): Promise<void> => {
      const body = { 'index.blocks.write': write };
      await request(here.cluster, { method: 'PUT', path: `/${alertIndex(here.namespace)}/_settings`, body });
    };
    await request(here.cluster, { method: 'PUT', path: `/${alertIndex(here.namespace)}` });
    await block(true);
    await expect(here.run()).rejects.toMatchObject({ code: 'READ_ONLY' });
    expect(await readWatermark(here.cluster, here.namespace, here.rule.uuid)).toBeNull();
    await block(false);
    expect(await here.run()).toMatchObject({ new: 1 });
  });

  test('two runs at once give one set of alerts', async () => {
    const here = await dataset();
    await here.index(Array.from({ length: 300 }, (_, pid) => wmiChild(`e${pid}`, { 'process.pid': pid })));
    const runs = await Promise.all([here.run(), here.run(), here.run()]);
    expect(runs.reduce((sum, each) => sum + each.new, 0)).toBe(300);
    expect(await here.alerts()).toHaveLength(300);
    expect((await here.alerts()).every((alert) => (alert.wmi_detections as { count: number }).count === 1)).toBe(true);
  });

  test('ten thousand groups in one window are ten thousand alerts', async () => {
    const here = await dataset();
    for (let batch = 0; batch < 5; batch += 1) {
      await here.index(
        Array.from({ length: 2_000 }, (_, each) => {
          const pid = batch * 2_000 + each;
          return wmiChild(`e${pid}`, { 'process.pid': pid });
        }),
      );
    }
    expect(await here.run()).toMatchObject({ events: 10_000, alerts: 10_000, new: 10_000 });
    const { body } = await request<{ count: number }>(here.cluster, {
      method: 'GET',
      path: `/${alertIndex(here.namespace)}/_count`,
    });
    expect(body.count).toBe(10_000);
  }, 180_000);
});
