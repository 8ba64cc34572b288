import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { connect, type Cluster } from '../../src/cluster/cluster';
import { startAttached, type Engine } from '../../src/engine/start-node';
import { canonicalJson, isRecord } from '../../src/json';
import { eventOf } from '../../src/replay/event';
import { listInputs } from '../../src/replay/inputs';
import { readInput } from '../../src/replay/read';
import { streamOf } from '../../src/replay/streams';
import { readFixtures } from '../../src/testing/fixture';
import { writeJson } from '../../src/text/lossless-json';
import { testCluster } from '../support/cluster';
import { deployShared } from '../support/deploy-shared';
import { deleteStreams } from '../support/delete-streams';
import { freshNamespace } from '../support/dataset';
import { request } from '../support/request';

/*
 * Whatever engine reads an event, it becomes the same document, field by field: every sample, every fixture of the pipelines and every
 * input that failed once.
 */
const ROOT = join(__dirname, '..', '..');
const CASES = join(ROOT, '..', 'shared', 'cases', 'pipeline-cases.ndjson');

/** What may differ, and why. */
const DIFFERENCES: readonly { readonly field: RegExp; readonly reason: string }[] = [
  { field: /^event\.ingested$/, reason: 'each engine has its own time of arrival' },
  {
    field: /^winlog\.event_data\._(routing|if_seq_no|if_primary_term)$/,
    reason: 'Elasticsearch takes these names at the root for its own before a pipeline runs, and keeps nothing of them',
  },
  {
    field: /^error\.message$/,
    reason: 'the Elasticsearch of the tests has no mustache, which names the step that failed',
  },
];

/** Lists whose order means nothing: it is that of the engine's hash maps. */
const UNORDERED = /^related\./;

interface Sent {
  readonly id: string;
  readonly stream: string;
  readonly document: string;
}

const namespace = freshNamespace();
let engine: Engine;
let sent: readonly Sent[];
/** The documents of each engine, by id. */
let [onElasticsearch, onOpenSearch]: Map<string, unknown>[] = [];

beforeAll(async () => {
  engine = await startAttached();
  const openSearch = await connect({ url: engine.url });
  await deployShared(openSearch);
  sent = [...(await samples()), ...fixtures(), ...cases()];
  const elasticsearch = await testCluster();
  onElasticsearch = await indexed(elasticsearch);
  onOpenSearch = await indexed(openSearch);
  await deleteStreams(elasticsearch, `logs-*-${namespace}`);
}, 300_000);
afterAll(() => engine.stop());

async function samples(): Promise<Sent[]> {
  const found: Sent[] = [];
  for (const input of listInputs([join(ROOT, 'samples')])) {
    for await (const read of readInput(input, () => undefined)) {
      if ('problem' in read) throw new Error(read.problem.message);
      for (const record of read.records) {
        const { source, document } = eventOf(record, read.file);
        const id = `${read.file.slice(ROOT.length)} ${found.length}`;
        found.push({ id, stream: streamOf(source, namespace), document: document.toString() });
      }
    }
  }
  return found;
}

function fixtures(): Sent[] {
  return readFixtures(join(ROOT, 'test', 'pipelines')).flatMap(({ pipeline, file, events }) =>
    events.map((event, index) => ({
      id: `${file.slice(ROOT.length)} ${index}`,
      stream: pipeline.replace('@default-pipeline', `-${namespace}`),
      document: writeJson(event),
    })),
  );
}

const STREAMS: Readonly<Record<string, string>> = {
  sysmon: 'logs-sysmon.process_creation',
  windows_security: 'logs-windows_security.process_creation',
  crowdstrike: 'logs-crowdstrike.process_rollup2',
};

function cases(): Sent[] {
  if (!existsSync(CASES)) return [];
  const lines = readFileSync(CASES, 'utf8').trim().split('\n');
  return lines.map((line) => {
    const { id, stream } = JSON.parse(line) as { id: string; stream: string };
    const [from, to] = [line.indexOf('"input": ') + '"input": '.length, line.lastIndexOf(', "expect": ')];
    return { id: `case ${id}`, stream: `${STREAMS[stream] ?? ''}-${namespace}`, document: line.slice(from, to) };
  });
}

async function indexed(cluster: Cluster): Promise<Map<string, unknown>> {
  const lines = sent.map(({ id, stream, document }) => {
    const action = { create: { _index: stream, _id: id } };
    return `${JSON.stringify(action)}\n${document}\n`;
  });
  const { body } = await request<{ items: { create: { status: number } }[] }>(cluster, {
    method: 'POST',
    path: '/_bulk',
    query: { refresh: true },
    ndjson: lines.join(''),
  });
  expect(body.items.filter(({ create }) => create.status !== 201)).toEqual([]);
  const found = await request<{ hits: { hits: { _id: string; _source: unknown }[] } }>(cluster, {
    method: 'POST',
    path: `/logs-*-${namespace}/_search`,
    body: { size: 10_000 },
  });
  return new Map(found.body.hits.hits.map(({ _id, _source }) => [_id, _source]));
}

/** The fields of a document, by their paths, in one order. */
function fieldsOf(document: unknown): Record<string, string> {
  const fields: Record<string, string> = {};
  const ingested = isRecord(document) && isRecord(document.event) ? document.event.ingested : undefined;
  const walk = (value: unknown, path: string): void => {
    if (isRecord(value) && Object.keys(value).length > 0) {
      for (const [name, inner] of Object.entries(value)) walk(inner, path === '' ? name : `${path}.${name}`);
    } else {
      // The same JSON in another order.
      const plain = path === 'event.original' ? jsonOf(value) : value;
      const list: unknown = Array.isArray(plain) && UNORDERED.test(path) ? [...(plain as unknown[])].sort() : plain;
      // What has no time of its own happened when it arrived.
      fields[path] = value === ingested ? 'the time of arrival' : JSON.stringify(list);
    }
  };
  walk(document, '');
  return fields;
}

function jsonOf(text: unknown): unknown {
  try {
    return canonicalJson(JSON.parse(String(text)));
  } catch {
    return text;
  }
}

/** What differs between the two documents of an event. */
function differences(
  id: string,
): { field: string; elasticsearch: string | undefined; openSearch: string | undefined }[] {
  const [left, right] = [onElasticsearch, onOpenSearch].map((documents) => fieldsOf(documents?.get(id)));
  return [...new Set([...Object.keys(left ?? {}), ...Object.keys(right ?? {})])]
    .filter((field) => left?.[field] !== right?.[field])
    .map((field) => ({ field, elasticsearch: left?.[field], openSearch: right?.[field] }));
}

test('documents on Elasticsearch: every event is one on both engines', () => {
  expect(sent.length).toBeGreaterThan(150);
  const ids = sent.map(({ id }) => id).sort();
  expect([...(onElasticsearch?.keys() ?? [])].sort()).toEqual(ids);
  expect([...(onOpenSearch?.keys() ?? [])].sort()).toEqual(ids);
});

test('documents on Elasticsearch: each equals that of OpenSearch, but for listed fields', () => {
  const unexpected = sent.flatMap(({ id }) =>
    differences(id)
      .filter(({ field }) => !DIFFERENCES.some((listed) => listed.field.test(field)))
      .map((difference) => ({ id, ...difference })),
  );
  expect(unexpected).toEqual([]);
});
