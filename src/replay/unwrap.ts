import { isRecord } from '../json';
import { childrenOf, type Child, type Span } from '../text/json-tokens';
import type { InputRecord } from './input-record';
import { readObject } from './json-document';

/**
 * The events in a record that is an export of a cluster: a search hit, as elasticdump writes one a line
 * (`{"_index": …, "_source": {…}}`), or the answer of `_search` (`{"hits": {"hits": [hits]}}`). The hit is the wrapping of another
 * cluster and no part of the event: what is shipped is its `_source`, byte for byte.
 * @returns the record itself when it is neither
 */
export function unwrapHits(record: InputRecord): readonly InputRecord[] {
  const { json } = record;
  if (json === undefined || !('_source' in json.value || 'hits' in json.value)) return [record];
  const text = record.text.toString();
  if (isHit(json.value)) return sourcesIn(record, text, [{ start: 0, end: text.length }]);
  const hits = isRecord(json.value.hits) ? json.value.hits.hits : undefined;
  if (!Array.isArray(hits) || hits.length === 0 || !hits.every(isHit)) return [record];
  const outer = memberOf(text, 0, 'hits');
  const list = outer && memberOf(text, outer.start, 'hits');
  return list === undefined ? [record] : sourcesIn(record, text, childrenOf(text, list.start));
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
    const source = memberOf(text, hit.start, '_source') ?? hit;
    for (let at = text.indexOf('\n', counted); at >= 0 && at < source.start; at = text.indexOf('\n', at + 1)) line += 1;
    counted = source.start;
    const inner = Buffer.from(text.slice(source.start, source.end));
    return { ...record, line, text: inner, json: readObject(inner) };
  });
}

/** The member of the object at `start`: the last one of that name, as `JSON.parse` takes it. */
function memberOf(text: string, start: number, key: string): Child | undefined {
  return childrenOf(text, start).findLast((child) => child.key === key);
}
