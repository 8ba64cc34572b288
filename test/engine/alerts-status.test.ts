import { alertsCommand } from '../../src/commands/alerts';
import type { Outcome } from '../../src/commands/command';
import { alertIndex } from '../../src/detections/indices';
import { alertIndexStore } from '../../src/schedulers/alert-index-store';
import type { AlertStore } from '../../src/schedulers/scheduler';
import { request } from '../support/request';
import { quiet } from '../support/context';
import { proxy, type Proxy } from '../support/proxy';
import { dataset, wmiChild, type Dataset } from '../support/dataset';

/** Three alerts, of pid 1 to 3. */
async function threeAlerts(): Promise<Dataset> {
  const here = await dataset();
  await here.index([1, 2, 3].map((pid) => wmiChild(`p${pid}`, { 'process.pid': pid })));
  await here.run();
  return here;
}

function act(here: Dataset, action: string | undefined, ids: readonly string[], more: object = {}): Promise<Outcome> {
  const argv = { esUrl: here.cluster.url, namespace: here.namespace, scheduler: 'local', action, ids, output: 'text' };
  return alertsCommand.run({ ...quiet(), environment: { USER: 'ines' } }, { ...argv, ...more });
}

async function idOf(here: Dataset, pid: number): Promise<string> {
  const found = (await here.alerts()).find(({ process }) => (process as { pid: number }).pid === pid);
  return found?._id ?? '';
}

/** Status by pid. */
async function statuses(here: Dataset): Promise<unknown[]> {
  const found = await here.alerts();
  return [1, 2, 3].map((pid) => {
    const alert = found.find(({ process }) => (process as { pid: number }).pid === pid);
    return (alert?.wmi_detections as { status: string }).status;
  });
}

const plain = (text: string): string => text.replaceAll(/[0-9a-f]{12,64}/g, '<id>');

describe('alerts close, ack and reopen', () => {
  test('set status, author and time, and leave other alerts alone', async () => {
    const here = await threeAlerts();
    const [one, two] = [await idOf(here, 1), await idOf(here, 2)];
    const closed = await act(here, 'close', [one]);
    await act(here, 'ack', [two]);
    expect(closed.json).toEqual({ status: 'closed', changed: [one], unchanged: [] });
    expect(plain(closed.text)).toMatchInlineSnapshot(`"<id>  now closed  Children of WmiPrvSE on ws01.example.test"`);
    expect(await statuses(here)).toEqual(['closed', 'acknowledged', 'open']);
    const [alert] = await here.alerts({ status: 'closed' });
    const { wmi_detections: ours } = alert as unknown as { wmi_detections: Record<string, unknown> };
    expect(ours).toMatchObject({ status_updated_by: 'ines', count: 1, scheduler: 'local' });
    expect(Math.abs(Date.parse(String(ours.status_updated_at)) - Date.now())).toBeLessThan(600_000);
    await act(here, 'reopen', [one]);
    expect(await statuses(here)).toEqual(['open', 'acknowledged', 'open']);
  });

  test('accept the beginning of an id, and several in one request', async () => {
    const here = await threeAlerts();
    const ids = await Promise.all([1, 2].map((pid) => idOf(here, pid)));
    await act(
      here,
      'close',
      ids.map((id) => id.slice(0, 10)),
    );
    expect(await statuses(here)).toEqual(['closed', 'closed', 'open']);
  });

  test('repeating a status changes nothing: the first author stays', async () => {
    const here = await threeAlerts();
    const id = await idOf(here, 1);
    await act(here, 'close', [id]);
    const [before] = await here.alerts({ status: 'closed' });
    const again = await act(here, 'close', [id, id.slice(0, 9)]);
    expect(again.json).toEqual({ status: 'closed', changed: [], unchanged: [id] });
    expect(plain(again.text)).toContain('was closed already');
    expect(await here.alerts({ status: 'closed' })).toEqual([before]);
  });

  test('all errors are reported at once, and nothing is changed', async () => {
    const here = await threeAlerts();
    const id = await idOf(here, 1);
    await expect(act(here, 'close', [id, 'feedbeef', 'abc', ''])).rejects.toThrowErrorMatchingInlineSnapshot(`
     "there is no alert "feedbeef"
       \`alerts --with-ids\` shows the ids; the beginning of one is enough where no other begins so.
     "abc" is too short for an id: 4 characters or more are needed
       \`alerts --with-ids\` shows the ids; the beginning of one is enough where no other begins so.
     "" is too short for an id: 4 characters or more are needed
       \`alerts --with-ids\` shows the ids; the beginning of one is enough where no other begins so."
    `);
    await expect(act(here, 'ack', [])).rejects.toThrowErrorMatchingInlineSnapshot(`
     "no alert is named
       Give ids. \`alerts --with-ids\` shows the ids; the beginning of one is enough where no other begins so."
    `);
    expect(await statuses(here)).toEqual(['open', 'open', 'open']);
  });

  test('a beginning that two ids share is refused, and a whole id that begins another is not', async () => {
    const here = await threeAlerts();
    const index = (id: string): Promise<unknown> =>
      request(here.cluster, {
        method: 'PUT',
        path: `/${alertIndex(here.namespace)}/_doc/${id}`,
        query: { refresh: true },
        body: { '@timestamp': '2025-03-10T12:00:00Z', wmi_detections: { status: 'open' } },
      });
    await index('zzzz0001');
    await index('zzzz0002');
    await index('zzzz00021');
    await expect(act(here, 'close', ['zzzz000'])).rejects.toThrowErrorMatchingInlineSnapshot(`
     ""zzzz000" is the beginning of 3 ids: zzzz0001, zzzz0002, zzzz00021
       Give more of it."
    `);
    await act(here, 'close', ['zzzz0002']);
    expect((await here.alerts({ status: 'closed' })).map(({ _id }) => _id)).toEqual(['zzzz0002']);
  });

  test('filters narrow down where an id is looked for', async () => {
    const here = await threeAlerts();
    const id = await idOf(here, 1);
    await expect(act(here, 'close', [id], { host: 'ws99' })).rejects.toMatchObject({ code: 'USAGE' });
    await act(here, 'close', [id], { host: 'WS01.example.test' });
    expect(await statuses(here)).toEqual(['closed', 'open', 'open']);
  });

  test("an analyst's status stays when a run recomputes the alert", async () => {
    const here = await threeAlerts();
    const id = await idOf(here, 1);
    await act(here, 'close', [id]);
    const before = (await here.alerts({ status: 'closed' }))[0] as unknown as { wmi_detections: object };
    await here.index([
      wmiChild('late', {
        'process.pid': 1,
        '@timestamp': '2025-03-10T11:55:00Z',
        'event.ingested': '2025-03-10T12:01:00Z',
      }),
    ]);
    here.at('2025-03-10T12:05:00Z');
    await here.run();
    const after = (await here.alerts({ status: 'closed' }))[0] as unknown as {
      wmi_detections: { ancestors: object[] };
    };
    const { ancestors } = after.wmi_detections;
    expect(ancestors).toHaveLength(2);
    expect(after).toMatchObject({ _id: id, event: { end: '2025-03-10T11:55:00.000Z' } });
    expect(after.wmi_detections).toEqual({ ...before.wmi_detections, count: 2, ancestors });
  });

  test('a run that writes the alert at the same moment is no conflict; another analyst is', async () => {
    const here = await threeAlerts();
    const store = alertIndexStore(here.cluster, here.namespace);
    const write = (doc: object): Promise<unknown> =>
      request(here.cluster, {
        method: 'POST',
        path: `/${alertIndex(here.namespace)}/_update/${alert?._id ?? ''}`,
        body: { doc: { wmi_detections: doc } },
      });
    // What was listed before somebody wrote.
    const [alert] = await here.alerts();
    const chosen = alert === undefined ? [] : [alert];
    await write({ count: 7 });
    await store.setStatus(chosen, { status: 'acknowledged', by: 'ines', at: 0 });
    expect((await here.alerts({ status: 'acknowledged' }))[0]).toMatchObject({ wmi_detections: { count: 7 } });
    await write({ status: 'closed' });
    const change = { status: 'acknowledged', by: 'ines', at: 0 } as const;
    await expect(store.setStatus(chosen, change)).rejects.toMatchObject({ code: 'REFUSED' });
    await expect(store.setStatus(chosen, change)).rejects.toThrow('somebody made it closed meanwhile');
    await store.setStatus(chosen, { ...change, status: 'closed' });
  });

  let between: Proxy | undefined;
  afterEach(() => {
    between?.close();
  });

  /** The keeper of alerts behind a proxy that has some items of bulk requests refused, the first so many times. */
  async function behind(
    here: Dataset,
    fault: { items: (index: number) => boolean; status: number; error: object },
    times = Infinity,
  ): Promise<{ store: AlertStore; sent: () => number }> {
    let sent = 0;
    between = await proxy(here.cluster, ({ path }) => {
      if (!path.endsWith('/_bulk')) return undefined;
      sent += 1;
      return sent <= times ? fault : undefined;
    });
    return { store: alertIndexStore(between.cluster, here.namespace), sent: () => sent };
  }
  const full = { type: 'rejected_execution_exception', reason: 'queue full' };
  const closing = { status: 'closed', by: 'ines', at: 0 } as const;

  test.each([429, 503])('an update that a busy cluster rejects (%d) is read and sent again', async (status) => {
    const here = await threeAlerts();
    const { store, sent } = await behind(here, { items: (index) => index === 1, status, error: full }, 2);
    await store.setStatus(await here.alerts(), closing);
    // Of the one alert that is left none is the second.
    expect(sent()).toBe(2);
    expect(await statuses(here)).toEqual(['closed', 'closed', 'closed']);
  });

  test('a cluster that stays busy is retried up to the limit, and the other alerts are closed', async () => {
    const here = await threeAlerts();
    const { store, sent } = await behind(here, { items: (index) => index === 0, status: 429, error: full });
    const error: unknown = await store.setStatus(await here.alerts(), closing).catch((each: unknown) => each);
    expect(error).toMatchObject({ code: 'REFUSED' });
    expect(
      plain((error as Error).message)
        .replace(/http\S+\//, '<url>/')
        .replace(here.namespace, '<namespace>'),
    ).toMatchInlineSnapshot(
      `"POST <url>/wmi-detections-alerts-<namespace>: alert <id> could not be written: queue full (asked 4 times)"`,
    );
    expect(sent()).toBe(4);
    expect((await statuses(here)).sort()).toEqual(['closed', 'closed', 'open']);
  });

  test('a final refusal is reported and not sent again', async () => {
    const here = await threeAlerts();
    const error = { type: 'illegal_argument_exception', reason: 'no such field' };
    const { store, sent } = await behind(here, { items: (index) => index === 0, status: 400, error });
    await expect(store.setStatus(await here.alerts(), closing)).rejects.toThrow('no such field');
    expect(sent()).toBe(1);
  });

  test('an alert of a watch is closed like one of the local scheduler', async () => {
    const here = await threeAlerts();
    await act(here, 'close', [await idOf(here, 2)], { scheduler: 'watcher' });
    expect(await statuses(here)).toEqual(['open', 'closed', 'open']);
  });

  test('a flag that does nothing with an action is refused, with every other such flag', async () => {
    const here = await threeAlerts();
    const id = await idOf(here, 1);
    const more = { limit: 1, 'with-ids': true, host: 'WS01.example.test' };
    await expect(act(here, 'close', [id], { ...more, output: 'html' })).rejects.toThrowErrorMatchingInlineSnapshot(`
     "\`alerts close\` and --limit do not go together
     \`alerts close\` and --with-ids do not go together
     \`alerts close\` and --output html do not go together
       That is for the list of alerts: leave it out, or leave out the action."
    `);
    await expect(act(here, 'explain', [id], { ...more, output: 'csv' })).rejects.toThrowErrorMatchingInlineSnapshot(`
     "\`alerts explain\` and --limit do not go together
     \`alerts explain\` and --with-ids do not go together
     \`alerts explain\` and --output csv do not go together
     \`alerts explain\` and --host do not go together
       That is for the list of alerts: leave it out, or leave out the action."
    `);
    await expect(act(here, 'ack', [id], { output: 'csv' })).rejects.toMatchObject({ code: 'USAGE' });
    expect(await statuses(here)).toEqual(['open', 'open', 'open']);
    // The twin: the list takes them all.
    expect((await act(here, undefined, [], { ...more, output: 'csv' })).text.split('\r\n')).toHaveLength(2);
  });

  test('explain --output html is the page of that one alert', async () => {
    const here = await threeAlerts();
    const id = await idOf(here, 2);
    const { text } = await act(here, 'explain', [id.slice(0, 12)], { output: 'html' });
    expect(text).toMatch(/^<!doctype html>/);
    const [, data = ''] = /id="data">(.*?)<\/script>/s.exec(text) ?? [];
    expect(JSON.parse(data)).toMatchObject({
      alerts: [{ id, notes: [expect.stringContaining('not in the content')] }],
    });
  });

  test('the table has the ids only when asked', async () => {
    const here = await threeAlerts();
    const id = (await idOf(here, 1)).slice(0, 12);
    expect((await act(here, undefined, [], { 'with-ids': true })).text).toContain(id);
    expect((await act(here, undefined, [])).text).not.toContain(id);
  });
});
