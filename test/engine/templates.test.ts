import { join } from 'node:path';
import { readContent } from '../../src/content/read-content';
import type { Resource } from '../../src/content/resource';
import type { Cluster } from '../../src/cluster/cluster';
import { deleteStreams } from '../support/delete-streams';
import { request } from '../support/request';
import { prepare } from '../../src/cluster/translate';
import { testCluster } from '../support/cluster';

/*
 * The templates themselves, without the pipelines: what the mappings alone keep, match and refuse. They are installed under
 * names of this test's own, so that a test that deploys the real ones at the same time is not disturbed.
 */
const PREFIX = 'templates-test-';
const SYSMON = `${PREFIX}logs-sysmon.process_creation-default`;
const ALERTS = `${PREFIX}wmi-detections-alerts-default`;
const STATE = `${PREFIX}wmi-detections-state-default`;
const NOW = '2024-05-01T10:00:00.000Z';

const templates = readContent(join(__dirname, '../..')).filter(({ kind }) => kind !== 'ingest_pipeline');
let cluster: Cluster;

beforeAll(async () => {
  cluster = await testCluster();
  for (const kind of ['component_template', 'index_template'] as const) {
    for (const resource of templates.filter((template) => template.kind === kind)) {
      const path = `/_${kind}/${encodeURIComponent(PREFIX + resource.id)}`;
      await request(cluster, { method: 'PUT', path, body: renamed(resource) });
    }
  }
});

afterAll(async () => {
  const all = encodeURIComponent(`${PREFIX}*`);
  await deleteStreams(cluster, all);
  await request(cluster, { method: 'DELETE', path: `/${ALERTS},${STATE}`, query: { ignore_unavailable: true } });
  // 400 where a data stream of one stays; see deleteStreams.
  await request(cluster, { method: 'DELETE', path: `/_index_template/${all}`, allow: [400] });
  await request(cluster, { method: 'DELETE', path: `/_component_template/${all}`, allow: [400] });
});

/** A template as this cluster wants it, with the prefix in its patterns and references, and no pipeline. */
function renamed(resource: Resource): Record<string, unknown> {
  const text = JSON.stringify(prepare(resource, cluster.product))
    .replaceAll(
      /"(index_patterns|composed_of|ignore_missing_component_templates)":\[([^\]]*)\]/g,
      (_all, name: string, list: string) => `"${name}":[${list.replaceAll(/"([^"]+)"/g, `"${PREFIX}$1"`)}]`,
    )
    .replaceAll(/"index\.default_pipeline":"[^"]+"/g, '"index.default_pipeline":"_none"');
  return JSON.parse(text) as Record<string, unknown>;
}

interface Indexed {
  readonly _id: string;
  readonly _index: string;
  readonly error?: { readonly reason: string };
}

/** Indexes one document; a status of 400 is an answer, too. */
async function index(into: string, document: Record<string, unknown>): Promise<Indexed & { status: number }> {
  const { status, body } = await request<Indexed>(cluster, {
    method: 'POST',
    path: `/${into}/_doc`,
    query: { op_type: 'create', refresh: true },
    body: { '@timestamp': NOW, ...document },
    allow: [400],
  });
  return { ...body, status };
}

async function search(where: string, query: Record<string, unknown>): Promise<string[]> {
  const { body } = await request<{ hits: { hits: { _id: string }[] } }>(cluster, {
    method: 'POST',
    path: `/${where}/_search`,
    body: { query, size: 100 },
  });
  return body.hits.hits.map(({ _id }) => _id);
}

/** Only what went wrong in this document: the fields that were kept in it but not indexed. */
async function ignoredFields(where: string, id: string): Promise<string[]> {
  const { body } = await request<{ hits: { hits: { _ignored?: string[] }[] } }>(cluster, {
    method: 'POST',
    path: `/${where}/_search`,
    body: { query: { ids: { values: [id] } } },
  });
  return body.hits.hits.flatMap(({ _ignored = [] }) => _ignored).sort();
}

async function typesOf(where: string): Promise<Record<string, string>> {
  const { body } = await request<Record<string, { mappings: { properties: Properties } }>>(cluster, {
    method: 'GET',
    path: `/${where}/_mapping`,
  });
  return Object.assign({}, ...Object.values(body).map(({ mappings }) => flat(mappings.properties))) as Record<
    string,
    string
  >;
}

interface Properties {
  readonly [name: string]: { readonly type?: string; readonly properties?: Properties };
}

function flat(properties: Properties, prefix = ''): Record<string, string> {
  return Object.fromEntries(
    Object.entries(properties).flatMap(([name, field]): [string, string][] =>
      field.properties === undefined
        ? [[prefix + name, field.type ?? 'object']]
        : Object.entries(flat(field.properties, `${prefix}${name}.`)),
    ),
  );
}

test.each(
  templates.filter(({ kind, body }) => kind === 'index_template' && 'data_stream' in body).map(({ body }) => body),
)('templates: $index_patterns.0 makes a data stream with the ECS types', async ({ index_patterns }) => {
  const stream = PREFIX + String((index_patterns as string[])[0]).replace('*', 'types');
  expect(await index(stream, { process: { pid: 4 } })).toMatchObject({ status: 201 });
  const { body } = await request<{ data_streams: unknown[] }>(cluster, {
    method: 'GET',
    path: `/_data_stream/${stream}`,
  });
  expect(body.data_streams).toHaveLength(1);
  expect(await typesOf(stream)).toMatchObject({
    '@timestamp': 'date',
    'event.category': 'keyword',
    'event.ingested': 'date',
    'host.ip': 'ip',
    'process.command_line': 'wildcard',
    'process.name': 'keyword',
    'process.parent.command_line': 'wildcard',
    'process.parent.pid': 'long',
    'process.pe.original_file_name': 'keyword',
    'process.pid': 'long',
    'user.effective.name': 'keyword',
    'winlog.event_id': 'keyword',
  });
});

describe('templates: an event', () => {
  test('whose values have the wrong form is kept and lists the fields that are not indexed', async () => {
    const { status, _id } = await index(SYSMON, {
      process: { pid: 'four', start: 'yesterday', name: 'kept.exe' },
      host: { ip: ['10.0.0.1', 'not an address'] },
    });
    expect(status).toBe(201);
    expect(await search(SYSMON, { term: { 'process.name': 'kept.exe' } })).toEqual([_id]);
    expect(await ignoredFields(SYSMON, _id)).toEqual(['host.ip', 'process.pid', 'process.start']);
  });

  test('that holds a map where a number belongs is kept', async () => {
    const { status, _id } = await index(SYSMON, { process: { pid: { a: 1 }, name: 'map.exe' } });
    expect(status).toBe(201);
    expect(await search(SYSMON, { term: { 'process.name': 'map.exe' } })).toEqual([_id]);
  });

  test('that holds a map where a text belongs is refused by the mapping: the pipelines must see to it', async () => {
    expect(await index(SYSMON, { process: { name: { a: 1 } } })).toMatchObject({ status: 400 });
  });

  test('whose time cannot be read is refused by the mapping: the pipelines must see to it', async () => {
    expect(await index(SYSMON, { '@timestamp': 'yesterday' })).toMatchObject({ status: 400 });
  });

  test('with a thousand unknown fields does not grow the mapping', async () => {
    await index(SYSMON, {});
    const before = await typesOf(SYSMON);
    const thousand = Object.fromEntries(
      Array.from({ length: 1000 }, (_, n) => [`unknown_${n}`, n % 2 ? n : { a: [n] }]),
    );
    const { status } = await index(SYSMON, {
      ...thousand,
      process: { ...thousand },
      winlog: { event_data: thousand, user_data: thousand, other: thousand },
      crowdstrike: thousand,
    });
    expect(status).toBe(201);
    expect(await typesOf(SYSMON)).toEqual(before);
  });

  test('may hold texts of any length; those over 8,191 letters are kept, but not indexed as keywords', async () => {
    const text = 'x'.repeat(1_000_000);
    const { status, _id } = await index(SYSMON, {
      message: text,
      event: { original: text },
      process: {
        name: [text, 'short.exe'],
        executable: text,
        command_line: text,
        args: [text],
        parent: { executable: text },
      },
      winlog: { event_data: { Image: text } },
      crowdstrike: { ImageFileName: text },
      user: { name: text },
    });
    expect(status).toBe(201);
    expect(await search(SYSMON, { term: { 'process.name': 'short.exe' } })).toEqual([_id]);
    expect(await search(SYSMON, { prefix: { 'process.name': 'xxx' } })).toEqual([]);
    expect(await search(SYSMON, { wildcard: { 'process.command_line': 'xxx*' } })).toEqual([_id]);
  });
});

describe('templates: a command line of 32,767 three-byte letters', () => {
  const line = `${'ก'.repeat(32_767 - ' call '.length)} call `;

  test.each(['process.command_line', 'process.parent.command_line'])('%s is matched to its end', async (field) => {
    const stream = `${PREFIX}logs-sysmon.process_creation-${field.replaceAll('.', '_')}`;
    const parts = field.split('.').slice(1);
    const event = parts.reduceRight<unknown>((inner, name) => ({ [name]: inner }), line);
    const { status, _id } = await index(stream, { process: event });
    expect(status).toBe(201);
    const contains = (value: string) => ({ wildcard: { [field]: { value: `*${value}*`, case_insensitive: true } } });
    expect(await search(stream, contains(' CALL '))).toEqual([_id]);
    expect(await search(stream, contains(' CALLS '))).toEqual([]);
  });
});

test('templates: names are compared without case', async () => {
  const stream = `${PREFIX}logs-sysmon.process_creation-case`;
  const { _id } = await index(stream, { process: { name: 'WMIC.exe' } });
  const named = (value: string) => ({ term: { 'process.name': { value, case_insensitive: true } } });
  expect(await search(stream, named('wmic.EXE'))).toEqual([_id]);
  expect(await search(stream, named('wmic'))).toEqual([]);
});

describe('templates: an alert', () => {
  test('lies in a plain index, where it is updated by its id', async () => {
    const alert = {
      '@timestamp': NOW,
      wmi_detections: { status: 'open', count: 1 },
      process: { command_line: 'wmic' },
    };
    const path = `/${ALERTS}/_doc/a`;
    await request(cluster, { method: 'PUT', path, body: alert });
    await request(cluster, {
      method: 'POST',
      path: `/${ALERTS}/_update/a`,
      query: { refresh: true },
      body: { doc: { wmi_detections: { status: 'closed' } } },
    });
    expect(await search(ALERTS, { term: { 'wmi_detections.status': 'closed' } })).toEqual(['a']);
    expect(await search(ALERTS, { term: { 'wmi_detections.status': 'open' } })).toEqual([]);
  });

  test('has the ECS types', async () => {
    expect(await typesOf(ALERTS)).toMatchObject({
      'event.risk_score': 'float',
      'event.severity': 'long',
      'process.command_line': 'wildcard',
      'rule.uuid': 'keyword',
      'threat.technique.id': 'keyword',
      'wmi_detections.count': 'long',
      'wmi_detections.risk_objects.value': 'keyword',
    });
  });
});

test('templates: state keeps bodies of any form, and finds them by kind', async () => {
  await index(STATE, { kind: 'rule', rule: { detection: { a: 1 } }, query: { bool: {} } });
  const { status, _id } = await index(STATE, { kind: 'watermark', rule: 'text', query: [1, { a: 'b' }] });
  expect(status).toBe(201);
  expect(await search(STATE, { term: { kind: 'watermark' } })).toEqual([_id]);
  expect(Object.keys(await typesOf(STATE)).sort()).toEqual(['kind', 'managed_by', 'updated']);
});
