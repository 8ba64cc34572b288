import { isRecord } from '../json';
import type { Request } from './target';

/**
 * What an answer holds at least, by the end of the request's path. A proxy that cuts answers off, or puts a page of its own in
 * their place, must never be read as "nothing was found".
 */
const SHAPES: readonly (readonly [RegExp, (body: Readonly<Record<string, unknown>>) => boolean])[] = [
  [/\/_search(\/scroll)?$/, ({ hits }) => isRecord(hits) && Array.isArray(hits.hits)],
  [/\/_bulk$/, ({ items }) => Array.isArray(items)],
  [/\/_count$/, ({ count }) => typeof count === 'number'],
  [/\/_doc\/[^/]+$/, (body) => typeof body._id === 'string'],
];

/** Whether the body of a successful answer is what such a request is answered with. */
export function isWhole({ method, path }: Pick<Request, 'method' | 'path'>, body: unknown): boolean {
  if (method === 'HEAD' || (method === 'DELETE' && path.endsWith('/scroll'))) return true;
  if (Array.isArray(body)) return true;
  if (!isRecord(body)) return false;
  return SHAPES.every(([end, holds]) => !end.test(path) || holds(body));
}
