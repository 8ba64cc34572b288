import { request } from '../support/request';
import { dataset, SYSMON, wmiChild, type Dataset } from '../support/dataset';

const at = (time: string): number => Date.parse(time);

/** A plain index of somebody else's, with our mapping or without any. */
async function foreignIndex(here: Dataset, name: string, properties: Record<string, unknown>): Promise<void> {
  const mappings = { dynamic: false, properties };
  await request(here.cluster, { method: 'PUT', path: `/${name}-${here.namespace}`, body: { mappings } });
}

const TYPES = {
  '@timestamp': { type: 'date' },
  event: { properties: { ingested: { type: 'date' } } },
  process: { properties: { pid: { type: 'long' }, parent: { properties: { name: { type: 'keyword' } } } } },
};
const INDICES = [`${SYSMON}-<namespace>`, 'foreign-<namespace>'];

/** A data set with an index `foreign` of another shipper's. */
async function withForeign(): Promise<Dataset> {
  const here = await dataset({ indices: INDICES });
  await foreignIndex(here, 'foreign', TYPES);
  return here;
}

describe("run: others' indices", () => {
  test('the first run reads what came in within the look-back of the rule', async () => {
    const here = await withForeign();
    await here.index([wmiChild('in', { 'event.ingested': '2025-03-10T11:00:00Z' })], 'foreign');
    expect(await here.run()).toMatchObject({ events: 1, new: 1 });
  });

  test('the first run does not read what came in before it', async () => {
    const here = await withForeign();
    await here.index([wmiChild('out', { 'event.ingested': '2025-03-10T10:59:59.999Z' })], 'foreign');
    expect(await here.run()).toMatchObject({ events: 0, new: 0 });
  });

  test('an event without event.ingested is found by its own time, a day back', async () => {
    const here = await withForeign();
    const event = { 'event.ingested': null, '@timestamp': '2025-03-09T12:00:00Z' };
    await here.index([wmiChild('in', event)], 'foreign');
    expect(await here.run()).toMatchObject({ events: 1, new: 1 });
  });

  test('an event without event.ingested that is older than a day is not', async () => {
    const here = await withForeign();
    const event = { 'event.ingested': null, '@timestamp': '2025-03-09T11:59:59.999Z' };
    await here.index([wmiChild('out', event)], 'foreign');
    expect(await here.run()).toMatchObject({ events: 0, new: 0 });
  });

  test('after three days without a run, an event without event.ingested is looked for from a day before the last run', async () => {
    const here = await withForeign();
    await here.run();
    const event = { 'event.ingested': null, '@timestamp': '2025-03-09T18:00:00Z' };
    await here.index([wmiChild('gap', event)], 'foreign');
    here.at('2025-03-13T12:00:00Z');
    expect(await here.run()).toMatchObject({ events: 1, new: 1 });
  });

  test('an event without event.ingested whose clock runs ahead is found at once', async () => {
    const here = await withForeign();
    const event = { 'event.ingested': null, '@timestamp': '2025-03-10T13:00:00Z' };
    await here.index([wmiChild('ahead', event)], 'foreign');
    expect(await here.run()).toMatchObject({ events: 1, new: 1 });
  });

  test('an index that maps none of the fields does no harm', async () => {
    const here = await dataset({ indices: [...INDICES, 'not-there-*', 'nor-this'] });
    await foreignIndex(here, 'foreign', {});
    await here.index([wmiChild('unmapped')], 'foreign');
    await here.index([wmiChild('ours')]);
    expect(await here.run()).toMatchObject({ events: 1, alerts: 1, new: 1 });
  });

  test('an index that maps the process id as text is grouped and counted like ours', async () => {
    const here = await dataset({ indices: INDICES });
    const process = { properties: { ...TYPES.process.properties, pid: { type: 'keyword' } } };
    await foreignIndex(here, 'foreign', { ...TYPES, process });
    await here.index([wmiChild('text', { 'process.pid': '4711' })], 'foreign');
    await here.index([wmiChild('number', { 'process.pid': 4711 })]);
    expect(await here.run()).toMatchObject({ events: 2, alerts: 1, new: 1 });
    expect(await here.alerts()).toMatchObject([{ wmi_detections: { count: 2 }, process: { pid: 4711 } }]);
  });

  test('an index that does not map the process id is counted as well', async () => {
    const here = await dataset({ indices: INDICES });
    const process = { properties: { parent: TYPES.process.properties.parent } };
    await foreignIndex(here, 'foreign', { ...TYPES, process });
    await here.index([wmiChild('unmapped')], 'foreign');
    await here.index([wmiChild('mapped')]);
    await here.run();
    expect(await here.alerts()).toMatchObject([{ wmi_detections: { count: 2 } }]);
  });

  test('a part of the data that cannot be searched is a failed run, never a silent miss', async () => {
    const here = await dataset({ indices: INDICES });
    await foreignIndex(here, 'foreign', { ...TYPES, '@timestamp': { type: 'ip' } });
    await here.index([wmiChild('ours')]);
    await expect(here.run()).rejects.toMatchObject({ code: 'REFUSED' });
    expect(await here.alerts()).toEqual([]);
  });
});

describe('run: --from --to', () => {
  const day = { from: at('2025-03-01T00:00:00Z'), to: at('2025-03-02T00:00:00Z') };

  test.each([
    ['at --from', '2025-03-01T00:00:00.000Z', 1],
    ['just before --from', '2025-02-28T23:59:59.999Z', 0],
    ['just before --to', '2025-03-01T23:59:59.999Z', 1],
    ['at --to', '2025-03-02T00:00:00.000Z', 0],
  ])('an event %s', async (_, time, events) => {
    const here = await dataset();
    await here.index([wmiChild('a', { '@timestamp': time })]);
    expect(await here.run(day)).toEqual({
      uuid: here.rule.uuid,
      name: 'Children of WmiPrvSE',
      events,
      alerts: events,
      new: events,
      from: '2025-03-01T00:00:00.000Z',
      to: '2025-03-02T00:00:00.000Z',
      timebase: '@timestamp',
    });
  });

  test('moves no watermark, and repeats no alert', async () => {
    const here = await dataset();
    await here.index([wmiChild('a', { '@timestamp': '2025-03-01T10:00:00Z' })]);
    await here.run(day);
    expect(await here.run()).toMatchObject({ from: null, events: 1, new: 0 });
  });

  test('an alert counts all events of its group and day, those outside the period as well', async () => {
    const here = await dataset();
    await here.index([wmiChild('a', { '@timestamp': '2025-03-01T10:00:00Z' })]);
    await here.index([wmiChild('b', { '@timestamp': '2025-03-01T20:00:00Z' })]);
    expect(await here.run({ from: day.from, to: at('2025-03-01T12:00:00Z') })).toMatchObject({ events: 1, new: 1 });
    expect(await here.alerts()).toMatchObject([
      { event: { end: '2025-03-01T20:00:00.000Z' }, wmi_detections: { count: 2 } },
    ]);
  });

  test('one side can be left open', async () => {
    const here = await dataset();
    await here.index([wmiChild('a', { '@timestamp': '2025-03-01T10:00:00Z' })]);
    expect(await here.run({ from: day.from })).toMatchObject({ events: 1, to: null });
    expect(await here.run({ to: day.to })).toMatchObject({ events: 1, from: null, new: 0 });
  });

  test('a period that ends before it begins is an error', async () => {
    const here = await dataset();
    await expect(here.run({ from: day.to, to: day.from })).rejects.toThrowErrorMatchingInlineSnapshot(`
     "--from is not before --to
       The period begins at --from and ends just before --to."
    `);
  });
});
