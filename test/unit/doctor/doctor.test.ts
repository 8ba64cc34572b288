import { USERS } from '../../../src/schedulers/request-table';
import { grantsOf } from '../../../src/doctor/permissions';
import { doctor, roles } from '../../../src/commands/doctor';
import { doctorText, rolesText } from '../../../src/report/doctor-text';
import { readSettings } from '../../../src/settings';
import { connect } from '../../../src/cluster/cluster';
import { fakeCluster, type Arrived, type FakeCluster, type Given } from '../../support/fake-cluster';

// Who may do what is Elasticsearch's own word in test/contract/elasticsearch-security.test.ts; here stands what it could say.
let server: FakeCluster;
let said: (request: Arrived) => Given;

const ELASTICSEARCH = { version: { number: '8.19.21' } };

beforeEach(async () => {
  server = await fakeCluster(undefined, (request) => said(request));
});
afterEach(async () => {
  await server.close();
});

/** An Elasticsearch, on which the user may do all but what `denied` says. */
function elasticsearch(denied: (privilege: string) => boolean, license: object, timestamp: number) {
  return ({ path, body }: Arrived): Given => {
    if (path === '/') return { body: ELASTICSEARCH };
    if (path.startsWith('/_license')) return { body: { license } };
    if (path.startsWith('/_cluster/stats')) return { body: { timestamp } };
    if (!path.startsWith('/_security/user/_has_privileges')) return { status: 404, body: { error: path } };
    const asked = JSON.parse(body) as { cluster: string[]; index: { names: string[]; privileges: string[] }[] };
    const may = (privileges: string[]) => Object.fromEntries(privileges.map((each) => [each, !denied(each)]));
    const index = new Map<string, object>();
    for (const { names, privileges } of asked.index) {
      for (const name of names) index.set(name, { ...index.get(name), ...may(privileges) });
    }
    return { body: { username: 'ines', cluster: may(asked.cluster), index: Object.fromEntries(index) } };
  };
}

async function examined(user: Parameters<typeof doctor>[1], settings = {}) {
  const found = await doctor(readSettings({ esUrl: server.url, namespace: 'soc', ...settings }, {}), user);
  return { found, text: doctorText(found, user).replaceAll(server.url, '<url>') };
}

test('doctor: finds nothing missing where all is well, and only looks', async () => {
  said = elasticsearch(() => false, { type: 'basic', status: 'active' }, Date.now());
  const { found, text } = await examined('deployer');
  expect(text).toMatchInlineSnapshot(`
   "ok       cluster: answers at <url>
   ok       version: Elasticsearch 8.19.21
   ok       licence: basic
   ok       clock: agrees with ours
   ok       scheduler local: \`run\` executes the rules, on any cluster
   ok       security: you are ines

   What you may do
   yes      deployer
   yes      shipper
   yes      runner
   yes      reader

   Nothing is missing for a deployer."
  `);
  expect(found.missing).toBe(false);
  expect(server.arrived.every(({ method, path }) => method === 'GET' || path.endsWith('/_has_privileges'))).toBe(true);
});

test('doctor: names what is missing for the requested role', async () => {
  const denied = (privilege: string) => privilege.startsWith('manage') || privilege === 'delete';
  said = elasticsearch(denied, { type: 'trial', status: 'expired' }, Date.now() - 3_600_000);
  const { found, text } = await examined('deployer');
  expect(text).toMatchInlineSnapshot(`
   "ok       cluster: answers at <url>
   ok       version: Elasticsearch 8.19.21
   MISSING  licence: trial, expired
            Renew the licence.
   warning  clock: 1 h 0 min behind ours
            Set the clocks by NTP: ages and "now-24h" are off by that.
   ok       scheduler local: \`run\` executes the rules, on any cluster
   ok       security: you are ines

   What you may do
   no       deployer
            lacks manage_index_templates
            lacks manage_ingest_pipelines
            lacks delete on wmi-detections-state-soc
            lacks manage_data_stream_lifecycle on logs-sysmon.process_creation-soc, logs-windows_security.process_creation-soc, logs-crowdstrike.process_rollup2-soc, logs-wmi_detections.unrecognised-soc
   yes      shipper
   yes      runner
   yes      reader

   Something is missing for a deployer; \`wmi-detections doctor --roles\` prints whole roles."
  `);
  expect(found.missing).toBe(true);
  said = elasticsearch(denied, { type: 'basic', status: 'active' }, Date.now());
  expect((await examined('shipper')).found.missing).toBe(false);
});

test('doctor: reports a cluster without security', async () => {
  said = ({ path }) => (path === '/' ? { body: ELASTICSEARCH } : { status: 400, body: { error: 'no handler found' } });
  const { found, text } = await examined('deployer');
  expect(text).toContain('warning  security: the cluster asks nobody who he is');
  expect(found.missing).toBe(false);
});

test.each([
  [
    'security is not enabled, in the words of its own handler',
    500,
    'Security is not enabled but a security rest handler is registered',
    'warning',
  ],
  ['a fault of the server', 500, 'failed to read the security index', 'unknown'],
  ['a page that is not there', 404, 'Not Found', 'unknown'],
  ['a proxy that lets nothing of it through', 403, 'not allowed here', 'unknown'],
])('doctor: reports privileges: %s', async (_, status, error, state) => {
  for (const root of [ELASTICSEARCH, { version: { number: '3.8.0', distribution: 'opensearch' } }]) {
    said = ({ path }) => (path === '/' ? { body: root } : { status, body: { error } });
    const { granted, check } = await grantsOf(await connect({ url: server.url }), {
      namespace: 'soc',
      spaces: [],
      scheduler: 'local',
    });
    expect({ state: check.state, may: granted.map(({ may }) => may) }).toEqual({
      state,
      may: USERS.map(() => (state === 'warning' ? true : undefined)),
    });
    if (state === 'unknown') expect(check.message).toContain(error);
  }
});

test('doctor: unknown privileges are not reported as missing', async () => {
  said = (request) =>
    request.path.startsWith('/_security')
      ? { status: 500, body: { error: 'failed to read the security index' } }
      : elasticsearch(() => false, { type: 'basic', status: 'active' }, Date.now())(request);
  const { found, text } = await examined('deployer');
  expect(found.missing).toBe(false);
  expect(text.slice(text.indexOf('unknown  security'))).toMatchInlineSnapshot(`
   "unknown  security: what you may do is not told: failed to read the security index
            The cluster could not do this now; run the command again when it is well.

   What you may do
   unknown  deployer
   unknown  shipper
   unknown  runner
   unknown  reader

   Nothing is missing for a deployer."
  `);
});

/** An OpenSearch with its security plugin, on which the user may do all but what `denied` says of method and path. */
function openSearch(denied: (asked: string) => boolean, answersQuestions: boolean) {
  return ({ method, path }: Arrived): Given => {
    const [asked = '', query = ''] = path.split('?');
    if (asked === '/') return {};
    if (asked === '/_plugins/_security/authinfo') return { body: { user_name: 'ines' } };
    const no = denied(`${method} ${asked}`);
    if (!query.includes('perform_permission_check'))
      return no ? { status: 403, body: { error: 'no permissions' } } : ABSENT;
    if (answersQuestions) return { body: { accessAllowed: !no, missingPrivileges: no ? ['what it is called'] : [] } };
    return { status: 400, body: { error: 'unrecognized parameter: [perform_permission_check]' } };
  };
}

const ABSENT = { status: 404, body: { error: 'no such index' } };

test('doctor: on OpenSearch with the security plugin it tries reads and asks about writes', async () => {
  const denied = (asked: string) =>
    /^GET \/_component_template|^PUT \/(_index_template|wmi-detections-state)/.test(asked);
  said = openSearch(denied, true);
  const { found, text } = await examined('runner');
  expect(text).toMatchInlineSnapshot(`
   "ok       cluster: answers at <url>
   ok       version: OpenSearch 3.8.0
   ok       licence: OpenSearch needs none
   unknown  clock: the cluster does not tell its time
   ok       scheduler local: \`run\` executes the rules, on any cluster
   unknown  security: you are ines; what deletes indices, and what a bulk request does in a shard, was not asked
            Compare your role with the one that \`wmi-detections doctor --roles\` prints.

   What you may do
   no       deployer
            lacks cluster:admin/component_template/get
            lacks indices:admin/index_template/put
            lacks indices:admin/create on wmi-detections-state-soc
            lacks indices:admin/mapping/put on wmi-detections-state-soc
            lacks indices:data/write/index on wmi-detections-state-soc
            lacks indices:* on wmi-detections-state-trial.*
   unknown  shipper
   no       runner
            lacks indices:admin/create on wmi-detections-state-soc
            lacks indices:data/write/index on wmi-detections-state-soc
   no       reader
            lacks cluster:admin/component_template/get

   Something is missing for a runner; \`wmi-detections doctor --roles\` prints whole roles."
  `);
  expect(found.missing).toBe(true);
});

test('doctor: on an older plugin it tries reads and reports the rest as unknown', async () => {
  said = openSearch((asked) => asked.startsWith('GET /_component_template') || asked.startsWith('PUT'), false);
  const { found, text } = await examined('runner');
  expect(text).toMatchInlineSnapshot(`
   "ok       cluster: answers at <url>
   ok       version: OpenSearch 3.8.0
   ok       licence: OpenSearch needs none
   unknown  clock: the cluster does not tell its time
   ok       scheduler local: \`run\` executes the rules, on any cluster
   unknown  security: you are ines; the security plugin does not tell what you may change
            Compare your role with the one that \`wmi-detections doctor --roles\` prints.

   What you may do
   no       deployer
            lacks cluster:admin/component_template/get
   unknown  shipper
   unknown  runner
   no       reader
            lacks cluster:admin/component_template/get

   Nothing is missing for a runner."
  `);
  expect(found.missing).toBe(false);
  expect(server.arrived.some(({ method }) => method === 'PUT')).toBe(false);
});

test('doctor: on OpenSearch it sends writes only as questions, and never a deletion of data', async () => {
  said = openSearch(() => false, true);
  await examined('deployer');
  const sent = server.arrived.map(({ method, path }) => `${method} ${path}`);
  const looks = /^GET |^(POST|DELETE) \/_search\/scroll|^POST \/\S*(_search|_msearch|_mget|_refresh|_simulate)$/;
  const changes = sent.filter((each) => !looks.test(each));
  expect(changes.length).toBeGreaterThan(10);
  expect(changes.filter((each) => !each.includes('perform_permission_check=true'))).toEqual([]);
  expect(changes.filter((each) => /^DELETE (?!\S*no-such)/.test(each))).toEqual([]);
});

test('doctor: reports a version that is too old, and one that is not known yet', async () => {
  said = ({ path }) => (path === '/' ? { body: { version: { number: '7.17.9' } } } : { status: 400 });
  expect((await examined('reader')).text).toContain('MISSING  version: Elasticsearch 7.17.9');
  said = ({ path }) =>
    path === '/' ? { body: { version: { number: '4.0.0', distribution: 'opensearch' } } } : { status: 400 };
  expect((await examined('reader')).text).toContain('warning  version: OpenSearch 4.0.0');
});

test('doctor: reports a missing scheduler', async () => {
  said = elasticsearch(() => false, { type: 'basic', status: 'active' }, Date.now());
  expect((await examined('deployer', { scheduler: 'watcher' })).text).toContain(
    'MISSING  scheduler watcher: no watches there',
  );
  expect((await examined('deployer', { scheduler: 'kibana' })).text).toContain(
    'MISSING  scheduler kibana: no Kibana is named',
  );
  expect((await examined('deployer', { scheduler: 'opensearch-alerting' })).text).toContain(
    'MISSING  scheduler opensearch-alerting: no alerting plugin is there',
  );
});

test('doctor: an interruption ends the questions to Kibana, too', async () => {
  const stop = new AbortController();
  let interrupts = true;
  said = (request) => {
    if (request.path.startsWith('/api/spaces')) return {};
    if (request.path !== '/api/status') {
      return elasticsearch(() => false, { type: 'basic', status: 'active' }, Date.now())(request);
    }
    if (interrupts) stop.abort();
    return { body: { version: { number: '9.1.0' } } };
  };
  const settings = readSettings({ esUrl: server.url, kibanaUrl: server.url, space: 'soc' }, {}, { file: false });
  const asked = () => server.arrived.filter(({ path }) => path.startsWith('/api/')).map(({ path }) => path);
  await expect(doctor(settings, 'deployer', { signal: stop.signal })).rejects.toMatchObject({ code: 'INTERRUPTED' });
  expect(asked()).toEqual(['/api/status']);
  interrupts = false;
  await doctor(settings, 'deployer');
  expect(asked()).toContain('/api/spaces/space/soc');
});

test('doctor: reports a cluster that does not answer', async () => {
  const found = await doctor(readSettings({ esUrl: 'http://127.0.0.1:1' }, {}), 'deployer');
  expect(doctorText(found, 'deployer')).toMatchInlineSnapshot(`
   "MISSING  cluster: cannot be reached (connect ECONNREFUSED 127.0.0.1:1)
            Nothing listens there: check host and port, or start the embedded engine with \`wmi-detections engine start\`.

   Something is missing for a deployer; \`wmi-detections doctor --roles\` prints whole roles."
  `);
  expect(found.missing).toBe(true);
});

test.each(['local', 'kibana', 'watcher'])(
  'doctor: with scheduler %s, what is checked is what is printed',
  async (scheduler) => {
    said = elasticsearch(() => false, { type: 'trial', status: 'active' }, Date.now());
    await examined('deployer', { scheduler });
    const checked = server.arrived.filter(({ path }) => path.endsWith('/_has_privileges'));
    const printed = roles(readSettings({ namespace: 'soc', scheduler }, {}, { file: false }));
    expect(checked.map(({ body }) => JSON.parse(body) as unknown)).toEqual(
      printed.map(({ elasticsearch: { cluster, indices: index } }) => ({ cluster, index })),
    );
  },
);

test('doctor: the role that acknowledges alerts of Kibana may write alerts and no rules', () => {
  const of = (scheduler: string, user: string) =>
    roles(readSettings({ namespace: 'soc', scheduler, space: 'soc' }, {}, { file: false })).find(
      (each) => each.user === user,
    );
  const onAlerts = (user: string): readonly string[] =>
    of('kibana', user)?.elasticsearch.indices.flatMap(({ names, privileges }) =>
      names.includes('.alerts-security.alerts-soc') ? privileges : [],
    ) ?? [];
  expect(of('kibana', 'runner')?.kibana).toEqual({ base: [], feature: { siem: ['read'] }, spaces: ['soc'] });
  expect(onAlerts('runner')).toEqual(['maintenance', 'read', 'view_index_metadata', 'write']);
  expect(onAlerts('reader')).toEqual(['read']);
  expect(onAlerts('shipper')).toEqual([]);
  expect(of('local', 'runner')).not.toHaveProperty('kibana');
});

test('doctor: prints the roles', () => {
  const printed = roles(readSettings({ namespace: 'soc', scheduler: 'kibana', space: 'soc' }, {}));
  expect(rolesText(printed)).toMatchSnapshot();
  // Who ships events never deletes or reads, and who reads never writes.
  const of = (user: string) => JSON.stringify(printed.find((each) => each.user === user));
  expect(of('shipper')).not.toMatch(/"read"|data\/read|delete|manage/);
  expect(of('reader')).not.toMatch(/"(index|write|create_doc|manage\w*|delete\w*)"|data\/write|put"|delete"/);
});
