import { localDeployment } from '../support/deployment';
import { runRules } from '../../src/schedulers/local/run-rules';
import { join } from 'node:path';
import { replay } from '../../src/replay/replay';
import { isRecord } from '../../src/json';
import { readAllContent } from '../../src/resources/read-all-content';
import { toQueryDsl } from '../../src/sigma/compile/query-dsl';
import type { Cluster } from '../../src/cluster/cluster';
import { request } from '../support/request';
import { describedSamples, namesOfSamples, RULES, SAMPLES, type RuleWord } from '../support/samples';
import { freshNamespace } from '../support/dataset';
import { testCluster } from '../support/cluster';

const namespace = freshNamespace();
const content = readAllContent(join(__dirname, '../..'));
let cluster: Cluster;
let names: ReadonlyMap<string, string>;

beforeAll(async () => {
  cluster = await testCluster();
  names = await namesOfSamples();
  const deployment = localDeployment({ cluster, namespace });
  const plan = await deployment.plan(content, { prune: false });
  const { problems } = await deployment.apply(plan);
  expect(problems).toEqual([]);
});

test('samples: docs/samples.md describes every event, and nothing else', () => {
  expect(describedSamples().map(({ name }) => name)).toEqual(expect.arrayContaining([...names.values()]));
  expect(describedSamples()).toHaveLength(names.size);
});

test('samples: all samples are indexed, and none as a failure of a pipeline', async () => {
  const { counts, problems } = await replay(cluster, [SAMPLES], { namespace });
  expect({ counts, problems }).toEqual({
    counts: {
      read: 57,
      indexed: 57,
      duplicates: 0,
      failed: 0,
      pipelineErrors: 0,
      bySource: { sysmon: 27, windows_security: 20, crowdstrike: 9, unrecognised: 1 },
    },
    problems: [],
  });
  await request(cluster, { method: 'POST', path: `/logs-*-${namespace}/_refresh` });
  expect(await found({ term: { 'event.kind': 'pipeline_error' } })).toEqual([]);
});

test.each(Object.keys(RULES) as RuleWord[])(
  'samples: the rule "%s" finds exactly what docs/samples.md says',
  async (word) => {
    const rule = content.rules.find(({ uuid }) => uuid === RULES[word]);
    if (rule === undefined) throw new Error(`there is no rule ${RULES[word]}`);
    const expected = describedSamples().filter(({ alerts }) => alerts.includes(word));
    expect(expected.length).toBeGreaterThan(10);
    expect(await found(toQueryDsl(rule))).toEqual(expected.map(({ name }) => name).sort());
  },
);

test('samples: replaying them again indexes nothing', async () => {
  const { counts } = await replay(cluster, [SAMPLES], { namespace });
  expect(counts).toMatchObject({ read: 57, indexed: 0, duplicates: 57, failed: 0 });
});

test('samples: every match becomes one alert: no two of these events are one group', async () => {
  const { rules } = await runRules(cluster, { namespace });
  expect(rules.map(({ events, alerts, new: fresh }) => ({ events, alerts, fresh }))).toEqual([
    { events: 16, alerts: 16, fresh: 16 },
    { events: 16, alerts: 16, fresh: 16 },
  ]);
});

/** What Winlogbeat 6 says of itself; nobody searches for it. */
const LEFT_UNMAPPED = /^(beat|@metadata)\.|^type$/;

test.each(['logs-*', 'wmi-detections-alerts'])(
  'samples: every field of %s is mapped, so that it can be searched',
  async (name) => {
    const { documents, mapped } = await fieldsOf(`${name}-${namespace}`);
    expect(documents.size).toBeGreaterThan(30);
    const unmapped = [...documents].filter((field) => !mapped.some((known) => field === known || isIn(field, known)));
    expect(unmapped.filter((field) => !LEFT_UNMAPPED.test(field))).toEqual([]);
  },
);

/** `winlog.event_data` and its like are one field, whatever they hold. */
function isIn(field: string, whole: string): boolean {
  return /^(winlog\.(event|user)_data|crowdstrike)$/.test(whole) && field.startsWith(`${whole}.`);
}

async function fieldsOf(where: string): Promise<{ documents: Set<string>; mapped: string[] }> {
  const found = await request<{ hits: { hits: { _source: unknown }[] } }>(cluster, {
    method: 'POST',
    path: `/${where}/_search`,
    body: { size: 1000 },
  });
  const { body } = await request<Record<string, { mappings: { properties: unknown } }>>(cluster, {
    method: 'GET',
    path: `/${where}/_mapping`,
  });
  return {
    documents: new Set(found.body.hits.hits.flatMap(({ _source }) => leaves(_source))),
    mapped: Object.values(body).flatMap(({ mappings }) => fieldNames(mappings.properties)),
  };
}

function leaves(value: unknown, path = ''): string[] {
  if (Array.isArray(value)) return value.flatMap((item) => leaves(item, path));
  if (!isRecord(value)) return [path];
  return Object.entries(value).flatMap(([key, inner]) => leaves(inner, path === '' ? key : `${path}.${key}`));
}

function fieldNames(properties: unknown, prefix = ''): string[] {
  return Object.entries(isRecord(properties) ? properties : {}).flatMap(([name, field]) =>
    isRecord(field) && 'properties' in field ? fieldNames(field.properties, `${prefix}${name}.`) : [prefix + name],
  );
}

/** The samples that a query finds, by name. */
async function found(query: Record<string, unknown>): Promise<string[]> {
  const { body } = await request<{ hits: { hits: { _id: string }[] } }>(cluster, {
    method: 'POST',
    path: `/logs-*-${namespace}/_search`,
    body: { query, size: 1000, _source: false },
  });
  return body.hits.hits.map(({ _id }) => names.get(_id) ?? _id).sort();
}
