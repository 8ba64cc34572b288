import type { Cluster } from '../../src/cluster/cluster';
import { request } from './request';
import { EVENTS } from './random-rules';
import type { FlatDocument } from './sigma-evaluator';

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
