import { storedRuleId } from '../../src/schedulers/local/state';
import { localDeployment } from '../support/deployment';
import { destroy } from '../../src/plan/destroy';
import { deploy } from '../../src/plan/deploy';
import { adopt, type AdoptResult } from '../../src/plan/adopt';
import { startAttached, type Engine } from '../../src/engine/start-node';
import { readAllContent } from '../../src/resources/read-all-content';
import { type Plan } from '../../src/plan/plan';
import { PROGRAM_FOLDER } from '../../src/program';
import type { Deployment } from '../../src/plan/deployment';
import { stateIndex } from '../../src/detections/indices';
import { connect, type Cluster } from '../../src/cluster/cluster';
import { request } from '../support/request';
import { quiet } from '../support/context';

// Pipelines and templates are shared by a whole cluster, so these tests have a node of their own.
let engine: Engine;
let cluster: Cluster;
const content = readAllContent(PROGRAM_FOLDER);

beforeAll(async () => {
  engine = await startAttached();
  cluster = await connect({ url: engine.url });
});
afterAll(() => engine.stop());
afterEach(() => destroy(deployment(), quiet(), { withData: true, yes: true }));

const PIPELINE = 'process_creation@failure-pipeline';
const NAME = `ingest_pipeline/${PIPELINE}`;

function deployment(): Deployment {
  return localDeployment({ cluster, namespace: 'default' });
}

function plan(): Promise<Plan> {
  return deployment().plan(content, { prune: false });
}

async function actionOn(name: string): Promise<string> {
  const change = (await plan()).steps.map((step) => step.change).find(({ kind, id }) => `${kind}/${id}` === name);
  return change?.action ?? 'unchanged';
}

async function deployed(): Promise<void> {
  await deploy(deployment(), await plan(), quiet(), { yes: false });
}

function adopted(names: readonly string[], yes = true): Promise<AdoptResult> {
  return adopt(deployment(), content, names, quiet(), { yes });
}

async function put(path: string, body: Record<string, unknown>): Promise<void> {
  await request(cluster, { method: 'PUT', path, body });
}

async function pipeline(id = PIPELINE): Promise<Record<string, unknown>> {
  const path = `/_ingest/pipeline/${id}`;
  return (await request<Record<string, Record<string, unknown>>>(cluster, { method: 'GET', path })).body[id] ?? {};
}

test('adopt: adopt only adds the mark to an unmanaged pipeline, and the next deploy changes it', async () => {
  await put(`/_ingest/pipeline/${PIPELINE}`, { description: 'theirs', processors: [{ drop: {} }] });
  expect(await actionOn(NAME)).toBe('foreign');

  const { adopted: results, ours } = await adopted([NAME]);
  expect(ours).toEqual([]);
  expect(results).toMatchObject([{ kind: 'ingest_pipeline', id: PIPELINE, status: 'adopted' }]);
  expect(results[0]?.diff).toContain('-  - drop: {}');
  const stored = await pipeline();
  expect(stored.processors).toEqual([{ drop: {} }]);
  expect(stored.description).toMatch(/^theirs \[managed_by: wmi-detections; id: process_creation@failure-pipeline; /);
  expect(await actionOn(NAME)).toBe('update');

  await deployed();
  expect(await actionOn(NAME)).toBe('unchanged');
  expect((await pipeline()).processors).not.toEqual([{ drop: {} }]);
});

test('adopt: changes nothing without a yes', async () => {
  const theirs = { description: 'theirs', processors: [{ drop: {} }] };
  await put(`/_ingest/pipeline/${PIPELINE}`, theirs);
  await expect(adopted([NAME], false)).rejects.toThrowErrorMatchingInlineSnapshot(`
   "This takes over what somebody else made: ingest_pipeline/process_creation@failure-pipeline. Deploy will change it, and destroy will remove it. Nothing was changed.
     Answer yes on a terminal, or give --yes."
  `);
  expect(await pipeline()).toEqual(theirs);
  await request(cluster, { method: 'DELETE', path: `/_ingest/pipeline/${PIPELINE}` });
});

test('adopt: unmanaged templates stay unchanged until the next deploy', async () => {
  const component = 'process_creation@settings';
  const index = 'logs-sysmon.process_creation@template';
  await put(`/_component_template/${component}`, { template: { settings: { number_of_shards: 3 } } });
  await put(`/_index_template/${index}`, {
    index_patterns: ['logs-sysmon.process_creation-*'],
    data_stream: {},
    priority: 7,
    composed_of: [component],
    _meta: { managed_by: 'somebody', note: 'keep' },
  });
  const names = [`component_template/${component}`, `index_template/${index}`];
  expect((await adopted(names)).adopted.map(({ status }) => status)).toEqual(['adopted', 'adopted']);
  const { body } = await request<{ index_templates: { index_template: Record<string, unknown> }[] }>(cluster, {
    method: 'GET',
    path: `/_index_template/${index}`,
  });
  expect(body.index_templates[0]?.index_template).toMatchObject({
    priority: 7,
    _meta: { managed_by: 'wmi-detections', note: 'keep' },
  });
  for (const name of names) expect(await actionOn(name)).toBe('update');
  await deployed();
  for (const name of names) expect(await actionOn(name)).toBe('unchanged');
});

test('adopt: adopts an unmanaged rule of the local scheduler', async () => {
  await deployed();
  const [rule] = content.rules;
  const path = `/${stateIndex('default')}/_doc/${storedRuleId(rule?.uuid ?? '')}`;
  const { body } = await request<{ _source: Record<string, unknown> }>(cluster, { method: 'GET', path });
  const theirs = { ...body._source, managed_by: 'somebody', query: { match_none: {} } };
  await request(cluster, { method: 'PUT', path, query: { refresh: true }, body: theirs });
  const name = `detection_rule/${rule?.uuid ?? ''}`;
  expect(await actionOn(name)).toBe('foreign');
  expect((await adopted([name])).adopted).toMatchObject([{ title: rule?.name, status: 'adopted' }]);
  expect(await actionOn(name)).toBe('update');
  await deployed();
  expect(await actionOn(name)).toBe('unchanged');
});

test('adopt: a copy of a managed resource gets its own mark', async () => {
  await deployed();
  const other = await pipeline('process_creation@event-pipeline');
  await put(`/_ingest/pipeline/${PIPELINE}`, other);
  expect(await actionOn(NAME)).toBe('foreign');
  await adopted([NAME]);
  expect(String((await pipeline()).description).match(/managed_by/g)).toHaveLength(1);
  expect(await actionOn(NAME)).toBe('update');
});

test('adopt: a managed resource is left as it is', async () => {
  await deployed();
  const before = await pipeline();
  expect(await adopted([NAME], false)).toEqual({ adopted: [], ours: [NAME] });
  expect(await pipeline()).toEqual(before);
});

test('adopt: all names that cannot be adopted are reported at once, and nothing is adopted', async () => {
  const theirs = { processors: [] };
  await put(`/_ingest/pipeline/${PIPELINE}`, theirs);
  const names = [
    NAME,
    'ingest_pipeline/process_creation@failing-pipeline',
    'component_template/process_creation@mappings',
  ];
  await expect(adopted(names)).rejects.toThrowErrorMatchingInlineSnapshot(`
   "the content has no ingest_pipeline/process_creation@failing-pipeline
     Did you mean "ingest_pipeline/process_creation@failure-pipeline"?
   component_template/process_creation@mappings is not on the cluster
     There is nothing to adopt: deploy creates it."
  `);
  expect(await pipeline()).toEqual(theirs);
  await request(cluster, { method: 'DELETE', path: `/_ingest/pipeline/${PIPELINE}` });
});
