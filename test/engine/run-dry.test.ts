import { alertIndex } from '../../src/detections/indices';
import { readWatermark } from '../../src/schedulers/local/state';
import { request } from '../support/request';
import { proxy } from '../support/proxy';
import { dataset, wmiChild, type Dataset } from '../support/dataset';

const PERIOD = { from: Date.parse('2025-03-10T00:00:00Z'), to: Date.parse('2025-03-11T00:00:00Z') };

async function withEvents(): Promise<Dataset> {
  const here = await dataset();
  await here.index([wmiChild('a'), wmiChild('b'), wmiChild('c', { 'process.pid': 1 })]);
  return here;
}

describe('a dry run', () => {
  test.each([
    ['since the last run', {}],
    ['over a period', PERIOD],
    ['of one rule', { rules: ['wmi_children'] }],
  ])('%s predicts the next run', async (_, options) => {
    const here = await withEvents();
    const dry = await here.run({ ...options, dryRun: true });
    expect(dry).toMatchObject({ events: 3, alerts: 2, new: 2 });
    expect(await here.run(options)).toEqual(dry);
  });

  test('counts only missing alerts as new', async () => {
    const here = await withEvents();
    await here.run();
    await here.index([wmiChild('d', { 'process.pid': 2 }), wmiChild('e')]);
    expect(await here.run({ ...PERIOD, dryRun: true })).toMatchObject({ events: 5, alerts: 3, new: 1 });
  });

  test('counts every alert beyond one request', async () => {
    const here = await dataset();
    await here.index(Array.from({ length: 1_001 }, (_, pid) => wmiChild(`e${pid}`, { 'process.pid': pid })));
    expect(await here.run({ dryRun: true })).toMatchObject({ alerts: 1_001, new: 1_001 });
  });

  test('moves no watermark, and makes no index of alerts', async () => {
    const here = await withEvents();
    await here.run({ dryRun: true });
    expect(await readWatermark(here.cluster, here.namespace, here.rule.uuid)).toBeNull();
    const path = `/${alertIndex(here.namespace)}`;
    expect((await request(here.cluster, { method: 'HEAD', path, allow: [404] })).status).toBe(404);
  });

  test('changes nothing on an alert that is there', async () => {
    const here = await dataset();
    await here.index([wmiChild('a')]);
    await here.run();
    const before = await here.alerts();
    await here.index([wmiChild('late', { 'event.ingested': '2025-03-10T12:03:00Z' })]);
    here.at('2025-03-10T12:05:00Z');
    expect(await here.run({ dryRun: true })).toMatchObject({ events: 1, alerts: 1, new: 0 });
    expect(await here.alerts()).toEqual(before);
  });

  test('sends reading requests only', async () => {
    const here = await withEvents();
    const between = await proxy(here.cluster, () => undefined);
    const asked = async (dryRun: boolean): Promise<string[]> => {
      const before = between.asked.length;
      await here.run({ dryRun }, between.cluster);
      return between.asked.slice(before).map((path) => path.replace(/^\/logs-[^/]*$/, 'indices').replace(/^.*\//, ''));
    };
    const reading = ['_mget', '_refresh', '_search', 'indices', 'scroll', `watermark%3A${here.rule.uuid}`];
    const dry = new Set(await asked(true));
    const wet = new Set(await asked(false));
    between.close();
    expect([...dry].sort()).toEqual(reading);
    // The twin: what writes would have been seen.
    expect(wet).toContain('_bulk');
  });

  test('fails if a shard cannot report whether an alert exists', async () => {
    const here = await withEvents();
    const error = { type: 'no_shard_available_action_exception', reason: 'gone' };
    const broken = await proxy(here.cluster, ({ path }) =>
      path.endsWith('/_mget') ? { status: 200, body: { docs: [{ error }, { found: false }] } } : undefined,
    );
    const reason: unknown = await here.run({ dryRun: true }, broken.cluster).catch((thrown: unknown) => thrown);
    broken.close();
    expect(String(reason)).toContain('no_shard_available_action_exception: gone');
  });
});
