import { isRecord } from '../json';
import type { Request } from './cluster';

/**
 * What an answer holds at least, by the method and the path of its request. A proxy that cuts answers off, or puts a page of its own in
 * their place, must never be read as "nothing was found".
 */
const SHAPES: readonly (readonly [RegExp, string, (body: Readonly<Record<string, unknown>>) => boolean])[] = [
  [
    /^(?:GET|POST) .*\/_search(\/scroll)?$/,
    'list `hits.hits`',
    ({ hits }) => isRecord(hits) && Array.isArray(hits.hits),
  ],
  [/\/_bulk$/, 'list `items`', ({ items }) => Array.isArray(items)],
  [/\/_count$/, 'number `count`', ({ count }) => typeof count === 'number'],
  [/\/_doc\/[^/]+$/, '`_id`', (body) => typeof body._id === 'string'],
  [/^GET \/_component_template\b/, 'list `component_templates`', (body) => Array.isArray(body.component_templates)],
  [/^GET \/_index_template\b/, 'list `index_templates`', (body) => Array.isArray(body.index_templates)],
  [/^GET \/_data_stream\b/, 'list `data_streams`', (body) => Array.isArray(body.data_streams)],
];

/** That an answer arrived whole, and is not what such a request is answered with. */
export class WrongAnswer extends Error {}

/**
 * Makes sure that the body of a successful answer is what such a request is answered with.
 * @throws WrongAnswer with what is wrong
 */
export function checkShape({ method, path, query }: Pick<Request, 'method' | 'path' | 'query'>, body: unknown): void {
  if (method === 'HEAD' || Array.isArray(body)) return;
  // Where the server does not call it JSON, the client leaves the text as it is.
  if (typeof body === 'string') throw new WrongAnswer('the answer is not JSON');
  if (!isRecord(body)) throw new WrongAnswer('the answer is JSON, but no object');
  // What is only asked about is answered by a word of OpenSearch's security plugin.
  if (query?.perform_permission_check !== undefined) return;
  const lacking = SHAPES.find(([asked, , holds]) => asked.test(`${method} ${path}`) && !holds(body));
  if (lacking !== undefined) throw new WrongAnswer(`the answer has no ${lacking[1]}`);
}
