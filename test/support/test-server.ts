import { isRecord, type JsonRecord } from '../../src/json';
import type { Cluster } from '../../src/cluster/cluster';
import { request } from './request';
import { freshNamespace } from './dataset';
import { testCluster } from './cluster';
import { alerts, type Alert } from '../../src/schedulers/alert-index-search';
import { alertIndex } from '../../src/detections/indices';
import { toQueryDsl } from '../../src/sigma/compile/query-dsl';
import { readRules } from '../../src/detections/read-rules';
import { executeWindow } from '../../src/schedulers/execute-window';
import { eventWindow } from '../../src/detections/windows';

/** Our data streams, less the namespace. */
export const STREAMS = {
  sysmon: 'logs-sysmon.process_creation',
  security: 'logs-windows_security.process_creation',
  crowdstrike: 'logs-crowdstrike.process_rollup2',
  unrecognised: 'logs-wmi_detections.unrecognised',
} as const;

export type Source = keyof typeof STREAMS;

/** A document after it went through our pipelines and was indexed, as its `_source`. */
export type Indexed = Record<string, unknown>;

/** What became of one document of a bulk request. */
export interface Shipped {
  readonly id: string;
  /** HTTP status of the item: 201 when it was indexed. */
  readonly status: number;
  readonly reason: string;
}

/** Our pipelines and templates on the test node, and a namespace that no other test uses. */
export interface TestServer {
  readonly cluster: Cluster;
  readonly namespace: string;
  /** Sends documents (or their JSON text) as a shipper does; the data stream's own pipeline takes them. */
  ship(source: Source, documents: readonly (JsonRecord | string)[]): Promise<Shipped[]>;
  /** Sends one document, which must be indexed, and reads it back. */
  index(source: Source, document: JsonRecord | string): Promise<Indexed>;
  /** Ids of the documents of a source that a query finds. */
  find(source: Source, query: JsonRecord): Promise<Set<string>>;
  /** How many documents of a source there are. */
  count(source: Source): Promise<number>;
}

/** Our pipelines and templates are there: global-setup.ts has deployed them. */
export async function testServer(): Promise<TestServer> {
  const cluster = await testCluster();
  const namespace = freshNamespace();
  const stream = (source: Source) => `${STREAMS[source]}-${namespace}`;
  const ship: TestServer['ship'] = async (source, documents) => {
    const shipped: Shipped[] = [];
    for (let from = 0; from < documents.length; from += 500) {
      shipped.push(...(await bulk(cluster, stream(source), documents.slice(from, from + 500))));
    }
    return shipped;
  };
  return {
    cluster,
    namespace,
    ship,
    index: async (source, document) => {
      const [item] = await ship(source, [document]);
      expect(item).toMatchObject({ status: 201, reason: '' });
      const body = { query: { ids: { values: [item?.id] } } };
      return (await search(cluster, stream(source), body))[0]?._source ?? {};
    },
    find: async (source, query) => {
      const hits = await search(cluster, stream(source), { query, size: 10_000, _source: false });
      return new Set(hits.map(({ _id }) => _id));
    },
    count: async (source) => {
      const path = `/${stream(source)}/_count`;
      return (await request<{ count: number }>(cluster, { method: 'GET', path })).body.count;
    },
  };
}

/** The value at a dotted path of a document. */
export function at(document: unknown, path: string): unknown {
  return path.split('.').reduce<unknown>((value, name) => (isRecord(value) ? value[name] : undefined), document);
}

interface BulkItem {
  readonly _id?: string;
  readonly status: number;
  readonly error?: { readonly reason?: string };
}

async function bulk(cluster: Cluster, index: string, documents: readonly (JsonRecord | string)[]): Promise<Shipped[]> {
  const lines = documents.map((one) => `{"create":{}}\n${typeof one === 'string' ? one : JSON.stringify(one)}\n`);
  const { body } = await request<{ items: { create: BulkItem }[] }>(cluster, {
    method: 'POST',
    path: `/${index}/_bulk`,
    query: { refresh: true },
    ndjson: lines.join(''),
  });
  return body.items.map(({ create: { _id, status, error } }) => ({
    id: _id ?? '',
    status,
    reason: error === undefined ? '' : (error.reason ?? 'no reason given'),
  }));
}

interface Hit {
  readonly _id: string;
  readonly _source: Indexed;
}

async function search(cluster: Cluster, index: string, body: JsonRecord): Promise<Hit[]> {
  const path = `/${index}/_search`;
  return (await request<{ hits: { hits: Hit[] } }>(cluster, { method: 'POST', path, body })).body.hits.hits;
}

/** Runs our rules over all that was shipped to a harbour, whenever it was; its alerts, which are gone afterwards. */
export async function runShipped({ cluster, namespace }: TestServer): Promise<Alert[]> {
  const indices = Object.values(STREAMS).map((name) => `${name}-${namespace}`);
  const path = `/${alertIndex(namespace)}`;
  for (const rule of readRules('rules')) {
    const about = { kind: 'rule', managed_by: 'wmi-detections', digest: '' } as const;
    const stored = { ...about, rule, query: toQueryDsl(rule), indices };
    await executeWindow(cluster, stored, eventWindow(null, null), { namespace, now: Date.now() });
  }
  await request(cluster, { method: 'POST', path: `${path}/_refresh`, allow: [404] });
  const found = await alerts(cluster, { namespace });
  await request(cluster, { method: 'DELETE', path, allow: [404] });
  return found;
}
