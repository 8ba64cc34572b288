import { isRecord, type JsonRecord } from '../json';

/**
 * What the answer of an API holds at least, by the API's name in the client. A proxy that cuts answers off, or puts a page of its own in
 * their place, must never be read as "nothing was found".
 */
const SHAPES: Readonly<Record<string, readonly [string, (body: JsonRecord) => boolean]>> = {
  search: ['list `hits.hits`', hasHits],
  scroll: ['list `hits.hits`', hasHits],
  bulk: ['list `items`', ({ items }) => Array.isArray(items)],
  mget: ['list `docs`', ({ docs }) => Array.isArray(docs)],
  count: ['number `count`', ({ count }) => typeof count === 'number'],
  get: ['`_id`', hasId],
  index: ['`_id`', hasId],
  delete: ['`_id`', hasId],
  'cluster.get_component_template': ['list `component_templates`', (body) => Array.isArray(body.component_templates)],
  'indices.get_index_template': ['list `index_templates`', (body) => Array.isArray(body.index_templates)],
  'indices.get_data_stream': ['list `data_streams`', (body) => Array.isArray(body.data_streams)],
};

function hasHits({ hits }: JsonRecord): boolean {
  return isRecord(hits) && Array.isArray(hits.hits);
}

function hasId({ _id: id }: JsonRecord): boolean {
  return typeof id === 'string';
}

/** An answer that arrived whole, and is not what such a request is answered with. */
export class UnexpectedResponse extends Error {}

/**
 * Makes sure that the body of a successful answer is what the API answers.
 * @param api the API's name in the client, such as `indices.get_data_stream`; undefined where the client has none
 * @throws UnexpectedResponse with what is wrong
 */
export function checkResponse(api: string | undefined, body: unknown): void {
  if (Array.isArray(body)) return;
  // Where the server does not call it JSON, the client leaves the text as it is.
  if (typeof body === 'string') throw new UnexpectedResponse('the answer is not JSON');
  if (!isRecord(body)) throw new UnexpectedResponse('the answer is JSON, but no object');
  const shape = api === undefined ? undefined : SHAPES[api];
  if (shape !== undefined && !shape[1](body)) throw new UnexpectedResponse(`the answer has no ${shape[0]}`);
}
