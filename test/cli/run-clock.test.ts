import { alertIndex } from '../../src/detections/indices';
import { readWatermark } from '../../src/schedulers/local/state';
import { request } from '../support/request';
import { cli } from '../support/cli';
import { dataset, wmiChild, type Dataset } from '../support/dataset';

const HOUR = 3_600_000;

/** What the program says as on a machine whose clock is off by so many milliseconds. */
async function saidOff(here: Dataset, off: number, verb: string, args: readonly string[]): Promise<unknown> {
  const shift = `const { now } = Date; Date.now = () => now() + ${off};
    globalThis.Date = class extends Date { constructor(...given) { super(...(given.length === 0 ? [Date.now()] : given)); } };`;
  const env = { NODE_OPTIONS: `--import data:text/javascript,${encodeURIComponent(shift)}` };
  const command = [verb, '--output', 'json', '--es-url', here.cluster.url, '--namespace', here.namespace, ...args];
  const { status, stdout, stderr } = await cli(command, { env });
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  return JSON.parse(stdout);
}

/** What a run of the one rule does there. */
async function runOff(
  here: Dataset,
  off: number,
  ...args: string[]
): Promise<{ events: number; new: number; to: string }> {
  const { rules } = (await saidOff(here, off, 'run', args)) as { rules: [{ events: number; new: number; to: string }] };
  return rules[0];
}

const ago = (milliseconds: number): string => new Date(Date.now() - milliseconds).toISOString();
const near = (time: unknown): boolean => Math.abs(Date.parse(String(time)) - Date.now()) < HOUR / 2;

describe.each([
  ['an hour ahead', HOUR],
  ['an hour behind', -HOUR],
])('run under a wrong clock: our clock %s', (_, off) => {
  test('moves no window, no watermark and no time of an alert', async () => {
    const here = await dataset();
    await here.index([wmiChild('a', { 'event.ingested': ago(30_000) })]);
    expect(near((await runOff(here, off)).to)).toBe(true);
    expect((await here.alerts()).map((alert) => near(alert['@timestamp']))).toEqual([true]);
    const watermark = await readWatermark(here.cluster, here.namespace, here.rule.uuid);
    expect(near(new Date(watermark?.at ?? 0).toISOString())).toBe(true);
    const path = `/${alertIndex(here.namespace)}/_count`;
    expect((await request(here.cluster, { method: 'GET', path })).body).toMatchObject({ count: 1 });
  });

  test('hides nothing that comes in between two runs', async () => {
    const here = await dataset();
    await runOff(here, off);
    await here.index([wmiChild('a', { 'event.ingested': ago(0) })]);
    expect(await runOff(here, -off)).toMatchObject({ events: 1, new: 1 });
  });

  test("does not shift `now` of --from: it is the cluster's", async () => {
    const here = await dataset();
    await here.index([
      wmiChild('in', { '@timestamp': ago(20 * 60_000) }),
      wmiChild('out', { '@timestamp': ago(HOUR) }),
    ]);
    expect(await runOff(here, off, '--from', 'now-30m', '--to', 'now')).toMatchObject({ events: 1 });
  });

  test('does not shift the period of reconcile either, whether it is given or not', async () => {
    const here = await dataset();
    await here.index([
      wmiChild('in', { '@timestamp': ago(20 * 60_000) }),
      wmiChild('out', { '@timestamp': ago(HOUR) }),
    ]);
    const half = ['--scheduler', 'local', '--from', 'now-30m'];
    expect(await saidOff(here, off, 'reconcile', half)).toMatchObject({ rules: [{ events: 1 }] });
    const { from, to } = (await saidOff(here, off, 'reconcile', half.slice(0, 2))) as { from: string; to: string };
    expect([near(to), Date.parse(to) - Date.parse(from)]).toEqual([true, 24 * HOUR]);
  });
});
