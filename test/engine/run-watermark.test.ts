import { stateIndex } from '../../src/detections/indices';
import { moveWatermark, readWatermark, type Watermark } from '../../src/schedulers/local/state';
import { withSignal } from '../../src/cluster/cluster';
import { request } from '../support/request';
import { dataset, type Dataset } from '../support/dataset';

const RUN = { from: null, to: null, events: 0, alerts: 0, new: 0 };
const at = (minute: number): number => Date.parse('2025-03-10T12:00:00Z') + minute * 60_000;

const read = (here: Dataset): Promise<Watermark | null> => readWatermark(here.cluster, here.namespace, here.rule.uuid);
const move = (here: Dataset, from: Watermark | null, minute: number): Promise<void> =>
  moveWatermark(here.cluster, here.namespace, here.rule.uuid, from, at(minute), RUN);

/** A data set whose watermark stands at minute 10, and that watermark. */
async function started(): Promise<{ here: Dataset; from: Watermark | null }> {
  const here = await dataset();
  await move(here, null, 10);
  return { here, from: await read(here) };
}

describe('run: the watermark', () => {
  test('moves', async () => {
    const { here, from } = await started();
    await move(here, from, 20);
    expect((await read(here))?.at).toBe(at(20));
  });

  test('moves on over what a run beside this one left, if that came less far', async () => {
    const { here, from } = await started();
    await move(here, from, 15);
    await move(here, from, 20);
    expect((await read(here))?.at).toBe(at(20));
  });

  test('stays where a run beside this one left it, if that came further', async () => {
    const { here, from } = await started();
    await move(here, from, 25);
    await move(here, from, 20);
    expect((await read(here))?.at).toBe(at(25));
  });

  test('stays where a user set it back meanwhile', async () => {
    const { here, from } = await started();
    await move(here, from, 5);
    await move(here, from, 20);
    expect((await read(here))?.at).toBe(at(5));
  });

  test('stays deleted if a user deleted it meanwhile', async () => {
    const { here, from } = await started();
    const path = `/${stateIndex(here.namespace)}/_doc/watermark:${here.rule.uuid}`;
    await request(here.cluster, { method: 'DELETE', path });
    await move(here, from, 20);
    expect(await read(here)).toBeNull();
  });

  test('of a first run moves on if a run beside it came less far', async () => {
    const { here } = await started();
    await move(here, null, 20);
    expect((await read(here))?.at).toBe(at(20));
  });

  test('stays where it was when the run is interrupted', async () => {
    const { here, from } = await started();
    const aborted = AbortSignal.abort();
    here.at('2025-03-10T13:00:00Z');
    await expect(here.run({}, withSignal(here.cluster, aborted))).rejects.toMatchObject({
      code: 'INTERRUPTED',
      exitStatus: 130,
    });
    expect(await read(here)).toEqual(from);
  });
});
