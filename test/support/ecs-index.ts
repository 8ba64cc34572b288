import { readContent } from '../../src/content/read-content';
import type { Rule } from '../../src/detections/rule';
import { toQueryDsl } from '../../src/sigma/compile/query-dsl';
import { prepare } from '../../src/cluster/translate';
import type { Cluster } from '../../src/cluster/cluster';
import { request } from './request';
import { EVENTS } from './random-rules';
import type { FlatDocument } from './sigma-evaluator';

/**
 * An index with the mappings of our event streams and no pipeline, for documents that are ECS already. Creates it anew.
 * @param documents by the name under which a match is to be reported
 */
export async function indexEcs(
  cluster: Cluster,
  index: string,
  documents: Readonly<Record<string, object>>,
): Promise<void> {
  const template = readContent('.').find(({ id }) => id === 'process_creation@mappings');
  if (template === undefined) throw new Error('mappings/component-templates/process_creation@mappings.yml is gone');
  const { mappings } = prepare(template, cluster.product).template as { mappings: Record<string, unknown> };
  await request(cluster, { method: 'DELETE', path: `/${index}`, allow: [404] });
  await request(cluster, { method: 'PUT', path: `/${index}`, body: { mappings } });
  const lines = Object.entries(documents).flatMap(([name, document]) => [{ index: { _id: name } }, document]);
  const { body } = await request<{ errors: boolean }>(cluster, {
    method: 'POST',
    path: `/${index}/_bulk`,
    query: { refresh: true },
    ndjson: lines.map((line) => `${JSON.stringify(line)}\n`).join(''),
  });
  if (body.errors) throw new Error(JSON.stringify(body));
}

/** The names of the documents that a rule's query finds, sorted. */
export async function matchesOf(cluster: Cluster, index: string, rule: Pick<Rule, 'condition'>): Promise<string[]> {
  const { body } = await request<{ hits: { hits: { _id: string }[] } }>(cluster, {
    method: 'POST',
    path: `/${index}/_search`,
    body: { size: 1000, _source: false, query: toQueryDsl(rule) },
  });
  return body.hits.hits.map(({ _id }) => _id).sort();
}

/** What a search of {@link findAll} found. */
export interface Found {
  readonly hits?: { readonly hits: readonly { readonly _id: string }[] };
  readonly error?: unknown;
}

/** Creates an index anew, mapped as our streams are, with random events whose `_id`s are their numbers. */
export async function indexEvents(cluster: Cluster, index: string, events: readonly FlatDocument[]): Promise<void> {
  await request(cluster, { method: 'DELETE', path: `/${index}`, allow: [404] });
  const properties = {
    'process.name': { type: 'keyword' },
    'process.command_line': { type: 'wildcard', ...(cluster.product === 'opensearch' && { doc_values: false }) },
    'process.parent.command_line': { type: 'wildcard' },
    'process.pid': { type: 'long' },
    'source.ip': { type: 'ip' },
    'event.category': { type: 'keyword' },
    'event.type': { type: 'keyword' },
  };
  await request(cluster, { method: 'PUT', path: `/${index}`, body: { mappings: { dynamic: false, properties } } });
  const process = { 'event.category': 'process', 'event.type': 'start' };
  const lines = events.flatMap((document, id) => [{ index: { _id: String(id) } }, { ...document, ...process }]);
  const { body } = await request<{ errors: boolean }>(cluster, {
    method: 'POST',
    path: `/${index}/_bulk`,
    query: { refresh: true },
    ndjson: lines.map((line) => `${JSON.stringify(line)}\n`).join(''),
  });
  expect(body.errors).toBe(false);
}

/** What each of these queries finds of them. */
export async function findAll(cluster: Cluster, index: string, queries: readonly object[]): Promise<readonly Found[]> {
  const lines = queries.flatMap((query) => [{ index }, { query, size: EVENTS, _source: false, sort: ['_doc'] }]);
  const { body } = await request<{ responses: readonly Found[] }>(cluster, {
    method: 'POST',
    path: '/_msearch',
    ndjson: lines.map((line) => `${JSON.stringify(line)}\n`).join(''),
  });
  return body.responses;
}
