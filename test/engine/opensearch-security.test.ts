import type { RequestRow } from '../../src/schedulers/request-table';
import { namesOf, USERS } from '../../src/schedulers/request-table';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isAllowed } from '../../src/doctor/probe';
import { type OpenSearchRole } from '../../src/doctor/roles';
import { findVerb } from '../../src/commands';
import type { Outcome } from '../../src/commands/command';
import type { Doctor } from '../../src/commands/doctor';
import type { Cluster } from '../../src/cluster/cluster';
import { request, type Request } from '../support/request';
import { requestsFor } from '../support/request-table';
import { authority } from '../support/certificates';
import { quiet } from '../support/context';
import { receiver } from '../support/receiver';
import { ASKED, lesser, PRINTED, rowsOf } from '../support/opensearch-roles';
import { startSecured, type SecuredNode, securedJars, VERSION } from '../support/opensearch-security-node';
import { project, type Project } from '../support/temporary-folders';

/*
 * The roles of OpenSearch, as `doctor --roles` prints them, on a real node with the security plugin: each kind of user does
 * its whole work with its role and no more, and content arrives. The tests go on from one another, as the users do.
 */
const jars = securedJars();
const lack = 'lack' in jars ? jars.lack : undefined;
const onOpenSearch = lack === undefined ? describe : describe.skip;
if (lack !== undefined)
  test.skip(`OpenSearch with security: no OpenSearch with the security plugin: ${lack}`, () => undefined);

/** Before 3.2 the plugin does not answer what is asked about changes, and those tests are skipped. */
const answersQuestions = VERSION !== '2.19.1';
const whereAsked = answersQuestions ? test : test.skip;

jest.setTimeout(300_000);

const [STREAM, ALERTS, STATE] = [
  'logs-sysmon.process_creation-soc',
  'wmi-detections-alerts-soc',
  'wmi-detections-state-soc',
];

onOpenSearch('on a real OpenSearch with the security plugin', () => {
  let folder: string;
  let ours: Project;
  let node: SecuredNode;
  let started: SecuredNode | undefined;

  beforeAll(async () => {
    if ('lack' in jars) return;
    folder = mkdtempSync(join(tmpdir(), 'roles-'));
    ours = project();
    started = node = await startSecured(jars.folder, authority(folder, 'ours'));
    const less = USERS.flatMap((user) => lesser(user).map(({ name, role }): [string, OpenSearchRole] => [name, role]));
    const newcomer = { cluster_permissions: ['cluster:monitor/main'], index_permissions: [] };
    await node.createUsers({ ...PRINTED, newcomer, ...Object.fromEntries(less) });
  }, 420_000);
  afterAll(async () => {
    await started?.stop();
    rmSync(folder, { recursive: true });
    ours.remove();
  });

  /** A command, given by a user of the node. */
  async function give(user: string, name: string, argv: Record<string, unknown> = {}): Promise<Outcome> {
    const command = findVerb(name)?.load();
    if (command === undefined) throw new Error(`there is no command ${name}`);
    const flags = { namespace: ASKED.namespace, content: ours.folder, output: 'json', ...argv };
    return command.run({ ...quiet(), environment: node.environmentOf(user) }, flags);
  }

  const changes = async (user: string): Promise<string[]> =>
    ((await give(user, 'plan', { prune: false })).json as { changes: { action: string; id: string }[] }).changes.map(
      ({ action, id }) => `${action} ${id}`,
    );

  const alertsOf = async (user: string, argv = {}): Promise<{ _id: string }[]> =>
    (await give(user, 'alerts', { limit: 100, ...argv })).json as { _id: string }[];

  test('OpenSearch with security: the deployer adopts what is there, and deploys; the reader sees that nothing is left to do', async () => {
    const id = 'process_creation@event-pipeline';
    const path = `/_ingest/pipeline/${encodeURIComponent(id)}`;
    await request(node.admin, { method: 'PUT', path, body: { processors: [] } });
    expect(await changes('reader')).toContain(`foreign ${id}`);
    await give('deployer', 'adopt', { things: [`ingest_pipeline/${id}`], yes: true });
    expect(await changes('reader')).toContain(`update ${id}`);
    const { json } = await give('deployer', 'deploy', { yes: true, prune: false });
    const { changes: applied } = json as { changes: { status: string }[] };
    expect([...new Set(applied.map(({ status }) => status))]).toEqual(['done']);
    expect(await changes('reader')).toEqual([]);
  });

  test('OpenSearch with security: the shipper sends every sample, and each arrives', async () => {
    const { json } = await give('shipper', 'replay', { files: ['samples'] });
    const { read, indexed, failed } = json as Record<string, number>;
    expect({ read, indexed, failed }).toEqual({ read, indexed: read, failed: 0 });
    await request(node.admin, { method: 'POST', path: '/logs-*/_refresh' });
    const { body } = await request<{ count: number }>(node.admin, { method: 'POST', path: '/logs-*-soc/_count' });
    expect(body.count).toBe(read);
    // A second time they are all there, which the shipper learns without reading.
    const again = (await give('shipper', 'replay', { files: ['samples'] })).json as Record<string, number>;
    expect([again['indexed'], again['duplicates'], again['failed']]).toEqual([0, read, 0]);
  });

  test('OpenSearch with security: the runner writes the alerts and sends them, once each, and acknowledges one', async () => {
    const soc = await receiver();
    const config = join(folder, 'settings.yml');
    writeFileSync(config, `notify: {soc: {url: "${soc.url}", max_per_rule: 1000}}\n`);
    const run = async (argv = {}): Promise<number[][]> =>
      ((await give('runner', 'run', { config, ...argv })).json as { rules: Record<string, number>[] }).rules.map(
        (rule) => [rule['alerts'] ?? 0, rule['new'] ?? 0],
      );
    const first = await run();
    expect(first.every(([alerts = 0, fresh]) => alerts > 0 && fresh === alerts)).toBe(true);
    const none = first.map(([alerts]) => [alerts, 0]);
    expect(await run({ 'dry-run': true })).toEqual(none);
    expect(await run()).toEqual(none);
    await soc.close();
    expect(soc.ids().sort()).toEqual((await alertsOf('reader')).map(({ _id }) => _id).sort());
    const [one] = await alertsOf('runner');
    await give('runner', 'alerts', { action: 'ack', ids: [one?._id] });
    expect((await alertsOf('reader', { status: 'acknowledged' })).map(({ _id }) => _id)).toEqual([one?._id]);
  });

  test('OpenSearch with security: the reader reads alerts, explanations, risk, missing alerts and status', async () => {
    const alerts = await alertsOf('reader');
    expect(alerts.length).toBeGreaterThan(10);
    const explained = (await give('reader', 'alerts', { action: 'explain', ids: [alerts[0]?._id] })).json;
    const { gone, events } = explained as { gone: unknown[]; events: unknown[] };
    expect([gone.length, events.length]).toEqual([0, 1]);
    expect((await give('reader', 'risk', { from: '2025-03-01', cap: 3 })).text).toContain('alerts');
    const { json } = await give('reader', 'reconcile', { from: '2025-03-01', to: 'now' });
    expect(json).toMatchObject({ missing: 0 });
    const status = (await give('reader', 'status', { since: '24h', 'max-blind': 50 })).text;
    expect(status).toContain('Content: in sync');
    expect(status).toContain('27 documents');
  });

  test('OpenSearch with security: the deployer tries pipelines and rules, and brings a changed mapping to the data streams', async () => {
    const tried = await give('deployer', 'simulate', { fixtures: 'test/pipelines', generate: false });
    expect(tried.exit).toBe(0);
    expect((await give('deployer', 'test')).exit).toBe(0);
    const file = 'mappings/component-templates/process_creation@mappings.yml';
    const deploy = (): Promise<Outcome> => give('deployer', 'deploy', { yes: true, prune: false });
    ours.edit(file, '    properties:\n', '    properties:\n      zz_new:\n        type: keyword\n');
    expect(await changes('deployer')).toContain(`put_mapping ${STREAM}`);
    await deploy();
    ours.edit(file, 'zz_new:\n        type: keyword', 'zz_new:\n        type: long');
    expect(await changes('deployer')).toContain(`rollover ${STREAM}`);
    await deploy();
    expect(await changes('deployer')).toEqual([]);
  });

  /** The code of the error that a command ends in; of a run, that of the first rule; of a plan that was begun, FORBIDDEN
   *  when none of it was done for that. */
  async function refusalOf(user: string, command: string, argv?: Record<string, unknown>): Promise<unknown> {
    try {
      const { changes: done = [], failures: [failed] = [] } = (await give(user, command, argv)).json as {
        changes?: { status: string; error?: string }[];
        failures?: { code: string }[];
      };
      if (failed !== undefined) return failed.code;
      const none = done.every(({ status, error }) => status !== 'done' && error?.includes('no permissions') !== false);
      return done.length > 0 && none ? 'FORBIDDEN' : done;
    } catch (error) {
      return (error as { code?: string }).code ?? error;
    }
  }

  test('OpenSearch with security: a request outside a role is refused and changes nothing', async () => {
    const [one] = await alertsOf('reader', { status: 'open' });
    const ack = { action: 'ack', ids: [one?._id] };
    const refusals: [string, string, Record<string, unknown>?][] = [
      ['shipper', 'alerts', { limit: 1 }],
      ['shipper', 'run'],
      ['shipper', 'plan', { prune: false }],
      ['shipper', 'destroy', { yes: true }],
      ['reader', 'replay', { files: ['samples'] }],
      ['reader', 'run', { 'dry-run': false }],
      ['reader', 'alerts', ack],
      ['reader', 'destroy', { yes: true }],
      ['runner', 'replay', { files: ['samples'] }],
      ['runner', 'deploy', { yes: true, prune: false }],
      ['runner', 'destroy', { yes: true, 'with-data': true }],
      ['deployer', 'replay', { files: ['samples'] }],
      ['deployer', 'run'],
    ];
    for (const [user, command, argv] of refusals) {
      expect([user, command, await refusalOf(user, command, argv)]).toEqual([user, command, 'FORBIDDEN']);
    }
    expect(await changes('reader')).toEqual([]);
    // What no command of theirs asks for, asked for all the same.
    const direct: [string, Request][] = [
      ['shipper', { method: 'POST', path: `/${STREAM}/_search` }],
      ['reader', { method: 'PUT', path: `/${ALERTS}/_doc/x`, body: {} }],
      ['reader', { method: 'GET', path: '/_plugins/_security/api/roles' }],
      ['runner', { method: 'POST', path: `/${STREAM}/_doc`, body: {} }],
      ['runner', { method: 'DELETE', path: `/${ALERTS}` }],
      ['runner', { method: 'PUT', path: '/_ingest/pipeline/x', body: { processors: [] } }],
      ['deployer', { method: 'PUT', path: '/logs-others/_doc/x', body: {} }],
    ];
    for (const [user, asked] of direct) {
      const { status } = await request(node.as(user), { ...asked, allow: [403] });
      expect([user, asked.path, status]).toEqual([user, asked.path, 403]);
    }
  });

  test.each(USERS)('OpenSearch with security: doctor tells the %s that nothing is missing', async (user) => {
    const { json, exit } = await give(user, 'doctor', { for: user });
    expect([exit, (json as Doctor).granted.find((each) => each.user === user)?.lacks]).toEqual([0, []]);
  });

  whereAsked('doctor tells what is missing for what the others do', async () => {
    for (const user of USERS) {
      const { granted } = (await give(user, 'doctor', { for: user })).json as Doctor;
      const others = granted.filter(({ may }) => may === false).map((each) => each.user);
      expect([user, others]).toEqual([user, USERS.filter((each) => each !== user)]);
    }
  });

  whereAsked('doctor names to a newcomer what is missing', async () => {
    const { json, exit } = await give('newcomer', 'doctor', { for: 'shipper' });
    const { granted } = json as Doctor;
    expect([exit, granted.map(({ may }) => may)]).toEqual([1, [false, false, false, false]]);
    expect(granted.find((each) => each.user === 'shipper')?.lacks).toMatchInlineSnapshot(`
     [
       "indices:admin/index_template/get",
       "indices:admin/index_template/simulate",
       "indices:data/write/bulk",
       "indices:admin/create on logs-sysmon.process_creation-soc, logs-windows_security.process_creation-soc, logs-crowdstrike.process_rollup2-soc, logs-wmi_detections.unrecognised-soc",
       "indices:admin/data_stream/get on logs-sysmon.process_creation-soc, logs-windows_security.process_creation-soc, logs-crowdstrike.process_rollup2-soc, logs-wmi_detections.unrecognised-soc",
       "indices:admin/get on logs-sysmon.process_creation-soc, logs-windows_security.process_creation-soc, logs-crowdstrike.process_rollup2-soc, logs-wmi_detections.unrecognised-soc",
       "indices:data/write/index on logs-sysmon.process_creation-soc, logs-windows_security.process_creation-soc, logs-crowdstrike.process_rollup2-soc, logs-wmi_detections.unrecognised-soc",
     ]
    `);
  });

  test('OpenSearch with security: a node with a certificate of another authority is rejected', async () => {
    const { certificate } = authority(folder, 'other');
    const environment = { ...node.environmentOf('reader'), WMI_DETECTIONS_ES_CA: certificate };
    const plan = findVerb('plan')?.load();
    const flags = { namespace: 'soc', output: 'json', prune: false };
    await expect(plan?.run({ ...quiet(), environment }, flags)).rejects.toThrow('not signed by a known authority');
  });

  async function isRefused(cluster: Cluster, rows: readonly RequestRow[]): Promise<boolean> {
    for (const asked of rows.flatMap((row) => requestsFor(row, ASKED))) {
      const scroll = asked.path === '/_search/scroll' && { body: { scroll_id: 'bm9uZQ==' } };
      const { status, body } = await request<unknown>(cluster, { ...asked, ...scroll, retry: false, allow: FAILURES });
      if (status === 403 || JSON.stringify(body).includes('security_exception')) return true;
    }
    return false;
  }

  /** Everything that the requests are about, with one document in each, or nothing of it. */
  async function put(there: boolean): Promise<void> {
    const [streams, plain] = [namesOf('streams', ASKED), [STATE, ALERTS, 'winlogbeat-any']];
    const gone = { method: 'DELETE', allow: [404] } as const;
    await request(node.admin, { ...gone, path: `/_data_stream/${streams.join()}` });
    await request(node.admin, { ...gone, path: `/${plain.join()}`, query: { ignore_unavailable: true } });
    if (!there) return;
    const lines = [...streams, ...plain].flatMap((_index) => [{ create: { _index } }, { '@timestamp': 0 }]);
    const ndjson = lines.map((line) => `${JSON.stringify(line)}\n`).join('');
    await request(node.admin, { method: 'POST', path: '/_bulk', query: { pipeline: '_none', refresh: true }, ndjson });
  }

  /** Actions without which no request of the role is refused, and those whose want doctor does not notice. */
  const [idle, unnoticed] = [[] as string[], [] as string[]];

  test.each(USERS)(
    'OpenSearch with security: each action of the %s is needed: without it, a request is refused',
    async (user) => {
      await put(true);
      for (const less of lesser(user)) {
        const cluster = node.as(less.name);
        const names = less.patterns.length === 0 ? [''] : less.patterns;
        const verdicts = await Promise.all(
          names.map((name) => isAllowed(cluster, less.action, name, answersQuestions)),
        );
        if (!verdicts.includes(false)) unnoticed.push(less.action);
        const rows = rowsOf(user, less);
        if (await isRefused(cluster, rows)) continue;
        // What only the first write needs.
        await put(false);
        if (!(await isRefused(cluster, rows))) idle.push(less.name);
        await put(true);
      }
      expect(idle).toEqual([]);
    },
  );

  whereAsked('doctor notices each that is missing, but those that cannot be asked about', () => {
    expect([...new Set(unnoticed)].sort()).toMatchInlineSnapshot(`
     [
       "indices:admin/data_stream/delete",
       "indices:admin/delete",
       "indices:data/write/bulk*",
     ]
    `);
  });

  test('OpenSearch with security: the deployer destroys everything, data too', async () => {
    await give('deployer', 'destroy', { yes: true, 'with-data': true });
    const { body } = await request<{ index: string }[]>(node.admin, {
      method: 'GET',
      path: '/_cat/indices/logs-*,wmi-detections-*',
      query: { format: 'json', expand_wildcards: 'all' },
    });
    expect(body).toEqual([]);
    expect((await changes('reader')).every((change) => change.startsWith('create '))).toBe(true);
  });
});

const FAILURES = Array.from({ length: 200 }, (_, index) => 400 + index);
