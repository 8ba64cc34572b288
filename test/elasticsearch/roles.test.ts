import { readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { findVerb } from '../../src/commands';
import type { Outcome } from '../../src/commands/command';
import type { Doctor } from '../../src/commands/doctor';
import { connect, type Cluster } from '../../src/cluster/cluster';
import { commandsOf } from '../../src/doctor/roles';
import { ProblemError } from '../../src/errors';
import { USERS, type RequestRow, type Verb } from '../../src/schedulers/request-table';
import { authority } from '../support/certificates';
import { quiet } from '../support/context';
import { ASKED, lesser, PRINTED, roleOfWatches, rowsOf, type Lesser } from '../support/elasticsearch-roles';
import { startSecuredElasticsearch, type SecuredElasticsearch } from '../support/elasticsearch-secured';
import { request, type Request } from '../support/request';
import { requestsFor } from '../support/request-table';
import { project, type Project } from '../support/temporary-folders';

/*
 * The roles of Elasticsearch, as `doctor --roles` prints them, as API keys on a real node with security: each kind of user does its whole
 * work with its role and no more, and content arrives. The tests go on from one another, as the users do.
 */
jest.setTimeout(300_000);

const [STREAM, ALERTS, STATE] = [
  'logs-sysmon.process_creation-soc',
  'wmi-detections-alerts-soc',
  'wmi-detections-state-soc',
];

let ours: Project;
let node: SecuredElasticsearch;
let started: SecuredElasticsearch | undefined;

beforeAll(async () => {
  ours = project();
  started = node = await startSecuredElasticsearch();
  const newcomer = { cluster: ['monitor'], indices: [] };
  const blind = {
    ...PRINTED.deployer,
    indices: PRINTED.deployer.indices.filter(({ privileges }) => !privileges.includes('view_index_metadata')),
  };
  const less = USERS.flatMap((user) => lesser(user).map(({ name, role }) => [name, role] as const));
  await node.createKeys({ ...PRINTED, newcomer, blind, ...Object.fromEntries(less) });
}, 420_000);
afterAll(async () => {
  await started?.stop();
  ours.remove();
}, 60_000);

/** A command, given with a key. */
async function give(
  key: string,
  name: string,
  argv: Record<string, unknown> = {},
  notes: string[] = [],
): Promise<Outcome> {
  const command = findVerb(name)?.load();
  if (command === undefined) throw new Error(`there is no command ${name}`);
  const flags = { namespace: ASKED.namespace, content: ours.folder, output: 'json', ...argv };
  const note = (line: string): void => {
    notes.push(line);
  };
  return command.run({ ...quiet(), note, environment: node.environmentOf(key) }, flags);
}

interface Applied {
  readonly action: string;
  readonly id: string;
  readonly status?: string;
  readonly error?: string;
}

const changesIn = ({ json }: Outcome): readonly Applied[] => (json as { changes: readonly Applied[] }).changes;

const changes = async (key: string): Promise<string[]> =>
  changesIn(await give(key, 'plan', { prune: false })).map(({ action, id }) => `${action} ${id}`);

const deploy = (key = 'deployer'): Promise<Outcome> => give(key, 'deploy', { yes: true, prune: false });

const alertsOf = async (key: string, argv = {}): Promise<{ _id: string }[]> =>
  (await give(key, 'alerts', { limit: 100, ...argv })).json as { _id: string }[];

/** Commands that look, with flags. */
const COMMANDS: Partial<Record<Verb, Record<string, unknown>>> = {
  plan: { prune: false },
  deploy: { yes: true, prune: false },
  status: { since: '24h', 'max-blind': 50 },
  run: { 'dry-run': true },
  alerts: { limit: 100 },
  ack: { action: 'ack', ids: ['0'] },
  risk: { from: '2025-03-01', cap: 3 },
  reconcile: { from: '2025-03-01', to: 'now' },
};

describe('Elasticsearch with security', () => {
  test('each privilege of the shipper is needed, where nothing is there yet', async () => {
    const idle: string[] = [];
    for (const less of lesser('shipper'))
      if (!(await isRefused(node.as(less.name), rowsOf(less)))) idle.push(shown(less));
    expect(idle).toEqual([]);
  });

  test('the deployer adopts what is there, and deploys; the reader sees that nothing is left to do', async () => {
    const id = 'process_creation@event-pipeline';
    const path = `/_ingest/pipeline/${encodeURIComponent(id)}`;
    await request(node.admin, { method: 'PUT', path, body: { processors: [] } });
    expect(await changes('reader')).toContain(`foreign ${id}`);
    await give('deployer', 'adopt', { things: [`ingest_pipeline/${id}`], yes: true });
    expect(await changes('reader')).toContain(`update ${id}`);
    const applied = changesIn(await deploy());
    expect([...new Set(applied.map(({ status }) => status))]).toEqual(['done']);
    expect(await changes('reader')).toEqual([]);
  });

  test('the shipper sends every sample, and each arrives', async () => {
    const { json } = await give('shipper', 'replay', { files: ['samples'] });
    const { read, indexed, failed } = json as Record<string, number>;
    expect({ read, indexed, failed }).toEqual({ read, indexed: read, failed: 0 });
    await request(node.admin, { method: 'POST', path: '/logs-*/_refresh' });
    const { body } = await request<{ count: number }>(node.admin, { method: 'POST', path: '/logs-*-soc/_count' });
    expect(body.count).toBe(read);
    const again = (await give('shipper', 'replay', { files: ['samples'] })).json as Record<string, number>;
    expect([again['indexed'], again['duplicates'], again['failed']]).toEqual([0, read, 0]);
  });

  test('the runner writes the alerts, once each, and acknowledges one', async () => {
    const run = async (argv = {}): Promise<number[][]> =>
      ((await give('runner', 'run', argv)).json as { rules: Record<string, number>[] }).rules.map((rule) => [
        rule['alerts'] ?? 0,
        rule['new'] ?? 0,
      ]);
    const first = await run();
    expect(first.every(([alerts = 0, fresh]) => alerts > 0 && fresh === alerts)).toBe(true);
    const none = first.map(([alerts]) => [alerts, 0]);
    expect(await run({ 'dry-run': true })).toEqual(none);
    expect(await run()).toEqual(none);
    const [one] = await alertsOf('reader');
    const status = async (action: string): Promise<void> => {
      await give('runner', 'alerts', { action, ids: [one?._id] });
    };
    await status('close');
    await status('reopen');
    await status('ack');
    expect((await alertsOf('reader', { status: 'acknowledged' })).map(({ _id }) => _id)).toEqual([one?._id]);
  });

  test('the reader reads alerts, explanations, risk, missing alerts and status', async () => {
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

  test('an event of a year beyond 9999 stops neither run nor status', async () => {
    const process = { name: 'cmd.exe', parent: { name: 'WmiPrvSE.exe' } };
    const event = { category: ['process'], type: ['start'], ingested: new Date().toISOString() };
    const far = { '@timestamp': 300_000_000_000_000, event, process };
    const query = { refresh: true, pipeline: '_none' };
    await request(node.admin, { method: 'POST', path: `/${STREAM}/_doc`, query, body: far });
    const { json } = await give('runner', 'run');
    expect((json as { rules: { new: number }[] }).rules.map((rule) => rule.new).sort()).toEqual([0, 1]);
    const status = (await give('reader', 'status', { since: '24h', 'max-blind': 50 })).text;
    expect(status).toContain('newest event of 9999-12-31T23:59:59.999Z');
  });

  test('a plan does not show what the engine adds to a pipeline', async () => {
    const file = 'pipelines/logs-wmi_detections.unrecognised@default-pipeline.yml';
    ours.edit(file, 'description: ', 'description: Changed. ');
    const { text } = await give('reader', 'plan', { prune: false });
    ours.edit(file, 'description: Changed. ', 'description: ');
    expect(text).toContain('+description: Changed. ');
    expect(text).not.toContain('_date');
  });

  test('the deployer tries pipelines and rules, and brings a changed mapping to the data streams', async () => {
    const tried = await give('deployer', 'simulate', { fixtures: 'test/pipelines', generate: false });
    expect(tried.exit).toBe(0);
    expect((await give('deployer', 'test')).exit).toBe(0);
    const file = 'mappings/component-templates/process_creation@mappings.yml';
    ours.edit(file, '    properties:\n', '    properties:\n      zz_new:\n        type: keyword\n');
    expect(await changes('deployer')).toContain(`put_mapping ${STREAM}`);
    expect((await deploy()).exit).toBe(0);
    ours.edit(file, 'zz_new:\n        type: keyword', 'zz_new:\n        type: long');
    expect(await changes('deployer')).toContain(`rollover ${STREAM}`);
    expect((await deploy()).exit).toBe(0);
    expect(await changes('deployer')).toEqual([]);
  });

  /** The code of the error that a command ends in; of a plan that was begun, FORBIDDEN when none of it was done for that. */
  async function refusalOf(key: string, command: string, argv?: Record<string, unknown>): Promise<unknown> {
    try {
      const outcome = await give(key, command, argv);
      const { failures } = outcome.json as { failures?: readonly { code: string }[] };
      if (failures !== undefined) return failures[0]?.code;
      const done = changesIn(outcome);
      const none = done.every(({ status, error }) => status !== 'done' && error?.includes('unauthorized') !== false);
      return done.length > 0 && none ? 'FORBIDDEN' : done;
    } catch (error) {
      return (error as { code?: string }).code ?? error;
    }
  }

  test('a request outside a role is refused and changes nothing', async () => {
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
    const found = [];
    for (const [key, command, argv] of refusals) found.push([key, command, await refusalOf(key, command, argv)]);
    expect(found).toEqual(refusals.map(([key, command]) => [key, command, 'FORBIDDEN']));
    expect(await changes('reader')).toEqual([]);
    // What no command of theirs asks for, asked for all the same.
    const direct: [string, Request][] = [
      ['shipper', { method: 'POST', path: `/${STREAM}/_search` }],
      ['reader', { method: 'PUT', path: `/${ALERTS}/_doc/x`, body: {} }],
      ['reader', { method: 'PUT', path: `/${STREAM}/_create/x`, body: {} }],
      ['reader', { method: 'GET', path: '/_security/role' }],
      ['runner', { method: 'PUT', path: `/${STREAM}/_create/x`, body: {} }],
      ['runner', { method: 'DELETE', path: `/${ALERTS}` }],
      ['runner', { method: 'PUT', path: '/_ingest/pipeline/x', body: { processors: [] } }],
      ['deployer', { method: 'PUT', path: '/logs-others/_doc/x', body: {} }],
    ];
    for (const [key, asked] of direct) {
      const { status } = await request(node.as(key), { ...asked, allow: [403] });
      expect([key, asked.path, status]).toEqual([key, asked.path, 403]);
    }
  });

  test('the shipper cannot read, the reader cannot write, the runner changes no event and no content', async () => {
    const [shipper, runner, reader] = [node.as('shipper'), node.as('runner'), node.as('reader')];
    const statusOf = async (cluster: Cluster, asked: Request): Promise<number> =>
      (await request(cluster, { ...asked, allow: FAILURES })).status;
    const read = (index: string): Request => ({ method: 'POST', path: `/${index}/_search` });
    const write = (index: string): Request => ({ method: 'PUT', path: `/${index}/_create/x`, body: { a: 1 } });
    const remove = (index: string): Request => ({ method: 'DELETE', path: `/${index}` });
    for (const index of [STREAM, ALERTS, STATE, 'winlogbeat-8']) {
      expect([index, await statusOf(shipper, read(index))]).toEqual([index, 403]);
      expect([index, await statusOf(reader, write(index))]).toEqual([index, 403]);
      for (const user of [shipper, runner, reader]) expect(await statusOf(user, remove(index))).toBe(403);
    }
    expect(await statusOf(shipper, write(ALERTS))).toBe(403);
    expect(await statusOf(runner, write(STREAM))).toBe(403);
    const pipeline: Request = { method: 'PUT', path: '/_ingest/pipeline/x', body: { processors: [] } };
    for (const user of [shipper, runner, reader]) expect(await statusOf(user, pipeline)).toBe(403);
  });

  test.each(USERS)('doctor tells the %s that nothing is missing', async (user) => {
    const { json, exit } = await give(user, 'doctor', { for: user });
    expect([exit, (json as Doctor).granted.find((each) => each.user === user)?.lacks]).toEqual([0, []]);
  });

  test('doctor names to a newcomer what is missing', async () => {
    const { json, exit } = await give('newcomer', 'doctor', { for: 'shipper' });
    const { granted } = json as Doctor;
    expect([exit, granted.map(({ may }) => may)]).toEqual([1, [false, false, false, false]]);
    expect(granted.find((each) => each.user === 'shipper')?.lacks.map((lack) => lack.split(',')[0])).toEqual([
      'indices:admin/index_template/simulate',
      'auto_configure on logs-sysmon.process_creation-soc',
      'create_doc on logs-sysmon.process_creation-soc',
      'view_index_metadata on logs-sysmon.process_creation-soc',
    ]);
  });

  test('destroy by a user to whom data streams are hidden deletes nothing', async () => {
    await expect(give('blind', 'destroy', { yes: true })).rejects.toThrow(
      'destroy needs the privilege view_index_metadata on logs-sysmon.process_creation-*',
    );
    await expect(give('blind', 'plan', { prune: false })).rejects.toThrow(
      'you do not have the privilege view_index_metadata on logs-',
    );
    expect(await changes('reader')).toEqual([]);
  });

  /** Whether one of the requests is refused. To a user who may not see its size, Elasticsearch hides a stream that is to roll over. */
  async function isRefused(cluster: Cluster, rows: readonly RequestRow[]): Promise<boolean> {
    for (const asked of rows.flatMap((row) => requestsFor(row, ASKED))) {
      const scroll = asked.path === '/_search/scroll' && { body: { scroll_id: 'bm9uZQ==' } };
      const { status, body } = await request<unknown>(cluster, { ...asked, ...scroll, retry: false, allow: FAILURES });
      if (status === 403 || JSON.stringify(body).includes('security_exception')) return true;
      if (status === 404 && asked.path.endsWith('/_rollover')) return true;
    }
    return false;
  }

  /**
   * The node does not have the requests to delete a data stream and to set its lifecycle. And who may index may put mappings, too, which
   * Elasticsearch calls deprecated.
   */
  const UNPROVEN =
    /^((delete_index|manage_data_stream_lifecycle) on logs-|indices:admin\/mapping\/put on wmi-detections-state)/;

  const shown = ({ privilege, patterns }: Lesser): string =>
    patterns.length === 0 ? privilege : `${privilege} on ${patterns.join()}`;

  test.each(['deployer', 'runner', 'reader'] as const)(
    'each privilege of the %s is needed: without it, a request is refused',
    async (user) => {
      const idle: string[] = [];
      for (const less of lesser(user)) {
        if (await isRefused(node.as(less.name), rowsOf(less))) continue;
        // What only the first write needs. Data streams cannot be deleted there.
        await request(node.admin, {
          method: 'DELETE',
          path: `/${STATE},${ALERTS}`,
          query: { ignore_unavailable: true },
        });
        if (!(await isRefused(node.as(less.name), rowsOf(less)))) idle.push(shown(less));
        await put();
      }
      expect(idle.filter((each) => !UNPROVEN.test(each))).toEqual([]);
    },
  );

  /** Each plain index of ours, with one document. */
  async function put(): Promise<void> {
    const lines = [STATE, ALERTS].flatMap((_index) => [{ index: { _index, _id: 'any-id' } }, { kind: 'none' }]);
    const ndjson = lines.map((line) => `${JSON.stringify(line)}\n`).join('');
    await request(node.admin, { method: 'POST', path: '/_bulk', query: { refresh: true }, ndjson });
  }

  /** The commands that a lack of this privilege reaches, and what each of them ends in: an error, or what it says. */
  test('no command takes what it may not see for what is not there', async () => {
    const silent: string[] = [];
    for (const less of USERS.flatMap(lesser)) {
      if (!/^(read|view_index_metadata)$/.test(less.privilege)) continue;
      const verbs = new Set(rowsOf(less).flatMap(({ verbs: all }) => all));
      for (const verb of verbs) {
        const argv = COMMANDS[verb];
        if (argv === undefined || !commandsOf(less.user).includes(verb)) continue;
        const notes: string[] = [];
        const outcome = await give(less.name, verb === 'ack' ? 'alerts' : verb, argv, notes).then(
          ({ exit, text }) => `${exit} ${text.slice(0, 300)}`,
          (error: unknown) => (error instanceof ProblemError ? '' : String(error)),
        );
        const isSaid = outcome === '' || notes.some((note) => note.startsWith('You may not read '));
        if (!isSaid) silent.push(`${verb} without ${shown(less)}: ${outcome}`);
      }
    }
    expect(silent).toEqual([]);
  });

  test('Elasticsearch knows every privilege of the roles of watches', async () => {
    for (const user of USERS) {
      const { cluster, indices } = roleOfWatches(user);
      const body = { cluster, index: indices.map((each) => ({ ...each })) };
      const asked: Request = { method: 'POST', path: '/_security/user/_has_privileges', body };
      const { body: answer } = await request<{ has_all_requested: boolean }>(node.admin, asked);
      expect([user, answer.has_all_requested]).toEqual([user, true]);
    }
  });

  test('the deployer destroys the rules; what the data streams need stays, and so do events', async () => {
    await deploy();
    const destroyed = await give('deployer', 'destroy', { yes: true });
    expect(destroyed.exit).toBe(0);
    expect(destroyed.text).toMatch(/^Destroy: 2 done, 0 failed, 0 skipped, \d+ unchanged\.$/m);
    expect((await give('shipper', 'replay', { files: ['samples'] })).json).toMatchObject({
      failed: 0,
    });
  });

  test('destroy --with-data, where data streams cannot be deleted, keeps everything that they need', async () => {
    await deploy();
    const destroyed = await give('deployer', 'destroy', { yes: true, 'with-data': true });
    expect(destroyed.exit).toBe(2);
    const kept = changesIn(destroyed)
      .filter(({ status }) => status === 'skipped')
      .map(({ id }) => id);
    expect(kept).toEqual(
      expect.arrayContaining(['logs-sysmon.process_creation@template', 'process_creation@event-pipeline']),
    );
    const event = { '@timestamp': '2026-01-01T00:00:00Z', message: 'an event' };
    const asked: Request = { method: 'POST', path: `/${STREAM}/_doc`, body: event };
    expect((await request(node.admin, asked)).status).toBe(201);
  });
});

describe('Elasticsearch with security: TLS', () => {
  const pem = (path: string): string => readFileSync(path, 'utf8');

  /** Why a connection is refused. */
  async function outcome(connection: Partial<Parameters<typeof connect>[0]>): Promise<string> {
    try {
      await connect({ url: node.node.url, ...node.node.admin, ...connection });
      return 'connected';
    } catch (error) {
      if (!(error instanceof ProblemError)) throw error;
      return error.message;
    }
  }

  test('our authority is accepted, by its file and its fingerprint; another is not', async () => {
    const { certificate, fingerprint } = node.authority;
    expect(await outcome({ ca: pem(certificate) })).toBe('connected');
    expect(await outcome({ caFingerprint: fingerprint.replaceAll(':', '') })).toBe('connected');
    expect(await outcome({})).toContain('not signed by a known authority');
    const other = authority(dirname(certificate), 'other');
    expect(await outcome({ ca: pem(other.certificate) })).toContain('not signed by a known authority');
  });

  test('another name than the one in the certificate is refused', async () => {
    const url = node.node.url.replace('127.0.0.1', 'localhost');
    const said = await outcome({ url, ca: pem(node.authority.certificate) });
    expect(said).toContain('The certificate is for another host name');
  });

  // The last one: the node shows it from here on.
  test('an expired certificate is refused', async () => {
    node.node.show(node.authority.sign('expired', 'IP:127.0.0.1', -1));
    const end = Date.now() + 60_000;
    let said: string;
    do said = await outcome({ ca: pem(node.authority.certificate) });
    while (said === 'connected' && Date.now() < end);
    expect(said).toContain('The certificate has expired');
  });
});

const FAILURES = Array.from({ length: 200 }, (_, index) => 400 + index);
