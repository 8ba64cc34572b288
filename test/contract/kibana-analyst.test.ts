import { alertsCommand } from '../../src/commands/alerts';
import type { Outcome } from '../../src/commands/command';
import { PROGRAM_FOLDER } from '../../src/program';
import { allAlerts } from '../../src/alerts/all-alerts';
import type { Explanation } from '../../src/alerts/explain';
import { entitiesAtRisk } from '../../src/alerts/risk';
import { request } from '../support/request';
import { quiet } from '../support/context';
import { deployKibana, kibanaDeployment, describeContract, kibanaOfEachTest } from '../support/kibana-dataset';
import { contentWith, rule, shipped, uuidOf } from '../support/content';
import { API_KEY } from '../support/kibana-server';
import { signalOf } from '../support/kibana-signals';
import { freshNamespace, wmiChild } from '../support/dataset';
import { testCluster } from '../support/cluster';

const server = kibanaOfEachTest();
const INDEX = '.ds-logs-sysmon.process_creation-default-2025.03.10-000001';

/** What somebody types who looks at alerts in Kibana. */
async function act(
  action: string | undefined,
  ids: readonly string[] = [],
  more: object = {},
  signal: AbortSignal = quiet().signal,
): Promise<Outcome> {
  const { url } = await testCluster();
  const context = { ...quiet(), signal, environment: { WMI_DETECTIONS_KIBANA_API_KEY: API_KEY } };
  const argv = { esUrl: url, kibanaUrl: server().url, content: PROGRAM_FOLDER, action, ids, output: 'text' };
  // The default namespace of this node belongs to all tests: its alert index may hold anything.
  return alertsCommand.run(context, { ...argv, namespace, ...more });
}

let namespace = '';

/** The shipped rules, deployed in two spaces, with an alert each of pid 1 and 2 in the first and of pid 3 in the other. */
async function threeSignals(): Promise<string[]> {
  namespace = freshNamespace();
  const deployment = await kibanaDeployment(server(), { spaces: ['default', 'soc'], namespace });
  await deployKibana(deployment, contentWith(shipped().rules));
  const made = [1, 2, 3].map((pid) =>
    signalOf(rule(), wmiChild(`p${pid}`, { 'process.pid': pid }), { index: INDEX, namespace }),
  );
  server()
    .space()
    .alerts.push(...made.slice(0, 2));
  server()
    .space('soc')
    .alerts.push(...made.slice(2));
  return made.map(({ _id: id }) => String(id));
}

type Shown = readonly { _id: string; process: { pid: number }; wmi_detections: Record<string, unknown> }[];

/** Pid and status of what is listed, by pid. */
async function listed(more: object = {}): Promise<[number, unknown][]> {
  const { json } = await act(undefined, [], { space: 'default,soc', ...more });
  const pairs = (json as Shown).map((one): [number, unknown] => [one.process.pid, one.wmi_detections.status]);
  return pairs.sort(([one], [other]) => one - other);
}

describeContract('alerts in Kibana', () => {
  test('are shown in the form of local ones', async () => {
    const [id] = await threeSignals();
    const { json } = await act(undefined);
    const found = (json as Shown).find(({ _id }) => _id === id);
    expect(found).toMatchObject({
      '@timestamp': '2025-03-10T12:00:00.000Z',
      event: { kind: 'alert', start: '2025-03-10T11:50:00.000Z', end: '2025-03-10T11:50:00.000Z', risk_score: 49 },
      rule: { uuid: rule().uuid, name: rule().name, version: '4', ruleset: 'wmi-detections' },
      threat: { technique: { id: ['T1047'] } },
      host: { name: 'ws01.example.test' },
      user: { name: 'alice' },
      process: { name: 'notepad.exe', pid: 1, parent: { pid: 612 } },
      message: expect.stringContaining('WmiPrvSE.exe in host ws01.example.test') as unknown,
      wmi_detections: {
        count: 1,
        status: 'open',
        ancestors: [{ index: INDEX, id: 'p1' }],
        risk_objects: [{ value: 'alice' }, { value: 'ws01.example.test' }],
        scheduler: 'kibana',
      },
    });
    expect(found?.wmi_detections).not.toHaveProperty('space');
    expect(JSON.stringify(json)).not.toContain('kibana.alert');
  });

  test('are listed in every space, and filtered', async () => {
    await threeSignals();
    expect(await listed()).toEqual([
      [1, 'open'],
      [2, 'open'],
      [3, 'open'],
    ]);
    expect(await listed({ host: 'ws02' })).toEqual([]);
    expect(await listed({ from: '2025-03-10T11:50:00Z', to: '2025-03-10T11:50:01Z', user: 'ALICE' })).toHaveLength(3);
    expect(await listed({ from: '2025-03-10T11:50:00.001Z' })).toEqual([]);
    expect(await listed({ to: '2025-03-10T11:50:00Z' })).toEqual([]);
    await expect(listed({ rule: 'another' })).rejects.toThrow('there is no rule "another"');
  });

  test('lists alerts of managed rules only, on every page', async () => {
    await threeSignals();
    const { alerts } = server().space();
    alerts.push(signalOf(rule({ uuid: uuidOf(7) }), wmiChild('theirs'), { index: INDEX, namespace }));
    const many = Array.from({ length: 1_201 }, (_, each) => wmiChild(`m${each}`, { 'process.pid': 10 + each }));
    alerts.push(...many.map((event) => signalOf(rule(), event, { index: INDEX, namespace })));
    expect(await listed()).toHaveLength(3 + 1_201);
  });

  test('are acknowledged and closed in one request per space, and repeating it changes nothing', async () => {
    const [one = '', two = '', three = ''] = await threeSignals();
    const space = { space: 'default,soc' };
    const done = await act('close', [one.slice(0, 10), two, three], space);
    expect((done.json as { changed: string[] }).changed.sort()).toEqual([one, two, three].sort());
    await act('ack', [three], space);
    expect(await listed()).toEqual([
      [1, 'closed'],
      [2, 'closed'],
      [3, 'acknowledged'],
    ]);
    expect(await listed({ status: 'acknowledged' })).toEqual([[3, 'acknowledged']]);
    expect((await act('close', [one], space)).json).toMatchObject({ changed: [], unchanged: [one] });
    const asked = server().seen.filter(({ path }) => path.endsWith('/signals/status'));
    expect(asked.map(({ space: where }) => where)).toEqual(['default', 'soc', 'soc']);
  });

  test('are explained with the matching parts of their events and the missing events', async () => {
    const [one = ''] = await threeSignals();
    const cluster = await testCluster();
    const event = wmiChild('p1', { 'process.pid': 1 });
    const path = `/kibana-analyst-${namespace}`;
    await request(cluster, { method: 'PUT', path: `${path}/_doc/p1`, query: { refresh: true }, body: { ...event } });
    for (const alert of server().space().alerts) {
      alert['kibana.alert.ancestors'] = [{ id: 'p1', index: path.slice(1) }].concat({ id: 'gone', index: INDEX });
    }
    const { json } = await act('explain', [one.slice(0, 8)]);
    await request(cluster, { method: 'DELETE', path });
    const { events, gone, rule: of } = json as Explanation;
    expect(events.map(({ _id, met }) => [_id, met?.map(({ field, value }) => `${field} ${value}`)])).toEqual([
      ['p1', ['process.parent.name WmiPrvSE.exe']],
    ]);
    expect(gone).toEqual([{ id: 'gone', index: INDEX }]);
    expect(of?.triage).toContain('During triage');
  });

  test('add their risk: a duplicate event counts once, another process separately', async () => {
    await threeSignals();
    const again = { ...wmiChild('p1 again', { 'process.pid': 1 }), '@timestamp': '2025-03-10T11:50:00.500Z' };
    server()
      .space()
      .alerts.push(signalOf(rule(), again, { index: INDEX, namespace }));
    const { kept } = await allAlerts(await kibanaDeployment(server(), { namespace }), shipped().rules, { namespace });
    const entities = entitiesAtRisk(
      kept.map(({ alert }) => alert),
      { cap: 0 },
    );
    expect(kept).toHaveLength(3);
    expect(entities.map(({ value, score }) => [value, score])).toEqual([
      ['ws01.example.test', 98],
      ['alice', 98],
    ]);
  });

  test.each([
    ['soc', { changed: [1, 2], unsure: [3], notBegun: [] }],
    ['default', { changed: [], unsure: [1, 2], notBegun: [3] }],
  ])(
    'an interruption at those of the space %s: what is done, what nobody knows, what was not begun',
    async (at, left) => {
      const ids = await threeSignals();
      const interruption = new AbortController();
      server().before(
        ({ path, space }) => path.endsWith('/signals/status') && space === at,
        () => {
          interruption.abort();
        },
      );
      const came = await act('close', ids, { space: 'default,soc' }, interruption.signal);
      expect(came.exit).toBe(130);
      const { status, unchanged, ...lists } = came.json as Record<string, string[]>;
      const pids = Object.entries(lists).map(([name, list]) => [name, list.map((id) => ids.indexOf(id) + 1).sort()]);
      expect(Object.fromEntries(pids)).toEqual(left);
      expect([status, unchanged]).toEqual(['closed', []]);
      const line = (id: string, word: string): string =>
        `${id.slice(0, 12)}  ${word}  ${rule().name} on ws01.example.test`;
      const words = {
        changed: 'now closed',
        unsure: 'interrupted; it may have been done or not',
        notBegun: 'interrupted before it was begun',
      };
      const lines = Object.entries(words).flatMap(([list, word]) => (lists[list] ?? []).map((id) => line(id, word)));
      expect(came.text).toBe([...lines, 'Interrupted. The same command again does the rest.'].join('\n'));
      const again = await act('close', ids, { space: 'default,soc' });
      expect(again.exit).toBe(0);
      expect((await listed()).map(([, is]) => is)).toEqual(['closed', 'closed', 'closed']);
    },
  );

  test('an id that is none is told, and nothing is changed', async () => {
    const [one = ''] = await threeSignals();
    await expect(act('close', [one, 'feedbeef'])).rejects.toMatchObject({ code: 'USAGE' });
    expect((await listed())[0]).toEqual([1, 'open']);
  });

  test('what Kibana did not change is no success', async () => {
    const [one = ''] = await threeSignals();
    const conflict = { updated: 0, failures: [{ cause: { reason: 'version conflict' } }] };
    server().fail(({ path }) => path.endsWith('/signals/status'), { status: 200, body: conflict });
    await expect(act('close', [one])).rejects.toThrow(
      'Kibana changed 0 of 1 alerts: {"cause":{"reason":"version conflict"}}',
    );
  });

  test('a part of them is no answer', async () => {
    await threeSignals();
    const part = { timed_out: false, _shards: { failed: 1 }, hits: { hits: [] } };
    server().fail(({ path }) => path.endsWith('/signals/search'), { status: 200, body: part }, 1);
    await expect(act(undefined)).rejects.toThrow('a part of the alerts could not be read');
    expect(await listed()).toHaveLength(3);
  });

  test('the status in progress becomes acknowledged, and an unknown rule is reported', async () => {
    await threeSignals();
    for (const alert of server().space().alerts) alert['kibana.alert.workflow_status'] = 'in-progress';
    const notes: string[] = [];
    const { url } = await testCluster();
    const environment = { WMI_DETECTIONS_KIBANA_API_KEY: API_KEY };
    const context = { ...quiet(), environment, note: (line: string) => void notes.push(line) };
    const argv = { esUrl: url, kibanaUrl: server().url, namespace, ids: [], output: 'text' };
    const deployment = await kibanaDeployment(server(), { namespace });
    await deployKibana(deployment, contentWith([...shipped().rules, rule({ uuid: uuidOf(9), name: 'Gone since' })]));
    const { json } = await alertsCommand.run(context, argv);
    expect((json as Shown).map((one) => one.wmi_detections.status)).toEqual(['acknowledged', 'acknowledged']);
    expect(notes).toEqual([expect.stringMatching(/^Gone since.*: its rule is not known here/)]);
    // Why an id may be that of no alert is told with it.
    for (const action of ['explain', 'close']) {
      const said = alertsCommand.run(context, { ...argv, action, ids: ['feedbeef'] });
      await expect(said).rejects.toThrow(/^there is no alert "feedbeef"\n.*\nGone since.*: its rule is not known here/);
    }
    await expect(alertsCommand.run(context, { ...argv, action: 'close', ids: ['abc'] })).rejects.not.toThrow('Gone');
  });
});
