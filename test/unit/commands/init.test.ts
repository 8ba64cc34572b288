import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { init, initCommand } from '../../../src/commands/init';
import { initText } from '../../../src/report/init-text';
import { readSettings, type Environment } from '../../../src/settings';
import { quiet } from '../../support/context';
import { fakeCluster, type FakeCluster } from '../../support/fake-cluster';
import { settingsFolder } from '../../support/temporary-folders';

const { path, written } = settingsFolder();
let server: FakeCluster;

beforeEach(async () => {
  server = await fakeCluster(undefined, ({ path: asked }) =>
    asked.startsWith('/_plugins/_alerting') ? { status: 400, body: { error: 'no handler found for uri' } } : {},
  );
});
afterEach(async () => {
  await server.close();
});

const file = (): string => join(path(), 'wmi-detections.yml');
const SECRETS = { WMI_DETECTIONS_ES_API_KEY: 'c2VjcmV0OmtleQ==' };

test('init: writes what it was given, with a reference for the key, and reports what it found', async () => {
  const done = await init(file(), { esUrl: server.url, namespace: 'soc' }, SECRETS, { force: false });
  expect(readFileSync(file(), 'utf8').replaceAll(server.url, '<url>')).toMatchInlineSnapshot(`
   "# Settings of wmi-detections; docs/connections.md has all of them. Flags and WMI_DETECTIONS_… variables win over this file.
   # A secret does not belong in here: \${VAR} stands for a variable of the environment, file:PATH for what is in a file.

   elasticsearch:
     url: "<url>"
     api_key: \${WMI_DETECTIONS_ES_API_KEY}   # or file:PATH; or username and password, bearer_token, service_token
     # ca: ca.pem                   # the authority of its certificate; or ca_fingerprint: SHA-256 of it
     # client_certificate: me.crt   # with client_key, where one is asked for

   # kibana:
   #   url: https://kibana.example:5601   # with it, rules can run in Elastic Security

   namespace: "soc"   # of data streams, rules and alerts
   scheduler: local   # kibana, opensearch-alerting, watcher or local
   # retention: 90d       # how long events are kept; for good unless set (Elasticsearch)
   # indices: [logs-*]    # what the rules read, in place of ours, Fleet's and Winlogbeat's

   # notify:              # webhooks that get the new alerts of \`run\`: docs/notify.md
   #   soc: {url: "\${SOC_WEBHOOK}", form: slack}

   # profiles:            # settings of other clusters, chosen by --profile NAME or WMI_DETECTIONS_PROFILE
   #   lab:
   #     elasticsearch: {url: "http://127.0.0.1:9200"}
   "
  `);
  expect(initText(done).replaceAll(server.url, '<url>').replaceAll(path(), '~')).toMatchInlineSnapshot(`
   "Wrote ~/wmi-detections.yml, with scheduler local.
   Found OpenSearch 3.8.0 at <url>.
   What can run the rules there:
     local: \`wmi-detections run\` executes the rules, on any cluster
   Next: wmi-detections doctor, which looks at your privileges, then wmi-detections plan"
  `);
});

test('init: its file can be read and means what was given', async () => {
  await init(file(), { esUrl: `${server.url},http://127.0.0.1:2`, namespace: 'soc' }, SECRETS, { force: false });
  const { elasticsearch, namespace, scheduler } = readSettings({ config: file() }, SECRETS);
  expect({ ...elasticsearch, namespace, scheduler }).toMatchObject({
    url: server.url,
    otherUrls: ['http://127.0.0.1:2'],
    apiKey: SECRETS.WMI_DETECTIONS_ES_API_KEY,
    namespace: 'soc',
    scheduler: 'local',
  });
});

test('init: writes no secret, wherever one came from', async () => {
  const environment = { WMI_DETECTIONS_ES_URL: server.url.replace('//', '//ines:hunter2@') };
  await init(file(), {}, environment, { force: false });
  expect(readFileSync(file(), 'utf8')).not.toContain('hunter2');
});

test('init: a user in the URL of the environment is used and not written; the same in a flag is refused', async () => {
  const esUrl = server.url.replace('//', '//ines:hunter2@');
  const argv = { config: file(), namespace: 'soc', force: false };
  const act = (environment: Environment, given: object) =>
    initCommand.run({ ...quiet(), environment }, { ...argv, ...given });
  const environment = { WMI_DETECTIONS_ES_URL: esUrl };
  await expect(act(environment, { esUrl })).rejects.toThrow('--es-url: the URL holds a user name or a password');
  expect(existsSync(file())).toBe(false);
  expect((await act(environment, {})).exit).toBe(0);
  const authorization = `Basic ${Buffer.from('ines:hunter2').toString('base64')}`;
  expect(server.arrived[0]?.headers).toMatchObject({ authorization });
  expect(readFileSync(file(), 'utf8')).not.toContain('hunter2');
});

test('init: an error in the environment names its variable', async () => {
  const act = initCommand.run(
    { ...quiet(), environment: { WMI_DETECTIONS_ES_URL: 'cluster:9200' } },
    { config: file(), namespace: 'soc', force: false },
  );
  await expect(act).rejects.toThrowErrorMatchingInlineSnapshot(
    `"environment variable WMI_DETECTIONS_ES_URL: elasticsearch.url: must be a URL that begins with http:// or https://"`,
  );
  expect(existsSync(file())).toBe(false);
});

test('init: a file that is there stays, unless it is to be replaced', async () => {
  written('namespace: mine\n');
  const act = (force: boolean) => init(file(), { esUrl: server.url }, {}, { force });
  await expect(act(false)).rejects.toThrow('is there already, and was left alone');
  expect(readFileSync(file(), 'utf8')).toBe('namespace: mine\n');
  await act(true);
  expect(readFileSync(file(), 'utf8')).toContain(server.url);
});

test('init: a folder that cannot be written is reported', async () => {
  const refused = async (name: string, force: boolean): Promise<string> => {
    const error: unknown = await init(join(path(), name), { esUrl: server.url }, {}, { force }).catch(
      (each: unknown) => each,
    );
    expect(error).toMatchObject({ code: 'INPUT' });
    return (error as Error).message.replaceAll(path(), '~');
  };
  expect(await refused('no/folder.yml', false)).toMatchInlineSnapshot(`
   "~/no/folder.yml: settings cannot be written here: ENOENT: no such file or directory, open '~/no/folder.yml'
     Name a file that can be written with --config."
  `);
  expect(await refused('', true)).toContain('EISDIR');
});

test('init: a cluster that does not answer is reported, and the file is written', async () => {
  const done = await init(file(), { esUrl: 'http://127.0.0.1:1' }, {}, { force: false });
  expect(done.tried.failures.join()).toContain('cannot be reached');
  expect(existsSync(file())).toBe(true);
});

test('init: an invalid URL is refused before anything is written', async () => {
  await expect(init(file(), { esUrl: 'cluster:9200' }, {}, { force: false })).rejects.toThrow('--es-url: ');
  expect(existsSync(file())).toBe(false);
});

test('init: on a terminal what no flag says is asked for', async () => {
  const asked: string[] = [];
  const ask = (question: string, otherwise: string | undefined): Promise<string | undefined> => {
    asked.push(question);
    return Promise.resolve(question.startsWith('URL of Elasticsearch') ? server.url : otherwise);
  };
  const outcome = await initCommand.run({ ...quiet(), ask }, { config: file(), namespace: 'soc', force: false });
  expect(asked).toEqual(['URL of Elasticsearch or OpenSearch', 'URL of Kibana, empty for none']);
  expect(outcome.exit).toBe(0);
  expect(readFileSync(file(), 'utf8')).toContain(server.url);
});
