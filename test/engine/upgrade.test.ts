import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { localDeployment } from '../support/deployment';
import { quiet } from '../support/context';
import { request } from '../support/request';
import { STREAMS } from '../support/test-server';
import * as event from '../support/windows-events';
import { SYSMON, SYSMON_DATA } from '../support/windows-events';
import { connect, type Cluster } from '../../src/cluster/cluster';
import { startAttached, type Engine } from '../../src/engine/start-node';
import { deploy, type Deployed } from '../../src/plan/deploy';
import { PROGRAM_FOLDER } from '../../src/program';
import { readAllContent } from '../../src/resources/read-all-content';
import { alerts } from '../../src/schedulers/alert-index-search';
import { runRules } from '../../src/schedulers/local/run-rules';

/*
 * A cluster on which version 0.1.0 was deployed, and had run, is deployed over. Its requests are recorded: `deploy`, `replay` of six
 * samples, `run`.
 */
const RECORDED = join(__dirname, '..', 'support', 'releases', '0.1.0.ndjson');
const NAMESPACE = 'default';

interface Recorded {
  readonly method: string;
  readonly path: string;
  readonly status: number;
  readonly body?: object;
  readonly lines?: readonly object[];
}

let engine: Engine;
let cluster: Cluster;
let before: readonly string[];
let deployed: Deployed;
/** The status of each event that was sent while the deploy ran. */
const meanwhile: number[] = [];

beforeAll(async () => {
  engine = await startAttached();
  cluster = await connect({ url: engine.url });
  for (const line of readFileSync(RECORDED, 'utf8').trim().split('\n')) await repeat(JSON.parse(line) as Recorded);
  before = await alertIds();
  const [first = ''] = before;
  const path = `/wmi-detections-alerts-${NAMESPACE}/_update/${first}?refresh=true`;
  await send('POST', path, JSON.stringify({ doc: { wmi_detections: { status: 'acknowledged' } } }));
  deployed = await deployWhileShipping();
}, 180_000);
afterAll(() => engine.stop());

/** Sends a recorded request again; it is answered as it was then. */
async function repeat({ method, path, status, body, lines }: Recorded): Promise<void> {
  const text = lines === undefined ? JSON.stringify(body) : lines.map((one) => `${JSON.stringify(one)}\n`).join('');
  expect([path, await send(method, path, text)]).toEqual([path, status]);
}

async function send(method: string, path: string, body: string): Promise<number> {
  const type = path.includes('_bulk') ? 'application/x-ndjson' : 'application/json';
  return (await fetch(`${engine.url}${path}`, { method, body, headers: { 'content-type': type } })).status;
}

async function deployWhileShipping(): Promise<Deployed> {
  const deployment = localDeployment({ cluster, namespace: NAMESPACE });
  const content = readAllContent(PROGRAM_FOLDER);
  const ended = new AbortController();
  const result = deployment
    .plan(content, { prune: false })
    .then((plan) => deploy(deployment, plan, quiet(), { yes: true }))
    .finally(() => {
      ended.abort();
    });
  const path = `/${STREAMS.sysmon}-${NAMESPACE}/_doc`;
  for (let number = 0; !ended.signal.aborted; number++) {
    const data = { ...SYSMON_DATA, ProcessId: String(number), CommandLine: 'whoami' };
    meanwhile.push(await send('POST', path, JSON.stringify(event.winlogbeat(SYSMON, data))));
  }
  return await result;
}

async function alertIds(): Promise<string[]> {
  return (await alerts(cluster, { namespace: NAMESPACE })).map(({ _id }) => _id).sort();
}

/** How many alerts are new, by rule. */
async function run(): Promise<number[]> {
  await request(cluster, { method: 'POST', path: '/logs-*/_refresh' });
  return (await runRules(cluster, { namespace: NAMESPACE })).rules.map((rule) => rule.new);
}

async function count(query: object): Promise<number> {
  await request(cluster, { method: 'POST', path: '/logs-*/_refresh' });
  const path = '/logs-*/_count';
  return (await request<{ count: number }>(cluster, { method: 'POST', path, body: { query } })).body.count;
}

test('an upgrade from 0.1.0: everything is deployed', () => {
  const { changes } = deployed.applied;
  expect(changes.filter(({ status }) => status !== 'done')).toEqual([]);
  expect(changes.map(({ action, kind, id }) => `${action} ${kind}/${id}`)).toEqual(
    expect.arrayContaining([
      'update ingest_pipeline/process_creation@windows_event-pipeline',
      'update detection_rule/0661c2de-93de-11ec-9833-acde48001122',
    ]),
  );
});

test('an upgrade from 0.1.0: no event is refused meanwhile, and each is read', async () => {
  expect(meanwhile.length).toBeGreaterThan(0);
  expect(meanwhile.filter((status) => status !== 201)).toEqual([]);
  expect(await count({ term: { 'event.kind': 'pipeline_error' } })).toBe(0);
  const read = [{ term: { 'event.category': 'process' } }, { term: { 'process.command_line': 'whoami' } }];
  expect(await count({ bool: { filter: read } })).toBe(meanwhile.length);
});

test('an upgrade from 0.1.0: the alerts keep their ids and their status, and none is repeated', async () => {
  expect(before).toHaveLength(4);
  expect(await run()).toEqual([0, 0]);
  expect(await alertIds()).toEqual(before);
  const acknowledged = await alerts(cluster, { namespace: NAMESPACE, status: 'acknowledged' });
  expect(acknowledged.map(({ _id }) => _id)).toEqual(before.slice(0, 1));
});

test('an upgrade from 0.1.0: a new event alerts, in a stream that was there', async () => {
  const data = { ...SYSMON_DATA, CommandLine: 'wmic process call create calc.exe' };
  const path = `/${STREAMS.sysmon}-${NAMESPACE}/_doc`;
  expect(await send('POST', path, JSON.stringify(event.winlogbeat(SYSMON, data)))).toBe(201);
  expect(await run()).toEqual([0, 1]);
});

test('an upgrade from 0.1.0: a second deploy changes nothing', async () => {
  const deployment = localDeployment({ cluster, namespace: NAMESPACE });
  expect((await deployment.plan(readAllContent(PROGRAM_FOLDER), { prune: false })).steps).toEqual([]);
});
