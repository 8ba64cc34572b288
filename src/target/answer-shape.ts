import { isRecord } from '../json';
import type { Request } from './target';

/**
 * What an answer holds at least, by the method and the path of its request. A proxy that cuts answers off, or puts a page of its own in
 * their place, must never be read as "nothing was found".
 */
const SHAPES: readonly (readonly [RegExp, (body: Readonly<Record<string, unknown>>) => boolean])[] = [
  [/^(?:GET|POST) .*\/_search(\/scroll)?$/, ({ hits }) => isRecord(hits) && Array.isArray(hits.hits)],
  [/\/_bulk$/, ({ items }) => Array.isArray(items)],
  [/\/_count$/, ({ count }) => typeof count === 'number'],
  [/\/_doc\/[^/]+$/, (body) => typeof body._id === 'string'],
  [/^GET \/_component_template\b/, (body) => Array.isArray(body.component_templates)],
  [/^GET \/_index_template\b/, (body) => Array.isArray(body.index_templates)],
  [/^GET \/_data_stream\b/, (body) => Array.isArray(body.data_streams)],
];

/** Whether the body of a successful answer is what such a request is answered with. */
export function isWhole({ method, path, query }: Pick<Request, 'method' | 'path' | 'query'>, body: unknown): boolean {
  if (method === 'HEAD') return true;
  if (Array.isArray(body)) return true;
  if (!isRecord(body)) return false;
  // What is only asked about is answered by a word of OpenSearch's security plugin.
  if (query?.perform_permission_check !== undefined) return true;
  return SHAPES.every(([asked, holds]) => !asked.test(`${method} ${path}`) || holds(body));
}
