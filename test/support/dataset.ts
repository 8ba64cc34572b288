import { storedRuleId, type StoredRule } from '../../src/schedulers/local/state';
import { runRules, type RunOptions } from '../../src/schedulers/local/run-rules';
import { join } from 'node:path';
import { readYaml } from '../../src/content/yaml-file';
import { alerts, type Alert, type AlertsOptions } from '../../src/schedulers/alert-index-search';
import { isRecord, type JsonRecord } from '../../src/json';
import { alertIndex, DATASETS, defaultIndices, stateIndex } from '../../src/detections/indices';
import type { Rule } from '../../src/detections/rule';
import type { RuleRun } from '../../src/schedulers/execute-window';
import type { Cluster } from '../../src/cluster/cluster';
import { deleteStreams } from './delete-streams';
import { request } from './request';
import { prepare } from '../../src/cluster/translate';
import { testCluster } from './cluster';

const ROOT = join(__dirname, '..', '..');

/** Our own data stream that the data sets write to. */
export const SYSMON = 'logs-sysmon.process_creation';

/** An event to index, by its `_id`. */
export interface Event {
  readonly id: string;
  readonly [field: string]: unknown;
}

/**
 * A namespace of its own on the test node, with our mappings, one stored rule (children of WmiPrvSE.exe) and no events. Its
 * clock stands still until it is set.
 */
export interface Dataset {
  readonly cluster: Cluster;
  readonly namespace: string;
  readonly rule: Rule;
  /** Sets the clock; ISO 8601. */
  at(time: string): void;
  /** Indexes documents as they are, past any pipeline, into `<index>-<namespace>`. */
  index(events: readonly Event[], index?: string): Promise<void>;
  /** @param through another way to the node, such as a proxy */
  run(options?: Partial<RunOptions>, through?: Cluster): Promise<RuleRun>;
  alerts(options?: Partial<AlertsOptions>): Promise<Alert[]>;
}

/** What the names of all data sets of one test file begin with. */
const FILE = `t${process.pid}x${Date.now().toString(36)}`;
let count = 0;

/** Data sets of the test that runs, to be cleared after it: a node holds a thousand shards and no more. */
const open: Pick<Dataset, 'cluster' | 'namespace'>[] = [];
let templates: Promise<void> | undefined;

afterEach(async () => {
  for (const { cluster, namespace } of open.splice(0)) await clear(cluster, namespace);
});

/** Takes away all that a test made in its namespace. */
export async function clear(cluster: Cluster, namespace: string): Promise<void> {
  const gone = { method: 'DELETE', allow: [404] } as const;
  await deleteStreams(cluster, `logs-*-${namespace}`);
  await request(cluster, { ...gone, path: `/${plainIn(namespace).join(',')}`, query: { ignore_unavailable: true } });
}

/** The indices of a namespace that belong to no data stream. */
function plainIn(namespace: string): string[] {
  return [alertIndex(namespace), stateIndex(namespace), `foreign-${namespace}`, `odd-${namespace}`];
}

afterAll(async () => {
  if (count === 0 || process.env['TEST_ES_URL'] === undefined) return;
  const cluster = await testCluster();
  await sweep(cluster);
  if (templates === undefined) return;
  for (const { name } of TEMPLATES) {
    // 400 where a data stream of it stays; see deleteStreams.
    await request(cluster, { method: 'DELETE', path: `/_index_template/dataset-${name}-${FILE}`, allow: [400, 404] });
  }
});

/** Takes away what is left in any namespace of this file: the more a node holds, the longer each request of the tests after it takes. */
async function sweep(cluster: Cluster): Promise<void> {
  const gone = { method: 'DELETE', allow: [404] } as const;
  await deleteStreams(cluster, `logs-*-${FILE}*`);
  // By their names: some clusters delete nothing by a pattern.
  const path = `/_cat/indices/${plainIn(`${FILE}*`).join(',')}`;
  const query = { h: 'index', format: 'json', expand_wildcards: 'all' };
  const { body } = await request<{ index: string }[]>(cluster, { method: 'GET', path, query });
  if (body.length === 0) return;
  await request(cluster, { ...gone, path: `/${body.map(({ index }) => index).join(',')}` });
}

/** Our templates, under names and patterns of this test file only, so that no test beside it can take them away. */
const TEMPLATES: readonly { name: string; pattern: string; path: string; pipeline?: string }[] = [
  // Others' streams of this file, such as `logs-windows.*`.
  {
    name: 'others',
    pattern: `logs-*-${FILE}*`,
    path: 'component-templates/process_creation@mappings.yml',
    pipeline: '_none',
  },
  ...Object.values(DATASETS).map((each) => ({
    name: each,
    pattern: `logs-${each}-${FILE}*`,
    path: 'component-templates/process_creation@mappings.yml',
    pipeline: `logs-${each}@default-pipeline`,
  })),
  { name: 'alerts', pattern: alertIndex(`${FILE}*`), path: 'component-templates/wmi-detections-alerts@mappings.yml' },
  { name: 'state', pattern: stateIndex(`${FILE}*`), path: 'index-templates/wmi-detections-state@template.yml' },
];

/** Above our own; Elasticsearch takes `logs-*-a*` and `logs-*-b*` for patterns that overlap, and refuses two of the same priority. */
const PRIORITY = process.pid * 1_000_000 + (Date.now() % 1_000_000);

/** A namespace that no other test uses. */
export function freshNamespace(): string {
  count += 1;
  return `${FILE}x${count}`;
}

/** @param indices what the rule reads, `<namespace>` standing for the data set's own; our default list where not given */
export async function dataset({ indices }: { indices?: readonly string[] } = {}): Promise<Dataset> {
  const cluster = await testCluster();
  const namespace = freshNamespace();
  open.push({ cluster, namespace });
  templates ??= putTemplates(cluster);
  await templates;
  const rule = wmiChildren();
  await storeRule(cluster, namespace, {
    kind: 'rule',
    managed_by: 'wmi-detections',
    digest: '',
    rule,
    query: { term: { 'process.parent.name': { value: 'WmiPrvSE.exe', case_insensitive: true } } },
    indices: indices?.map((index) => index.replace('<namespace>', namespace)) ?? defaultIndices(namespace),
  });
  let clock = Date.parse('2025-03-10T12:00:00Z');
  return {
    cluster,
    namespace,
    rule,
    at: (time) => {
      clock = Date.parse(time);
    },
    index: (events, index = SYSMON) => indexEvents(cluster, `${index}-${namespace}`, events),
    run: async (options, through = cluster) => {
      const { rules } = await runRules(through, { namespace, now: () => clock, ...options });
      return rules[0] as RuleRun;
    },
    alerts: (options) => alerts(cluster, { namespace, ...options }),
  };
}

/**
 * One data set for all tests of a file, or of a describe, that only read it.
 * @param make makes the data set and fills it
 * @returns that data set, within a test
 */
export function sharedDataset(make: () => Promise<Dataset> = dataset): () => Dataset {
  let shared: Dataset | undefined;
  beforeAll(async () => {
    shared = await make();
    // Not to be cleared after the first test: `sweep` clears it after the last.
    open.splice(0);
  });
  return () => {
    if (shared === undefined) throw new Error('the shared data set is there only within a test');
    return shared;
  };
}

/** Stores a rule as `deploy` does. */
export async function storeRule(cluster: Cluster, namespace: string, stored: StoredRule): Promise<void> {
  await request(cluster, {
    method: 'PUT',
    path: `/${stateIndex(namespace)}/_doc/${storedRuleId(stored.rule.uuid)}`,
    query: { refresh: true },
    body: { ...stored },
  });
}

/** A process that WmiPrvSE.exe started at noon; with other values where `change` has them, without those that are null. */
export function wmiChild(id: string, change: JsonRecord = {}): Event {
  const fields: Record<string, unknown> = {
    '@timestamp': '2025-03-10T11:50:00.000Z',
    'event.ingested': '2025-03-10T11:50:05.000Z',
    'event.category': ['process'],
    'event.type': ['start'],
    'host.name': 'ws01.example.test',
    'user.name': 'alice',
    'process.name': 'notepad.exe',
    'process.pid': 4711,
    'process.command_line': 'notepad.exe',
    'process.parent.name': 'WmiPrvSE.exe',
    'process.parent.pid': 612,
    'process.parent.command_line': 'C:\\Windows\\system32\\wbem\\wmiprvse.exe -secured -Embedding',
    ...change,
  };
  const event: Event = { id };
  for (const [field, value] of Object.entries(fields)) {
    if (value !== null) setField(event, field.split('.'), value);
  }
  return event;
}

function setField(into: Record<string, unknown>, [step = '', ...rest]: readonly string[], value: unknown): void {
  if (rest.length === 0) {
    into[step] = value;
    return;
  }
  const inner = isRecord(into[step]) ? into[step] : {};
  into[step] = inner;
  setField(inner, rest, value);
}

async function indexEvents(cluster: Cluster, index: string, events: readonly Event[]): Promise<void> {
  const lines = events.map(
    ({ id, ...source }) => `${JSON.stringify({ create: { _id: id } })}\n${JSON.stringify(source)}\n`,
  );
  const { body } = await request<{ errors: boolean; items: unknown[] }>(cluster, {
    method: 'POST',
    path: `/${index}/_bulk`,
    query: { refresh: true, pipeline: '_none' },
    ndjson: lines.join(''),
  });
  if (body.errors) throw new Error(`not indexed: ${JSON.stringify(body.items).slice(0, 1000)}`);
}

async function putTemplates(cluster: Cluster): Promise<void> {
  for (const { name, pattern, path, pipeline } of TEMPLATES) {
    const file = join(ROOT, 'mappings', path);
    const body = readYaml(file).value as Record<string, unknown>;
    const { template } = prepare({ kind: 'component_template', id: name, body, place: { file } }, cluster.product);
    const stream = pipeline !== undefined && { data_stream: {} };
    const ours = isRecord(template) ? template : {};
    const settings = pipeline === undefined ? {} : { settings: { 'index.default_pipeline': pipeline } };
    await request(cluster, {
      method: 'PUT',
      path: `/_index_template/dataset-${name}-${FILE}`,
      body: {
        index_patterns: [pattern],
        priority: pipeline === '_none' ? PRIORITY : PRIORITY + 1,
        template: { ...ours, ...settings },
        ...stream,
      },
    });
  }
}

function wmiChildren(): Rule {
  return {
    slug: 'wmi_children',
    uuid: '5f3a5b0e-7d5c-4c53-9a0e-0c9d6b1f2a3b',
    name: 'Children of WmiPrvSE',
    status: 'test',
    description: 'A rule of the tests.',
    license: null,
    references: ['https://attack.mitre.org/techniques/T1047/'],
    authors: ['A Tester'],
    date: '2025-01-01',
    modified: null,
    tags: ['attack.execution', 'attack.t1047'],
    logsource: { category: 'process_creation', product: 'windows' },
    condition: { kind: 'field', field: 'process.parent.name', test: { kind: 'exists' } },
    fields: [],
    falsePositives: [],
    level: 'medium',
    version: 4,
    type: 'TTP',
    groupBy: [
      'host.name',
      'user.name',
      'process.parent.command_line',
      'process.name',
      'process.command_line',
      'process.pid',
      'process.parent.pid',
    ],
    risk: {
      score: 49,
      impact: 70,
      confidence: 70,
      message: 'a child of $parent_process_name$ on $dest$',
      objects: [
        { name: 'dest', type: 'Hostname', roles: ['Victim'] },
        { name: 'user', type: 'User', roles: ['Victim'] },
      ],
    },
    schedule: { interval: '5m', lookback: '1h' },
    kibana: {},
    analyticStories: [],
    assetType: 'Endpoint',
    securityDomain: 'endpoint',
    killChainPhases: [],
    dataSources: [],
    setup: '',
    triage: null,
    upstream: {
      source: '',
      status: null,
      lastUpdated: null,
      datamodel: null,
      products: [],
      search: '',
      groupBy: [],
      requiredFields: [],
      mitreAttackIds: [],
      drilldownSearches: [],
      tests: [],
      testDataset: null,
      manualTest: null,
    },
  };
}
