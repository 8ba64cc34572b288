import { readAllContent } from '../../src/resources/read-all-content';
import { silencedShare } from '../../src/plan/warnings';
import { PROGRAM_FOLDER } from '../../src/program';
import { ruleKind } from '../../src/schedulers/local/stored-rule-kind';
import type { Content } from '../../src/resources/kind';
import type { Exception } from '../../src/sigma/exceptions';
import { indexEcs } from '../support/ecs-index';
import { request } from '../support/request';
import { testCluster } from '../support/cluster';

/* The shipped exception for DismHost.exe, switched on, on a real engine and our mappings. */
const INDEX = 'exceptions-of-rules';
const SLUG = 'process_execution_via_wmi';

const child = (process: object): object => ({
  '@timestamp': '2026-03-04T10:00:00.000Z',
  event: { category: ['process'], type: ['start'] },
  process: { parent: { name: 'WmiPrvSE.exe' }, ...process },
});
const documents = {
  'by its command line': child({ name: 'x.exe', command_line: 'C:\\Temp\\DISMHOST.EXE {7A3B}' }),
  'by its name, without a command line': child({ name: 'DismHost.exe' }),
  'by its path, without a name': child({ executable: 'C:\\Windows\\Temp\\1\\dismhost.exe' }),
  'twin: another program without a command line': child({ name: 'notepad.exe' }),
  'twin: nothing known of it': child({}),
  'twin: a longer name': child({ name: 'DismHost.exe.bak.exe', executable: 'C:\\NotDismHost.exe' }),
};

const shipped = readAllContent(PROGRAM_FOLDER);
const rule = shipped.rules.find(({ slug }) => slug === SLUG) ?? fail();
const [dismHost = fail()] = shipped.exceptions?.find(({ slug }) => slug === SLUG)?.entries ?? [];
const on: Exception = { ...dismHost, enabled: true };

function fail(): never {
  throw new Error(`the exceptions of ${SLUG} are gone`);
}

const withEntry = (entry: Exception): Content => ({
  ...shipped,
  exceptions: [{ slug: SLUG, file: 'x.yml', entries: [entry] }],
});

/** What the local scheduler finds by the query that a deploy of this content stores. */
async function found(content: Content): Promise<string[]> {
  const cluster = await testCluster();
  const desired = await ruleKind.desired({ cluster, namespace: 'x', now: Date.now() }, content);
  const query = desired.find(({ id }) => id === rule.uuid)?.body.query;
  const { body } = await request<{ hits: { hits: { _id: string }[] } }>(cluster, {
    method: 'POST',
    path: `/${INDEX}/_search`,
    body: { query },
  });
  return body.hits.hits.map(({ _id }) => _id).sort();
}

beforeAll(async () => {
  await indexEcs(await testCluster(), INDEX, documents);
});

afterAll(async () => {
  await request(await testCluster(), { method: 'DELETE', path: `/${INDEX}`, allow: [404] });
});

test('exceptions of a rule: switched on it silences its own events and none without the field; as shipped it silences nothing', async () => {
  const names = Object.keys(documents).sort();
  expect(await found(shipped)).toEqual(names);
  expect(await found(withEntry(on))).toEqual(names.filter((name) => name.startsWith('twin')));
});

test('exceptions of a rule: an expired exception silences nothing', async () => {
  expect(await found(withEntry({ ...on, expires: '2020-01-01' }))).toHaveLength(6);
  expect(await found(withEntry({ ...on, expires: '9999-01-01' }))).toHaveLength(3);
});

test('exceptions of a rule: silenced events are counted', async () => {
  const cluster = await testCluster();
  const everything: Exception = {
    ...on,
    condition: { kind: 'field', field: 'process.parent.name', test: { kind: 'exists' } },
  };
  const share = (...entries: Exception[]) => silencedShare(cluster, rule, entries, [INDEX, 'not-there']);
  expect(await share()).toEqual({ matches: 6, silenced: 0 });
  expect(await share(on)).toEqual({ matches: 6, silenced: 3 });
  expect(await share(on, everything)).toEqual({ matches: 6, silenced: 6 });
  expect(await silencedShare(cluster, rule, [everything], ['not-there'])).toEqual({ matches: 0, silenced: 0 });
});
