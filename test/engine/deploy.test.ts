import { localDeployment } from '../support/deployment';
import { deploy, type Deployed } from '../../src/plan/deploy';
import { destroy } from '../../src/plan/destroy';
import { startAttached, type Engine } from '../../src/engine/start-node';
import { exitOf } from '../../src/commands/deploy';
import { ProblemError } from '../../src/errors';
import { SOURCES } from '../../src/replay/recognise';
import { streamOf } from '../../src/replay/streams';
import { readAllContent } from '../../src/resources/read-all-content';
import { type Plan } from '../../src/plan/plan';
import type { Deployment } from '../../src/plan/deployment';
import { connect, type Cluster } from '../../src/cluster/cluster';
import { request } from '../support/request';
import { quiet } from '../support/context';
import { project, type Project } from '../support/temporary-folders';

// What is deployed here is shared by a whole cluster, so these tests have a node of their own.
let engine: Engine;
let cluster: Cluster;
let ours: Project;

beforeAll(async () => {
  engine = await startAttached();
  cluster = await connect({ url: engine.url });
});
afterAll(() => engine.stop());

beforeEach(() => {
  ours = project();
});
afterEach(async () => {
  for (const namespace of ['default', 'other']) {
    await destroy(localDeployment({ cluster, namespace }), quiet(), { withData: true, yes: true });
  }
  ours.remove();
});

function deployment(namespace = 'default'): Deployment {
  return localDeployment({ cluster, namespace });
}

function plan(options: { prune?: boolean; namespace?: string } = {}): Promise<Plan> {
  return deployment(options.namespace).plan(readAllContent(ours.folder), { prune: options.prune ?? false });
}

async function deployed(options: { prune?: boolean; yes?: boolean; namespace?: string } = {}): Promise<Deployed> {
  return deploy(deployment(options.namespace), await plan(options), quiet(), { yes: options.yes ?? false });
}

function actions({ steps }: Plan): string[] {
  return steps.map(({ change }) => `${change.action} ${change.kind}/${change.id}`);
}

async function put(path: string, body: Record<string, unknown>): Promise<void> {
  await request(cluster, { method: 'PUT', path, body });
}

async function exists(path: string): Promise<boolean> {
  const { status } = await request(cluster, { method: 'GET', path, allow: [404] });
  return status === 200;
}

const PIPELINE = '/_ingest/pipeline/process_creation@failure-pipeline';
const SYSMON = 'logs-sysmon.process_creation';

async function indexEvent(stream: string): Promise<void> {
  const body = { '@timestamp': '2025-03-11T09:00:00Z', message: 'an event' };
  await request(cluster, { method: 'POST', path: `/${stream}/_doc`, query: { refresh: true }, body });
}

test('deploy and destroy: a first deploy creates everything in the order of references, and a second changes nothing', async () => {
  const first = await deployed();
  expect(exitOf(first.applied)).toBe(0);
  expect(first.applied.changes.every(({ action, status }) => action === 'create' && status === 'done')).toBe(true);
  const order = first.applied.changes.map(({ id }) => id);
  expect(order.indexOf('process_creation@event-pipeline')).toBeLessThan(
    order.indexOf('process_creation@windows_event-pipeline'),
  );
  expect(order.indexOf(`${SYSMON}@default-pipeline`)).toBeLessThan(order.indexOf(`${SYSMON}@template`));

  const second = await plan();
  expect(actions(second)).toEqual([]);
  expect(second.counts.unchanged).toBeGreaterThanOrEqual(first.plan.counts.create);
});

test('deploy and destroy: an unmarked resource is reported as not managed and left alone, and its dependents are skipped', async () => {
  const theirs = { description: 'theirs', processors: [] };
  await put(PIPELINE, theirs);
  const result = await deployed();
  expect(exitOf(result.applied)).toBe(1);
  expect(result.applied.changes.find(({ id }) => id === 'process_creation@failure-pipeline')).toMatchObject({
    action: 'foreign',
    status: 'skipped',
  });
  expect(result.applied.changes.find(({ id }) => id === `${SYSMON}@template`)).toMatchObject({ status: 'skipped' });
  const { body } = await request<Record<string, unknown>>(cluster, { method: 'GET', path: PIPELINE });
  expect(body['process_creation@failure-pipeline']).toEqual(theirs);

  await request(cluster, { method: 'DELETE', path: PIPELINE });
  expect(exitOf((await deployed()).applied)).toBe(0);
  expect(actions(await plan())).toEqual([]);
});

test('deploy and destroy: a copy under another id is neither pruned nor destroyed', async () => {
  await deployed();
  const { body } = await request<Record<string, Record<string, unknown>>>(cluster, { method: 'GET', path: PIPELINE });
  await put('/_ingest/pipeline/their-copy', body['process_creation@failure-pipeline'] ?? {});
  expect(actions(await plan({ prune: true }))).toEqual([]);
  await destroy(deployment(), quiet(), { withData: true, yes: true });
  expect(await exists('/_ingest/pipeline/their-copy')).toBe(true);
  await request(cluster, { method: 'DELETE', path: '/_ingest/pipeline/their-copy' });
});

test('deploy and destroy: an edit on the cluster is shown as a difference in YAML and reverted', async () => {
  await deployed();
  const { body } = await request<Record<string, Record<string, unknown>>>(cluster, { method: 'GET', path: PIPELINE });
  const pipeline = body['process_creation@failure-pipeline'] ?? {};
  await put(PIPELINE, { ...pipeline, processors: [{ drop: {} }] });
  const edited = await plan();
  expect(actions(edited)).toEqual(['update ingest_pipeline/process_creation@failure-pipeline']);
  expect(edited.steps[0]?.change.diff).toContain('-  - drop: {}');
  await deployed();
  expect(actions(await plan())).toEqual([]);
});

test('deploy and destroy: a changed rule is an update of that rule alone', async () => {
  await deployed();
  ours.edit('rules/process_execution_via_wmi.yml', 'interval: 5m', 'interval: 10m');
  const changed = await plan();
  expect(actions(changed)).toEqual(['update detection_rule/24869767-8579-485d-9a4f-d9ddfd8f0cac']);
  expect(changed.steps[0]?.change.diff).toContain('+    interval: 10m');
});

test('deploy and destroy: a removed resource stays until --prune, and a large deletion needs a yes', async () => {
  await deployed();
  ours.delete('rules/process_execution_via_wmi.yml');
  ours.delete('rules/exceptions/process_execution_via_wmi.yml');
  const kept = await plan();
  expect([actions(kept), kept.leftovers.length]).toEqual([[], 1]);
  const pruned = await deployed({ prune: true });
  expect(pruned.applied.changes).toMatchObject([{ action: 'delete', kind: 'detection_rule', status: 'done' }]);

  await deploy(deployment('other'), await plan({ namespace: 'other' }), quiet(), { yes: true });
  const empty: Plan = await deployment().plan({ resources: [], rules: [] }, { prune: true });
  await expect(deploy(deployment(), empty, quiet(), { yes: false })).rejects.toThrow(ProblemError);
  expect(actions(await plan())).toEqual([]);
});

test('deploy and destroy: a rule with open alerts is deleted only after a yes', async () => {
  await deployed();
  ours.delete('rules/exceptions/process_execution_via_wmi.yml');
  ours.delete('rules/process_execution_via_wmi.yml');
  const pruning = await plan({ prune: true });
  const [doomed] = pruning.steps.map(({ change }) => change.id);
  const alert = (status: string) => ({ rule: { uuid: doomed }, wmi_detections: { status } });
  const path = '/wmi-detections-alerts-default/_doc/1';
  await request(cluster, { method: 'PUT', path, query: { refresh: true }, body: alert('open') });
  await expect(deploy(deployment(), pruning, quiet(), { yes: false })).rejects.toThrowErrorMatchingInlineSnapshot(`
   "This deletes the rule “Process Execution via WMI”, which has 1 open alert. Nothing was changed.
     Answer yes on a terminal, or give --yes."
  `);
  await request(cluster, { method: 'PUT', path, query: { refresh: true }, body: alert('closed') });
  const { applied } = await deploy(deployment(), pruning, quiet(), { yes: false });
  expect(applied.changes).toMatchObject([{ action: 'delete', id: doomed, status: 'done' }]);
});

test('deploy and destroy: a new field reaches an existing data stream by put_mapping, a changed one by rollover', async () => {
  await deployed();
  await indexEvent(`${SYSMON}-default`);
  expect(actions(await plan())).toEqual([]);

  const file = 'mappings/component-templates/process_creation@mappings.yml';
  ours.edit(file, '    properties:\n', '    properties:\n      zz_new:\n        type: keyword\n');
  expect(actions(await plan())).toContain(`put_mapping data_stream/${SYSMON}-default`);
  await deployed();
  const { body } = await request<Record<string, { mappings: { properties: Record<string, unknown> } }>>(cluster, {
    method: 'GET',
    path: `/${SYSMON}-default/_mapping`,
  });
  expect(Object.values(body).map(({ mappings }) => mappings.properties['zz_new'])).toEqual([{ type: 'keyword' }]);
  expect(actions(await plan())).toEqual([]);

  ours.edit(file, 'zz_new:\n        type: keyword', 'zz_new:\n        type: long');
  expect(actions(await plan())).toContain(`rollover data_stream/${SYSMON}-default`);
  await deployed();
  const after = await request<{ data_streams: { indices: unknown[] }[] }>(cluster, {
    method: 'GET',
    path: `/_data_stream/${SYSMON}-default`,
  });
  expect(after.body.data_streams[0]?.indices).toHaveLength(2);
  expect(actions(await plan())).toEqual([]);
});

test('deploy and destroy: a data stream that a template of higher priority makes is not touched', async () => {
  await put('/_index_template/theirs', {
    index_patterns: [`${SYSMON}-theirs`],
    priority: 900,
    data_stream: {},
    template: { settings: { 'index.default_pipeline': '_none' } },
  });
  await deployed();
  await indexEvent(`${SYSMON}-theirs`);
  await indexEvent(`${SYSMON}-default`);
  const file = 'mappings/component-templates/process_creation@mappings.yml';
  ours.edit(file, '    properties:\n', '    properties:\n      zz_other:\n        type: keyword\n');
  const streams = actions(await plan()).filter((action) => action.includes('data_stream/'));
  expect(streams).toEqual([`put_mapping data_stream/${SYSMON}-default`]);
  expect(exitOf((await deployed()).applied)).toBe(0);
  await request(cluster, { method: 'DELETE', path: `/_data_stream/${SYSMON}-theirs` });
  await request(cluster, { method: 'DELETE', path: '/_index_template/theirs' });
});

test('deploy and destroy: an index of our name that was not made from our template is not touched', async () => {
  await put('/wmi-detections-alerts-default', {});
  await put('/wmi-detections-state-other', { mappings: { properties: { kind: { type: 'keyword' } } } });
  await deployed();
  expect(actions(await plan())).toEqual([]);
  await destroy(deployment(), quiet(), { withData: true, yes: true });
  expect(await exists('/wmi-detections-alerts-default')).toBe(true);
  await request(cluster, { method: 'DELETE', path: '/wmi-detections-alerts-default,wmi-detections-state-other' });
});

test('deploy and destroy: a changed template reaches the alerts and the state that are there', async () => {
  await deployed();
  const file = 'mappings/index-templates/wmi-detections-state@template.yml';
  ours.edit(file, '    properties:\n', '    properties:\n      zz_new:\n        type: keyword\n');
  expect(actions(await plan())).toContain('put_mapping index/wmi-detections-state-default');
  expect(exitOf((await deployed()).applied)).toBe(0);
  expect(actions(await plan())).toEqual([]);
});

test('deploy and destroy: destroy keeps events and the pipelines and templates that they need', async () => {
  await deployed();
  await indexEvent(`${SYSMON}-default`);
  const { applied, kept } = await destroy(deployment(), quiet(), { withData: false, yes: true });
  expect(applied.changes.map(({ kind }) => kind)).toEqual(['detection_rule', 'detection_rule']);
  expect(kept.find(({ id }) => id === `${SYSMON}@default-pipeline`)?.reason).toBe(`used by ${SYSMON}-default`);
  await indexEvent(`${SYSMON}-default`);
});

test('deploy and destroy: destroy --with-data removes everything managed and nothing else', async () => {
  await put('/_ingest/pipeline/theirs', { processors: [] });
  await put('/their-index', {});
  await deployed();
  await indexEvent(`${SYSMON}-default`);
  const { applied, kept } = await destroy(deployment(), quiet(), { withData: true, yes: true });
  expect([kept, exitOf(applied)]).toEqual([[], 0]);
  expect(await exists(`/_data_stream/${SYSMON}-default`)).toBe(false);
  expect(await exists(PIPELINE)).toBe(false);
  expect(await exists('/_ingest/pipeline/theirs')).toBe(true);
  expect(await exists('/their-index')).toBe(true);
  const { plan: again } = await destroy(deployment(), quiet(), { withData: true, yes: false });
  expect(again.steps).toEqual([]);
});

test('deploy and destroy: destroy of one namespace leaves what another one uses', async () => {
  await deployed();
  await deployed({ namespace: 'other' });
  const { kept } = await destroy(deployment('other'), quiet(), { withData: true, yes: true });
  expect(kept[0]?.reason).toBe('used by the rules of namespace default');
  expect(actions(await plan())).toEqual([]);
});

test('deploy and destroy: destroy lists the rules that need shared resources before the streams', async () => {
  await deployed();
  await deployed({ namespace: 'other' });
  for (const source of SOURCES) await indexEvent(streamOf(source, 'default'));
  const { kept } = await destroy(deployment('other'), quiet(), { withData: true, yes: true });
  expect(kept[0]?.reason).toMatch(/^used by the rules of namespace default, logs-\S+, logs-\S+ and 2 more$/);
});

test('deploy and destroy: destroy without a yes changes nothing', async () => {
  await deployed();
  await expect(destroy(deployment(), quiet(), { withData: false, yes: false })).rejects.toThrow(/Nothing was changed/);
  expect(actions(await plan())).toEqual([]);
});

test('deploy and destroy: a step that the cluster refuses fails alone; the rest is done, and a second run completes it', async () => {
  ours.edit(
    'pipelines/process_creation@failure-pipeline.yml',
    'processors:',
    'processors:\n  - grok:\n      field: x\n      patterns: ["%{NO_SUCH}"]',
  );
  const result = await deployed();
  expect(exitOf(result.applied)).toBe(2);
  const failed = result.applied.changes.filter(({ status }) => status === 'failed');
  expect(failed.map(({ id }) => id)).toEqual(['process_creation@failure-pipeline']);
  expect(failed[0]?.error).toContain('NO_SUCH');
  expect(result.applied.changes.some(({ status }) => status === 'done')).toBe(true);
});
