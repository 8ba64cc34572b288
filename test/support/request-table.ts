import { type RequestRow, type Verb, namesOf, type Names, type Where } from '../../src/schedulers/request-table';
import { REQUESTS } from '../../src/doctor/requests';
import type { Request } from './request';

/** A request as it was seen, and the command that made it. */
export interface Seen {
  readonly verb: Verb;
  readonly method: string;
  /** Decoded, without query. */
  readonly path: string;
}

/** The rows of the table that say what a request needs; none when the table does not know it. */
export function rowsFor(seen: Seen, where: Where): RequestRow[] {
  return REQUESTS.filter((row) => row.verbs.includes(seen.verb) && fits(row, seen, where));
}

function fits({ request, names }: RequestRow, { method, path }: Seen, where: Where): boolean {
  const [wanted, pattern = ''] = request.split(' ');
  if (wanted !== method) return false;
  const form = pattern
    .replace(/[.*+?^$()|[\]\\]/g, '\\$&')
    .replaceAll('{id}', '[^/]+')
    .replace(/\{[^}]+\}/, '(?<named>[^/_][^/]*)');
  const match = new RegExp(`^${form}$`).exec(path);
  const named = match?.groups?.['named'];
  if (match === null || named === undefined) return match !== null;
  return named.split(',').every((name) => covered(name, names, where));
}

/** Whether a name, or every name that a pattern stands for, is one of those that the role lists. */
function covered(name: string, names: Names | undefined, where: Where): boolean {
  const stream = /^\.ds-(.+?)(-[\d.]+)?-\d{6}$/.exec(name)?.[1] ?? name;
  return (
    names !== undefined &&
    namesOf(names, where).some((listed) =>
      listed.endsWith('*') ? stream.startsWith(listed.slice(0, -1)) : stream === listed,
    )
  );
}

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
  if (request === 'POST /_msearch') return { ndjson: `{"index":"${name}","ignore_unavailable":true}\n{"size":0}\n` };
  if (request === 'POST /_mget') return { body: { docs: [{ _index: name, _id: 'a' }] } };
  if (request.endsWith('/_mget')) return { body: { ids: ['a'] } };
  if (request.endsWith('/_bulk'))
    return { ndjson: '{"update":{"_id":"a"}}\n{"script":{"source":""},"upsert":{"a":1}}\n' };
  if (/^PUT .*_doc/.test(request)) return { body: { kind: 'none' }, query: { refresh: true } };
  if (/^(PUT|POST) .*(_component_template|_index_template)/.test(request)) {
    return { body: { template: {}, ...(request.includes('_index_') && { index_patterns: ['none-such-*'] }) } };
  }
  if (request.endsWith('/_field_caps')) return { query: { fields: '*' } };
  if (request.endsWith('/_simulate')) return { body: { docs: [] } };
  if (/_ingest\/pipeline/.test(request) && request.startsWith('PUT')) return { body: { processors: [] } };
  if (/_mapping$/.test(request) && request.startsWith('PUT')) return { body: { properties: {} } };
  if (/_lifecycle$/.test(request) && request.startsWith('PUT')) return { body: { data_retention: '30d' } };
  return {};
}
