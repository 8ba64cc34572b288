import { alertIndex } from '../../src/detections/indices';
import { request } from '../support/request';
import { dataset, wmiChild, type Event, type Dataset } from '../support/dataset';

interface AlertDocument {
  readonly _id: string;
  readonly '@timestamp': string;
  readonly event: { readonly start: string; readonly end: string };
  readonly host?: unknown;
  readonly user?: unknown;
  readonly process?: {
    readonly pid?: unknown;
    readonly command_line?: unknown;
    readonly parent?: { readonly pid?: unknown };
  };
  readonly tags: readonly string[];
  readonly wmi_detections: {
    readonly count: number;
    readonly status: string;
    readonly ancestors: readonly { readonly index: string; readonly id: string }[];
  };
}

async function alertsOf(here: Dataset): Promise<AlertDocument[]> {
  return (await here.alerts()) as unknown as AlertDocument[];
}

/** Runs over these events from scratch and gives the only alert. */
async function onlyAlert(here: Dataset, events: readonly Event[]): Promise<AlertDocument> {
  await here.index(events);
  await here.run();
  const found = await alertsOf(here);
  expect(found).toHaveLength(1);
  return found[0] as AlertDocument;
}

describe('run: groups', () => {
  test('events with the same values on one day are one alert that counts them', async () => {
    const here = await dataset();
    const alert = await onlyAlert(here, [
      wmiChild('b', { '@timestamp': '2025-03-10T09:00:00.5Z' }),
      wmiChild('a', { '@timestamp': '2025-03-10T08:00:00Z' }),
    ]);
    expect(alert.wmi_detections.count).toBe(2);
    expect(alert.event).toMatchObject({ start: '2025-03-10T08:00:00.000Z', end: '2025-03-10T09:00:00.500Z' });
    expect(alert.wmi_detections.ancestors.map(({ id }) => id)).toEqual(['a', 'b']);
  });

  test('one value that differs makes two alerts', async () => {
    const here = await dataset();
    await here.index([wmiChild('a'), wmiChild('b', { 'process.pid': 4712 })]);
    expect(await here.run()).toMatchObject({ events: 2, alerts: 2, new: 2 });
  });

  test.each([
    ['after the last day', 300_000_000_000_000, '9999-12-31T23:59:59.999Z'],
    ['before the first day', -100_000_000_000_000, '0001-01-01T00:00:00.000Z'],
  ])('an event %s of four digits is of that day, and alerts', async (_, time, told) => {
    const here = await dataset();
    const alert = await onlyAlert(here, [
      wmiChild('far', { '@timestamp': time }),
      wmiChild('edge', { '@timestamp': told }),
    ]);
    expect(alert.wmi_detections.count).toBe(2);
    expect(alert.event).toMatchObject({ start: told, end: told });
  });

  test('an event after the last day in an index whose own format has four digits does not stop the run', async () => {
    const here = await dataset({ indices: ['odd-<namespace>', 'logs-sysmon.process_creation-<namespace>'] });
    const time = { type: 'date', format: 'strict_date_time||epoch_millis' };
    const name = { properties: { parent: { properties: { name: { type: 'keyword' } } } } };
    const mappings = { dynamic: false, properties: { '@timestamp': time, process: name } };
    await request(here.cluster, { method: 'PUT', path: `/odd-${here.namespace}`, body: { mappings } });
    await here.index([wmiChild('good')]);
    await here.index([wmiChild('far', { '@timestamp': 300_000_000_000_000, 'event.ingested': null })], 'odd');
    expect(await here.run()).toMatchObject({ events: 2, alerts: 2, new: 2 });
  });

  test('the same values on another UTC day alert anew', async () => {
    const here = await dataset();
    await here.index([
      wmiChild('a', { '@timestamp': '2025-03-09T23:59:59.999Z' }),
      wmiChild('b', { '@timestamp': '2025-03-10T00:00:00Z' }),
    ]);
    expect(await here.run()).toMatchObject({ events: 2, alerts: 2, new: 2 });
    expect((await alertsOf(here)).map((alert) => alert.wmi_detections.count)).toEqual([1, 1]);
  });

  test('an offset in an event time does not move it to another day', async () => {
    const here = await dataset();
    const alert = await onlyAlert(here, [
      wmiChild('a', { '@timestamp': '2025-03-10T01:00:00+03:00' }),
      wmiChild('b', { '@timestamp': '2025-03-09T22:30:00Z' }),
    ]);
    expect(alert.wmi_detections.count).toBe(2);
  });

  test.each([
    ['user.name', 'user'],
    ['host.name', 'host'],
    ['process.parent.command_line', undefined],
    ['process.pid', undefined],
  ])('an event without %s alerts, apart from those that have one', async (field, absent) => {
    const here = await dataset();
    await here.index([wmiChild('with'), wmiChild('without', { [field]: null })]);
    expect(await here.run()).toMatchObject({ events: 2, alerts: 2, new: 2 });
    const without = (await alertsOf(here)).find(({ wmi_detections: { ancestors } }) => ancestors[0]?.id === 'without');
    if (absent !== undefined) expect(without).not.toHaveProperty(absent);
    expect(without?.wmi_detections.count).toBe(1);
  });

  test('host.id and user.id replace missing names', async () => {
    const here = await dataset();
    const nameless = { 'host.name': null, 'user.name': null, 'host.id': 'aid-1', 'user.id': 'S-1-5-21-1-2-3-1001' };
    const alert = await onlyAlert(here, [wmiChild('a', nameless)]);
    expect(alert.host).toEqual({ id: 'aid-1' });
    expect(alert.user).toEqual({ id: 'S-1-5-21-1-2-3-1001' });
  });

  test('an event that arrives late corrects count and first time of the alert of its day', async () => {
    const here = await dataset();
    await here.index([wmiChild('a')]);
    await here.run();
    const [before] = await alertsOf(here);
    await here.index([
      wmiChild('b', { '@timestamp': '2025-03-10T03:00:00Z', 'event.ingested': '2025-03-10T12:03:00Z' }),
    ]);
    here.at('2025-03-10T12:05:00Z');
    expect(await here.run()).toMatchObject({ events: 1, alerts: 1, new: 0 });
    const [after] = await alertsOf(here);
    expect(after).toMatchObject({
      _id: before?._id,
      '@timestamp': '2025-03-10T12:00:00.000Z',
      event: { start: '2025-03-10T03:00:00.000Z', end: '2025-03-10T11:50:00.000Z' },
      wmi_detections: { count: 2, ancestors: [{ id: 'b' }, { id: 'a' }] },
    });
  });

  test("an analyst's status stays when the count of the alert is corrected", async () => {
    const here = await dataset();
    await here.index([wmiChild('a')]);
    await here.run();
    const [before] = await alertsOf(here);
    await request(here.cluster, {
      method: 'POST',
      path: `/${alertIndex(here.namespace)}/_update/${before?._id ?? ''}`,
      query: { refresh: true },
      body: { doc: { tags: ['mine'], wmi_detections: { status: 'closed', note: 'a drill' } } },
    });
    await here.index([wmiChild('b', { 'event.ingested': '2025-03-10T12:03:00Z' })]);
    here.at('2025-03-10T12:05:00Z');
    await here.run();
    expect(await alertsOf(here)).toMatchObject([
      { tags: ['mine'], wmi_detections: { status: 'closed', note: 'a drill', count: 2 } },
    ]);
  });

  test('an alert names at most the first hundred of its events, and counts all', async () => {
    const here = await dataset();
    const minute = (each: number): string => new Date(Date.parse('2025-03-10T00:00:00Z') + each * 60_000).toISOString();
    const events = Array.from({ length: 650 }, (_, each) => wmiChild(`e${each}`, { '@timestamp': minute(each) }));
    const alert = await onlyAlert(here, [...events].reverse());
    expect(alert.wmi_detections.count).toBe(650);
    expect(alert.wmi_detections.ancestors.map(({ id }) => id)).toEqual(events.slice(0, 100).map(({ id }) => id));
  });

  test('a command line of 32,767 characters of three bytes each stays whole', async () => {
    const here = await dataset();
    const long = `a.exe ${'\u2028'.repeat(32_761)}`;
    const alert = await onlyAlert(here, [wmiChild('a', { 'process.command_line': long })]);
    expect(alert.process?.command_line).toBe(long);
  });

  test.each([
    ['an object', { of: 'some kind' }],
    ['a list', ['b', 'a']],
    ['a text', 'no number'],
    ['a text with blanks', ' '],
    ['a number too large for any index', '99999999999999999999'],
  ])('a process id that is %s is an alert like another', async (_, pid) => {
    const here = await dataset();
    await here.index([wmiChild('good'), wmiChild('odd', { 'process.pid': pid })]).catch((error: unknown) => {
      // Where the index itself refuses it there is nothing to run over; say so instead of passing.
      throw new Error(`the index does not take this event: ${String(error)}`);
    });
    expect(await here.run()).toMatchObject({ events: 2, alerts: 2, new: 2 });
    expect(await here.run({ from: 0 })).toMatchObject({ events: 2, alerts: 2, new: 0 });
  });

  test('a value that is an object in a text field does not stop the run', async () => {
    const here = await dataset({ indices: ['odd-<namespace>', 'logs-sysmon.process_creation-<namespace>'] });
    await request(here.cluster, {
      method: 'PUT',
      path: `/odd-${here.namespace}`,
      body: {
        mappings: {
          dynamic: false,
          properties: {
            '@timestamp': { type: 'date' },
            process: { properties: { parent: { properties: { name: { type: 'keyword' } } } } },
          },
        },
      },
    });
    await here.index([wmiChild('good')]);
    const odd = {
      'event.ingested': null,
      'user.name': { of: 'x' },
      'host.name': [1, null, { a: 'b' }],
      'process.name': false,
    };
    await here.index([wmiChild('odd', odd)], 'odd');
    expect(await here.run()).toMatchObject({ events: 2, alerts: 2, new: 2 });
  });

  test('dotted names in a document are the same as nested ones', async () => {
    const here = await dataset();
    const { id, process, ...rest } = wmiChild('nested');
    const { parent, ...own } = process as Record<string, unknown>;
    const dotted = Object.fromEntries([
      ...Object.entries(own).map(([key, value]) => [`process.${key}`, value]),
      ...Object.entries(parent as object).map(([key, value]) => [`process.parent.${key}`, value as unknown]),
    ]) as Record<string, unknown>;
    const alert = await onlyAlert(here, [wmiChild('nested'), { id: 'dotted', ...rest, ...dotted }]);
    expect([id, alert.wmi_detections.count]).toEqual(['nested', 2]);
  });
});
