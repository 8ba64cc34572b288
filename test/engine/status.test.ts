import { localDeployment } from '../support/deployment';
import { runRules } from '../../src/schedulers/local/run-rules';
import { deploy } from '../../src/plan/deploy';
import { startAttached, type Engine } from '../../src/engine/start-node';
import { status, statusCommand, type StatusOptions } from '../../src/commands/status';
import { readAllContent } from '../../src/resources/read-all-content';
import { PROGRAM_FOLDER } from '../../src/program';
import { statusText } from '../../src/report/status-text';
import { ownStreams } from '../../src/detections/indices';
import type { SourceState, Status } from '../../src/status/status';
import { connect, type Cluster } from '../../src/cluster/cluster';
import { request } from '../support/request';
import { quiet } from '../support/context';

// What is deployed is shared by a whole cluster, so these tests have a node of their own; each has its namespace there.
const content = readAllContent(PROGRAM_FOLDER);
const DAY = 86_400_000;
let engine: Engine;
let cluster: Cluster;
let namespace = 'never';
let count = 0;

beforeAll(async () => {
  engine = await startAttached();
  cluster = await connect({ url: engine.url });
});
afterAll(() => engine.stop());

/** Deploys into a fresh namespace, which the rest of the test is about. */
async function deployed(): Promise<void> {
  count += 1;
  namespace = `s${count}`;
  const deployment = localDeployment({ cluster, namespace });
  await deploy(deployment, await deployment.plan(content, { prune: false }), quiet(), { yes: true });
}

function look(options: Partial<StatusOptions> = {}): Promise<Status> {
  return status(localDeployment({ cluster, namespace }), content, { span: DAY, ...options });
}

async function source(name: string, options: Partial<StatusOptions> = {}): Promise<SourceState> {
  const { sources } = await look(options);
  const found = sources.find((each) => each.source.startsWith(name));
  if (found === undefined) throw new Error(`no source ${name} among ${sources.map((each) => each.source).join(', ')}`);
  return found;
}

const [SYSMON = '', SECURITY = ''] = ownStreams('').map((stream) => stream.slice(0, -1));

/** Sends documents through the stream's own pipeline, or past it, as they are. */
async function ship(stream: string, documents: readonly object[], pipeline?: '_none'): Promise<void> {
  const { body } = await request<{ errors: boolean }>(cluster, {
    method: 'POST',
    path: `/${stream}/_bulk`,
    query: { refresh: true, ...(pipeline !== undefined && { pipeline }) },
    ndjson: documents.map((one) => `{"create":{}}\n${JSON.stringify(one)}\n`).join(''),
  });
  if (body.errors) throw new Error(JSON.stringify(body));
}

/** Process creations as they are in the index, with these fields of process, that arrived a minute ago. */
function arrived(fields: object, more: object = {}): object {
  const time = new Date(Date.now() - 60_000).toISOString();
  const event = { category: ['process'], type: ['start'], ingested: time };
  return { '@timestamp': time, event, process: fields, ...more };
}

const WHOLE = { name: 'cmd.exe', command_line: 'cmd.exe', parent: { name: 'explorer.exe' } };

test('status: a cluster without a deploy is reported and is not an error', async () => {
  namespace = 'never';
  const found = await look();
  expect(statusText(found).replace(engine.url, 'URL')).toMatchInlineSnapshot(`
   "OpenSearch 3.8.0 at URL, namespace never

   Content: never deployed here. Run \`wmi-detections deploy\`.

   No rule is there: run \`wmi-detections deploy\`.

   No events yet: no index that the rules read is there. docs/shippers.md says how events get there.

   Needs attention
     ! the cluster is not in sync with the content: 21 things differ
     ! no rule of this namespace is there
     ! no source has any event"
  `);
  expect(found.sources.every(({ exists }) => !exists)).toBe(true);
});

test('status: after a deploy the content is in sync, and a change on the cluster is drift', async () => {
  await deployed();
  expect((await look()).content).toMatchObject({ inSync: true, changes: [] });

  const id = 'process_creation@failure-pipeline';
  const path = `/_ingest/pipeline/${id}`;
  const { body } = await request<Record<string, Record<string, unknown>>>(cluster, { method: 'GET', path });
  const ours = body[id] ?? {};
  await request(cluster, { method: 'PUT', path, body: { ...ours, processors: [] } });
  const drifted = await look();
  await request(cluster, { method: 'PUT', path, body: ours });
  expect(drifted.content).toMatchObject({
    inSync: false,
    changes: [{ kind: 'ingest_pipeline', id, action: 'update' }],
  });
  expect(drifted.attention[0]).toBe('the cluster is not in sync with the content: 1 thing differs');
});

test('status: a rule has never run, has run, and has not run for two intervals', async () => {
  await deployed();
  const [first] = (await look()).rules;
  expect(first).toMatchObject({
    name: 'Process Execution via WMI',
    version: 4,
    watermark: null,
    overdue: true,
    lastRun: null,
  });

  await ship(`${SYSMON}-${namespace}`, [arrived({ ...WHOLE, parent: { name: 'WmiPrvSE.exe' } })], '_none');
  await runRules(cluster, { namespace, now: () => Date.now() - 9 * 60_000 });
  expect((await look()).rules[0]).toMatchObject({ overdue: false, lastRun: { events: 0, alerts: 0 } });
  await runRules(cluster, { namespace, now: () => Date.now() });
  const fresh = await look();
  expect(fresh.rules[0]).toMatchObject({ overdue: false, lastRun: { events: 1, alerts: 1, new: 1 } });
  expect(fresh.attention).toEqual([]);

  await deployed();
  await runRules(cluster, { namespace, now: () => Date.now() - 12 * 60_000 });
  const late = await look();
  expect(late.rules[0]).toMatchObject({ overdue: true });
  expect(late.attention).toContain('Process Execution via WMI has not run for two intervals');
});

test('status: a rule is blind on the share of process creations that lack what its logic needs', async () => {
  await deployed();
  const { name, command_line, parent } = WHOLE;
  await ship(
    `${SECURITY}-${namespace}`,
    [
      arrived({ name, command_line, parent }),
      arrived({ name, command_line }),
      arrived({ pe: { original_file_name: 'wmic.exe' }, command_line }),
      arrived({ name }),
      // Neither of these is a process creation of the window.
      { ...arrived({}), event: { category: ['session'], ingested: new Date().toISOString() } },
      { ...arrived({}), event: { category: ['process'], type: ['start'], ingested: '2025-03-10T09:00:00Z' } },
    ],
    '_none',
  );
  const { documents, processCreations, coverage } = await source(SECURITY);
  expect({ documents, processCreations }).toEqual({ documents: 5, processCreations: 4 });
  expect(coverage).toMatchObject([
    {
      name: 'Process Execution via WMI',
      blind: 3,
      share: 0.75,
      causes: [{ lack: 'no process.parent.name', count: 3 }],
    },
    {
      name: 'Windows WMI Process Call Create',
      blind: 1,
      share: 0.25,
      causes: [{ lack: 'no process.command_line', count: 1 }],
      fields: [
        { field: 'process.name', count: 1 },
        { field: 'process.pe.original_file_name', count: 3 },
        { field: 'process.command_line', count: 1 },
      ],
    },
  ]);
  const sentence = `Process Execution via WMI is blind on 75 % of ${SECURITY}-${namespace}`;
  expect((await look()).attention).toContain(sentence);
  expect((await look({ blindShare: 0.75 })).attention).not.toContain(sentence);
});

test('status: an event is blind where both alternatives are missing, and the longest command line is not missing', async () => {
  await deployed();
  const longest = 'あ'.repeat(32_767);
  await ship(
    `${SYSMON}-${namespace}`,
    [arrived({ ...WHOLE, command_line: longest }), arrived({ command_line: longest, parent: WHOLE.parent })],
    '_none',
  );
  const { coverage } = await source(SYSMON);
  expect(coverage.find(({ name }) => name === 'Windows WMI Process Call Create')).toMatchObject({
    blind: 1,
    causes: [{ lack: 'neither process.name nor process.pe.original_file_name', count: 1 }],
  });
});

test('status: failures are counted by step and reason, whatever values the reasons hold', async () => {
  await deployed();
  const failed = (message: string) => ({ ...arrived({}), event: { kind: 'pipeline_error' }, error: { message } });
  await ship(`${SYSMON}-${namespace}`, [{ message: 'neither XML nor JSON' }]);
  await ship(
    `${SYSMON}-${namespace}`,
    [failed('read (script): "a" at 12'), failed('read (script): "b c" at 7'), { ...failed(''), error: {} }],
    '_none',
  );
  expect((await source(SYSMON)).failures).toEqual({
    count: 4,
    by: [
      { step: 'read (script)', reason: '… at #', count: 2 },
      { step: '', reason: 'no reason given', count: 1 },
      { step: 'recognise', reason: 'no known shape of a Windows event', count: 1 },
    ],
  });
  expect((await look()).attention).toContain(`${SYSMON}-${namespace}: pipelines failed on 4`);
});

test('status: a step of the user’s own that failed counts too, though the event is mapped', async () => {
  await deployed();
  const error = { message: `${SYSMON}@custom: mine` };
  await ship(
    `${SYSMON}-${namespace}`,
    [arrived(WHOLE, { tags: ['x', 'wmi_detections_custom_error'], error }), arrived(WHOLE, { tags: ['x'], error })],
    '_none',
  );
  expect((await source(SYSMON)).failures).toEqual({
    count: 1,
    by: [{ step: `${SYSMON}@custom`, reason: 'mine', count: 1 }],
  });
});

test('status: values that the mapping left out of the index are counted by field', async () => {
  await deployed();
  await ship(
    `${SYSMON}-${namespace}`,
    [arrived(WHOLE, { host: { ip: 'no address' } }), arrived(WHOLE, { host: { ip: '192.0.2.1' } })],
    '_none',
  );
  expect((await source(SYSMON)).ignored).toEqual({ count: 1, fields: [{ field: 'host.ip', count: 1 }] });
});

test('status: a source that had events and has none in the window is silent; with a longer window it is not', async () => {
  await deployed();
  const ingested = new Date(Date.now() - 2 * DAY).toISOString();
  await ship(
    `${SYSMON}-${namespace}`,
    [{ ...arrived(WHOLE), event: { category: ['process'], type: ['start'], ingested } }],
    '_none',
  );
  expect(await source(SYSMON)).toMatchObject({ silent: true, documents: 0, newestIngested: ingested });
  expect((await look()).attention).toContain(`${SYSMON}-${namespace} is silent`);
  expect(await source(SYSMON, { span: 3 * DAY })).toMatchObject({ silent: false, documents: 1 });
});

test("status: others' indices are looked at too: by @timestamp where there is no event.ingested", async () => {
  await deployed();
  const recent = { '@timestamp': new Date().toISOString(), event: { category: 'process', type: 'start' } };
  const old = { ...recent, '@timestamp': '2025-03-10T09:00:00Z' };
  await ship('winlogbeat-mine', [recent, old]);
  try {
    const found = await source('winlogbeat-*');
    expect(found).toMatchObject({ exists: true, documents: 1, processCreations: 1, newestIngested: null });
  } finally {
    await request(cluster, { method: 'DELETE', path: '/winlogbeat-mine' });
  }
});

test('status: a source that cannot be searched is reported with the reason, and so are the others', async () => {
  await deployed();
  const mappings = { properties: { event: { properties: { ingested: { type: 'keyword' } } } } };
  await request(cluster, { method: 'PUT', path: '/winlogbeat-odd', body: { mappings } });
  await ship('winlogbeat-odd', [arrived(WHOLE)]);
  await ship(`${SYSMON}-${namespace}`, [arrived(WHOLE)], '_none');
  try {
    const { sources, attention } = await look();
    expect(sources.find((each) => each.source === 'winlogbeat-*')?.problem).toMatch(/\[max\]|keyword/);
    expect(sources.find((each) => each.source.startsWith(SYSMON))).toMatchObject({ problem: null, documents: 1 });
    expect(attention.filter((sentence) => sentence.startsWith('winlogbeat-* cannot be read'))).toHaveLength(1);
  } finally {
    await request(cluster, { method: 'DELETE', path: '/winlogbeat-odd' });
  }
});

test('status: delays are measured from the event to its arrival', async () => {
  await deployed();
  const now = Date.now();
  const late = (minutes: number) => ({
    ...arrived(WHOLE),
    '@timestamp': new Date(now - minutes * 60_000).toISOString(),
    event: { category: ['process'], type: ['start'], ingested: new Date(now).toISOString() },
  });
  await ship(`${SYSMON}-${namespace}`, [late(1), late(1), late(1), late(120)], '_none');
  const { delay } = await source(SYSMON);
  expect(delay).toMatchObject({ p50: 60_000, beyondLookback: 1 });
  expect(delay?.p95).toBeGreaterThan(60_000);
});

test('status: --exit-code exits with 1 when something needs attention, and with 0 without the flag', async () => {
  const argv = {
    esUrl: engine.url,
    namespace: 'never',
    scheduler: 'local',
    output: 'text',
    since: '24h',
    'max-blind': 50,
  };
  expect(await statusCommand.run(quiet(), { ...argv, 'exit-code': true })).toMatchObject({ exit: 1 });
  expect(await statusCommand.run(quiet(), { ...argv, 'exit-code': false })).toMatchObject({ exit: 0 });
});

test('status: refuses a --since and a --max-blind that are not valid', async () => {
  const argv = { esUrl: engine.url, scheduler: 'local', output: 'text', since: '24h', 'max-blind': 50 };
  await expect(statusCommand.run(quiet(), { ...argv, since: 'yesterday' })).rejects.toThrow(
    '--since "yesterday" is no span of time',
  );
  await expect(statusCommand.run(quiet(), { ...argv, 'max-blind': 101 })).rejects.toThrow(
    '--max-blind 101 is no percentage',
  );
});
