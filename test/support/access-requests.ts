import type { RequestRow } from '../../src/schedulers/request-table';
import { namesOf, type Where } from '../../src/schedulers/request-table';
import type { Request } from './request';

/** Requests of a row of the table that can be sent: one for each of its names, and for patterns a name that they match. */
export function requestsFor(row: RequestRow, where: Where): Request[] {
  const [method = '', pattern = ''] = row.request.split(' ');
  const names = row.names === undefined ? [''] : namesOf(row.names, where).map((name) => name.replaceAll('*', 'any'));
  return names.map((name) => ({
    method: method as Request['method'],
    path: pattern.replaceAll('{id}', 'any-id').replace(/\{[^}]+\}/, name),
    ...bodyOf(row.request, name),
  }));
}

/** What each has to say at least, so that it is refused for want of privileges and not sooner. */
function bodyOf(request: string, name: string): Pick<Request, 'body' | 'ndjson' | 'query'> {
  if (request === 'POST /_bulk')
    return { ndjson: `{"create":{"_index":"${name}"}}\n{"@timestamp":"2026-01-01T00:00:00Z"}\n` };
  if (request === 'POST /_mget') return { body: { docs: [{ _index: name, _id: 'a' }] } };
  if (request.endsWith('/_mget')) return { body: { ids: ['a'] } };
  if (request.endsWith('/_bulk'))
    return { ndjson: '{"update":{"_id":"a"}}\n{"script":{"source":""},"upsert":{"a":1}}\n' };
  if (/^PUT .*_doc/.test(request)) return { body: { kind: 'none' }, query: { refresh: true } };
  if (/^(PUT|POST) .*(_component_template|_index_template)/.test(request)) {
    return { body: { template: {}, ...(request.includes('_index_') && { index_patterns: ['none-such-*'] }) } };
  }
  if (request.endsWith('/_simulate')) return { body: { docs: [] } };
  if (/_ingest\/pipeline/.test(request) && request.startsWith('PUT')) return { body: { processors: [] } };
  if (/_mapping$/.test(request) && request.startsWith('PUT')) return { body: { properties: {} } };
  if (/_lifecycle$/.test(request) && request.startsWith('PUT')) return { body: { data_retention: '30d' } };
  return {};
}
