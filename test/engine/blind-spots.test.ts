import { localDeployment } from '../support/deployment';
import { testCluster } from '../support/cluster';
import { freshNamespace } from '../support/dataset';
import { request } from '../support/request';
import { SAMPLES } from '../support/samples';
import { shipped } from '../support/content';
import { quiet, received } from '../support/context';
import { blindSpotsOf } from '../../src/plan/blind-spots';
import { deploy } from '../../src/plan/deploy';
import type { Cluster } from '../../src/cluster/cluster';
import { ownStreams } from '../../src/detections/indices';
import { ProblemError } from '../../src/errors';
import type { Deployment } from '../../src/plan/deployment';
import { replay } from '../../src/replay/replay';
import { runRules } from '../../src/schedulers/local/run-rules';
import { status } from '../../src/commands/status';
import type { Status } from '../../src/status/status';

/* One test a row of docs/blind-spots.md, on the embedded engine. Each has a namespace, and others' indices of its own. */
let cluster: Cluster;
let namespace: string;
let foreign: string;
const removed: string[] = [];

beforeAll(async () => {
  cluster = await testCluster();
});
beforeEach(() => {
  namespace = freshNamespace();
  foreign = `foreign-${namespace}`;
});
afterEach(async () => {
  await request(cluster, { method: 'DELETE', path: `/_data_stream/logs-*-${namespace}`, allow: [404] });
  for (const path of removed.splice(0)) await request(cluster, { method: 'DELETE', path, allow: [404] });
  await request(cluster, { method: 'DELETE', path: `/${foreign}*`, allow: [404] });
});

async function put(path: string, body: Record<string, unknown>): Promise<void> {
  await request(cluster, { method: 'PUT', path, body });
  removed.push(path);
}

/** The rules of this test read our streams, and one pattern of its own. */
function deployment(): Deployment {
  return localDeployment({ cluster, namespace, indices: [...ownStreams(namespace), `${foreign}*`] });
}

async function deployed(): Promise<void> {
  const ours = deployment();
  removed.push(`/wmi-detections-state-${namespace}`, `/wmi-detections-alerts-${namespace}`);
  const { applied } = await deploy(ours, await ours.plan(shipped(), { prune: false }), quiet(), { yes: true });
  expect(applied.changes.filter(({ status: done }) => done !== 'done')).toEqual([]);
}

async function refusal(act: Promise<unknown>): Promise<string> {
  const error = await act.then(
    () => undefined,
    (caught: unknown) => caught,
  );
  expect(error).toBeInstanceOf(ProblemError);
  return (error as ProblemError).message;
}

async function send(index: string, documents: readonly object[], query: Record<string, string> = {}): Promise<void> {
  const { body } = await request<{ errors: boolean }>(cluster, {
    method: 'POST',
    path: `/${index}/_bulk`,
    query: { refresh: 'true', ...query },
    ndjson: documents.map((one) => `{"create":{}}\n${JSON.stringify(one)}\n`).join(''),
  });
  if (body.errors) throw new Error(JSON.stringify(body));
}

/** A process creation as a pipeline leaves it. */
function creation(command: string, more: object = {}): object {
  const process = { name: 'wmic.exe', command_line: command, pid: 4, parent: { name: 'cmd.exe' } };
  const time = new Date(Date.now() - 60_000).toISOString();
  const event = { category: ['process'], type: ['start'], ingested: time };
  return { '@timestamp': time, event, process, host: { name: 'pc1' }, user: { name: 'ann' }, ...more };
}

const CALL = 'wmic.exe /node:pc2 process call create notepad.exe';

/** Sysmon's event 1 as Winlogbeat sends it, with a command line that a rule looks for. */
const RAW = {
  '@timestamp': '2025-03-10T09:00:00.000Z',
  winlog: {
    channel: 'Microsoft-Windows-Sysmon/Operational',
    provider_name: 'Microsoft-Windows-Sysmon',
    event_id: '1',
    computer_name: 'pc1',
    event_data: {
      UtcTime: '2025-03-10 09:00:00.000',
      Image: 'C:\\Windows\\System32\\wbem\\WMIC.exe',
      CommandLine: CALL,
      ProcessId: '4711',
      ParentImage: 'C:\\Windows\\System32\\cmd.exe',
    },
  },
};

async function codes(): Promise<string[]> {
  return (await blindSpotsOf(deployment(), shipped())).map(({ code }) => code);
}

function look(): Promise<Status> {
  return status(deployment(), shipped(), { span: 86_400_000 });
}

async function sentences(): Promise<string[]> {
  return (await look()).attention.map((sentence) => sentence.replaceAll(namespace, 'NS'));
}

async function eventsOf(name: string): Promise<number | undefined> {
  const { rules } = await runRules(cluster, { namespace, now: () => Date.now() });
  return rules.find((rule) => rule.name === name)?.events;
}

const WMIC = 'Windows WMI Process Call Create';

describe('blind spots: another index template governs our streams', () => {
  test.each([
    ['of a higher priority', 500, { data_stream: {} }],
    ['that makes ordinary indices', 300, {}],
    ['of the same priority', 250, { data_stream: {} }],
  ])(
    'a template %s is refused by deploy, whoever says yes, and reported by plan and status',
    async (_, priority, more) => {
      await put(`/_index_template/theirs-${namespace}`, { index_patterns: [`logs-*-${namespace}`], priority, ...more });
      const ours = deployment();
      const plan = await ours.plan(shipped(), { prune: false });
      const message = await refusal(deploy(ours, plan, quiet(), { yes: true }));
      expect(message).toContain(
        `index template "theirs-${namespace}" (priority ${priority}, patterns logs-*-${namespace})`,
      );
      expect(message).toContain('Nothing was changed.');
      expect(message).toContain(`Give "theirs-${namespace}" a priority below 250`);
      expect(await codes()).toEqual(Array.from({ length: 4 }, () => 'other_template'));
      expect((await sentences()).filter((sentence) => sentence.includes('"theirs-NS"'))).toHaveLength(4);
    },
  );

  test('replay sends nothing where such a template would govern, and sends where it gives our pipeline', async () => {
    const theirs = `/_index_template/theirs-${namespace}`;
    await put(theirs, { index_patterns: [`logs-*-${namespace}`], priority: 500, data_stream: {} });
    expect(await refusal(replay(cluster, [SAMPLES], { namespace }))).toContain('nothing was sent: index template');

    const dataset = 'sysmon.process_creation';
    const template = { settings: { 'index.default_pipeline': `logs-${dataset}@default-pipeline` } };
    const composed_of = ['process_creation@mappings'];
    const body = {
      index_patterns: [`logs-${dataset}-${namespace}`],
      priority: 500,
      data_stream: {},
      template,
      composed_of,
    };
    await put(theirs, body);
    expect((await replay(cluster, [SAMPLES], { namespace })).counts).toMatchObject({ failed: 0 });
    expect(await codes()).toEqual([]);
  });
});

/** As it was before the first deploy: our template lets none be made. */
async function ordinaryIndex(name: string): Promise<void> {
  const theirs = `/_index_template/theirs-${namespace}`;
  await put(theirs, { index_patterns: [name], priority: 400 });
  await put(`/${name}`, {});
  await request(cluster, { method: 'DELETE', path: theirs });
}

describe('blind spots: something else has the name of our stream', () => {
  const stream = () => `logs-sysmon.process_creation-${namespace}`;

  test.each([
    ['an ordinary index', () => ordinaryIndex(stream())],
    ['an alias', async () => put(`/${foreign}-1`, { aliases: { [stream()]: {} } })],
    [
      'a data stream of another template',
      async () => {
        const theirs = `/_index_template/theirs-${namespace}`;
        await put(theirs, { index_patterns: [stream()], priority: 400, data_stream: {} });
        await put(`/_data_stream/${stream()}`, {});
        await request(cluster, { method: 'PUT', path: theirs, body: { index_patterns: [`none-${namespace}`] } });
      },
    ],
  ])('%s is refused by deploy and replay, with the way out, and reported by status', async (what, make) => {
    await make();
    const ours = deployment();
    const message = await refusal(deploy(ours, await ours.plan(shipped(), { prune: false }), quiet(), { yes: true }));
    expect(message).toContain(
      `${stream()} is ${what.replace('a data stream of another template', 'a data stream that was not made from our template')}`,
    );
    expect(message).toContain('To keep the events, copy them');
    expect(await refusal(replay(cluster, [SAMPLES], { namespace }))).toContain(`nothing was sent: ${stream()} is`);
    expect(await codes()).toEqual(['not_our_stream']);
    expect((await sentences()).some((sentence) => sentence.startsWith(stream().replace(namespace, 'NS')))).toBe(true);
  });

  test('the way out brings the events back through our pipeline', async () => {
    const saved = `${foreign}-saved`;
    await ordinaryIndex(stream());
    await send(stream(), [RAW]);
    await send(saved, [RAW]);
    await request(cluster, { method: 'DELETE', path: `/${stream()}` });
    await deployed();
    const body = { source: { index: saved }, dest: { index: stream(), op_type: 'create' } };
    await request(cluster, { method: 'POST', path: '/_reindex', query: { refresh: 'true' }, body });
    await request(cluster, { method: 'DELETE', path: `/${saved}` });
    expect(await eventsOf(WMIC)).toBe(1);
    expect(await codes()).toEqual([]);
  });
});

describe('blind spots: documents that went past our pipeline', () => {
  const stream = () => `logs-sysmon.process_creation-${namespace}`;

  test('status counts them, however old they are, and the fix makes them events that rules find', async () => {
    await deployed();
    await send(stream(), [RAW]);
    await send(stream(), [RAW, RAW], { pipeline: '_none' });
    const [spot] = (await look()).blindSpots;
    expect(spot).toMatchObject({ code: 'past_pipeline', index: stream(), certain: false });
    expect(spot?.message).toContain('2 of 3 documents');
    expect((await sentences()).some((sentence) => sentence.includes('did not go through our pipeline'))).toBe(true);

    const [, path = '', body = ''] = /POST (\S+) (\{.*\})$/.exec(spot?.fix ?? '') ?? [];
    const [target = '', pipeline = ''] = path.split('?pipeline=');
    const query = { pipeline, refresh: 'true' };
    await request(cluster, { method: 'POST', path: target, query, body: JSON.parse(body) as Record<string, unknown> });
    expect(await codes()).toEqual([]);
    expect(await eventsOf(WMIC)).toBe(3);
  });
});

describe('blind spots: the types of fields in the indices of others', () => {
  const text = { type: 'text', fields: { keyword: { type: 'keyword', ignore_above: 256 } } };
  const longer = `${CALL} ${'x'.repeat(300)}`;

  test('text with a keyword sub-field: the deployed query asks it, and finds what it would find in a keyword', async () => {
    await send(`${foreign}-1`, [
      creation(CALL),
      creation('wmic.exe os get'),
      creation('call', { process: { name: 'call' } }),
    ]);
    await deployed();
    expect(await eventsOf(WMIC)).toBe(1);
    expect(await codes()).toEqual([]);
    expect((await look()).sources.at(-2)?.coverage.find(({ name }) => name === WMIC)).toMatchObject({ blind: 1 });
  });

  test('an index of such a type that comes after the deploy is reported until the next deploy compiles the query anew', async () => {
    await deployed();
    await send(`${foreign}-1`, [creation(CALL)]);
    expect(await eventsOf(WMIC)).toBe(0);
    const before = await look();
    expect(before.content.inSync).toBe(false);
    expect(before.blindSpots.map(({ code }) => code)).toContain('text_field');
    const spot = before.blindSpots.find(({ message }) => message.startsWith('process.command_line'));
    expect(spot).toMatchObject({ rules: [WMIC], fix: expect.stringContaining('deploy') as string });
    await deployed();
    expect((await look()).blindSpots).toEqual([]);
    const { rules } = await runRules(cluster, { namespace, from: 0 });
    expect(rules.find((rule) => rule.name === WMIC)?.events).toBe(1);
  });

  test('values beyond ignore_above are counted, and the rule is blind on them', async () => {
    await put(`/${foreign}-1`, { mappings: { properties: { process: { properties: { command_line: text } } } } });
    await send(`${foreign}-1`, [creation(CALL), creation(longer)]);
    await deployed();
    expect(await eventsOf(WMIC)).toBe(1);
    const { blindSpots, sources } = await look();
    expect(blindSpots).toMatchObject([{ code: 'long_values', rules: [WMIC] }]);
    expect(blindSpots[0]?.message).toContain('1 of 2 process creations');
    expect(sources.at(-2)?.coverage.find(({ name }) => name === WMIC)).toMatchObject({ blind: 1, share: 0.5 });
  });

  test.each([
    ['text without a sub-field', { type: 'text' }, 'text without a keyword sub-field'],
    ['not indexed', { type: 'keyword', index: false, doc_values: false }, 'not indexed'],
    ['of another type', { type: 'long', ignore_malformed: true }, 'of type long'],
  ])(
    'a field that is %s is reported by plan and status, and the rule is blind on all of it',
    async (_, mapping, why) => {
      const mappings = { properties: { process: { properties: { command_line: mapping } } } };
      await put(`/${foreign}-1`, { mappings });
      await send(`${foreign}-1`, [creation('x')]);
      expect(await codes()).toEqual(['unsearchable_field']);
      await deployed();
      const { blindSpots, sources } = await look();
      expect(blindSpots.map(({ message }) => message)).toEqual([
        `process.command_line is ${why} in ${foreign}-1: ${WMIC} cannot find its values there`,
      ]);
      expect(sources.at(-2)?.coverage.find(({ name }) => name === WMIC)).toMatchObject({ blind: 1, share: 1 });
    },
  );

  test('a field of keyword or wildcard is not reported', async () => {
    const properties = { command_line: { type: 'wildcard' }, name: { type: 'keyword' } };
    const rest = { parent: { properties: { name: { type: 'keyword' } } }, pe: { properties: {} } };
    await put(`/${foreign}-1`, { mappings: { properties: { process: { properties: { ...properties, ...rest } } } } });
    await send(`${foreign}-1`, [creation(CALL)]);
    expect(await codes()).toEqual([]);
  });

  test.each(['@timestamp', 'event.ingested'])('%s that is no date is named as the cause', async (field) => {
    const mappings = { properties: { [field]: { type: 'keyword' } } };
    await put(`/${foreign}-1`, { mappings });
    await send(`${foreign}-1`, [creation(CALL)]);
    expect(await sentences()).toContain(
      `${field} is keyword in foreign-NS-1, and no date: runs cannot tell when its events came in`,
    );
  });
});

describe('blind spots: raw events in the indices of others', () => {
  test('process creations that no pipeline has read are reported; other events, and those that one has read, are not', async () => {
    const other = { '@timestamp': '2025-01-01T00:00:00Z', winlog: { event_id: 4624, channel: 'Security' } };
    await send(`${foreign}-1`, [RAW, { ...RAW, winlog: { event_id: '4688', channel: 'Security' } }, other]);
    await send(`${foreign}-2`, [{ ...RAW, ...creation(CALL) }]);
    const [spot, ...more] = await blindSpotsOf(deployment(), shipped());
    expect(more).toEqual([]);
    expect(spot).toMatchObject({ code: 'raw_events', index: `${foreign}-1` });
    expect(spot?.message).toContain('2 of 3 documents');
  });
});

describe('blind spots: whole indices that a search leaves out, or that keep too little', () => {
  test('a closed index, and a closed backing index of our stream, are named', async () => {
    await deployed();
    const stream = `logs-sysmon.process_creation-${namespace}`;
    await send(stream, [RAW]);
    await request(cluster, { method: 'POST', path: `/${stream}/_rollover` });
    const { body } = await request<{ data_streams: { indices: { index_name: string }[] }[] }>(cluster, {
      method: 'GET',
      path: `/_data_stream/${stream}`,
    });
    const backing = body.data_streams[0]?.indices[0]?.index_name ?? '';
    await put(`/${foreign}-1`, {});
    await request(cluster, { method: 'POST', path: `/${backing},${foreign}-1/_close` });
    const { text } = await received('run', { url: cluster.url, namespace });
    expect(text).toContain(`warning: ${backing} is closed: searches leave it out without an error`);
    const found = (await look()).blindSpots;
    expect(found.map(({ code, index }) => [code, index]).sort()).toEqual([
      ['closed_index', backing],
      ['closed_index', `${foreign}-1`],
    ]);
  });

  test('an index that keeps no _source is named', async () => {
    await put(`/${foreign}-1`, { mappings: { _source: { enabled: false } } });
    expect(await codes()).toEqual(['no_source']);
  });
});
