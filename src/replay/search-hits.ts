import { isRecord } from '../json';
import type { InputRecord } from './input-record';
import { readObject } from './json-document';
import { CLOSE_BRACKET, COLON, COMMA, OPEN_BRACE, OPEN_BRACKET, QUOTE } from './json-codes';
import { JsonReader, type Span } from './json-reader';

/**
 * The events in a record that is an export of a cluster: a search hit, as elasticdump writes one a line
 * (`{"_index": …, "_source": {…}}`), or the answer of `_search` (`{"hits": {"hits": [hits]}}`). The hit is the wrapping of another
 * cluster and no part of the event: what is shipped is its `_source`, byte for byte.
 * @returns the record itself when it is neither
 */
export function unwrapHits(record: InputRecord): readonly InputRecord[] {
  const { json } = record;
  if (json === undefined || !(json.object.has('_source') || json.object.has('hits'))) return [record];
  const text = record.text.toString();
  const value = JSON.parse(text) as Record<string, unknown>;
  if (isHit(value)) return sourcesIn(record, text, [whole(text)]);
  const hits = isRecord(value.hits) ? value.hits.hits : undefined;
  if (!Array.isArray(hits) || hits.length === 0 || !hits.every(isHit)) return [record];
  const outer = memberOf(text, whole(text), 'hits');
  const list = outer && memberOf(text, outer, 'hits');
  return list === undefined ? [record] : sourcesIn(record, text, itemsOf(text, list));
}

interface Hit {
  readonly _source: Readonly<Record<string, unknown>>;
}

function isHit(value: unknown): value is Hit {
  return isRecord(value) && isRecord(value._source) && typeof value._index === 'string';
}

function sourcesIn(record: InputRecord, text: string, hits: readonly Span[]): InputRecord[] {
  let { line } = record;
  let counted = 0;
  return hits.map((hit) => {
    const source = memberOf(text, hit, '_source') ?? hit;
    for (let at = text.indexOf('\n', counted); at >= 0 && at < source.start; at = text.indexOf('\n', at + 1)) line += 1;
    counted = source.start;
    const inner = Buffer.from(text.slice(source.start, source.end));
    return { ...record, line, text: inner, json: readObject(inner) };
  });
}

function whole(text: string): Span {
  return { start: 0, end: text.length };
}

/** Where the value of a member stands: the last one of that name, as `JSON.parse` takes it. */
function memberOf(text: string, { start }: Span, key: string): Span | undefined {
  const reader = new JsonReader(text, start);
  let found: Span | undefined;
  if (!reader.pass(OPEN_BRACE)) return undefined;
  while (reader.skipBlank() === QUOTE) {
    const name: unknown = JSON.parse(reader.string());
    reader.pass(COLON);
    const value = reader.skipValue();
    if (name === key) found = value;
    reader.pass(COMMA);
  }
  return found;
}

/** Where the items of an array stand. */
function itemsOf(text: string, { start }: Span): Span[] {
  const reader = new JsonReader(text, start);
  const items: Span[] = [];
  if (!reader.pass(OPEN_BRACKET)) return items;
  while (reader.skipBlank() !== CLOSE_BRACKET) {
    items.push(reader.skipValue());
    reader.pass(COMMA);
  }
  return items;
}
