import { ProblemError, type Problem } from '../errors';
import { unwrapDeadLetter } from './dead-letters';
import type { InputRecord } from './input-record';
import { RecordSplitter } from './splitter';
import type { Input } from './inputs';
import { unpack, type Member } from './unpack';
import { isRecord } from '../json';
import { childrenOf, type Child, type Span } from '../text/json-tokens';
import { readObject } from './json-document';

/** Records of one file, or what is wrong with the file; in the order in which they stand. */
export type Read = { readonly file: string; readonly records: readonly InputRecord[] } | { readonly problem: Problem };

/**
 * Reads one input through all its layers, in bounded memory. What is wrong with an archive or a member is yielded, not
 * thrown, so that the files after it are read all the same; the records before it have been yielded already.
 * @param onBytes is told of every piece that was taken from the input, in bytes as they are on disk
 */
export async function* readInput(input: Input, onBytes: (count: number) => void): AsyncGenerator<Read> {
  let file = input.name;
  try {
    for await (const member of unpack(input.name, counted(input.open(), onBytes))) {
      if ('problem' in member) yield member;
      else {
        file = member.name;
        yield* readMember(member);
      }
    }
  } catch (error) {
    if (error instanceof ProblemError) for (const problem of error.problems) yield { problem };
    else if (isFileError(error)) yield { problem: { where: { file }, message: `cannot be read: ${error.message}` } };
    else throw error;
  }
}

async function* readMember({ name, bytes }: Member): AsyncGenerator<Read> {
  const splitter = new RecordSplitter();
  let count = 0;
  try {
    for await (const chunk of bytes) {
      const records = splitter.push(chunk).flatMap(unwrap);
      count += records.length;
      if (records.length > 0) yield { file: name, records };
    }
  } catch (error) {
    yield { file: name, records: splitter.complete().flatMap(unwrap) };
    throw error;
  }
  const records = splitter.end().flatMap(unwrap);
  if (records.length > 0) yield { file: name, records };
  if (count + records.length === 0)
    yield { problem: { where: { file: name }, message: 'holds no events', hint: NO_EVENTS } };
}

/** A record that only carries events is not one: a dead letter, a search hit. */
function unwrap(record: InputRecord): readonly InputRecord[] {
  const back = unwrapDeadLetter(record);
  return back === undefined ? unwrapHits(record) : [back];
}

const NO_EVENTS = 'Did the export that wrote it fail?';

function isFileError(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && typeof (error as NodeJS.ErrnoException).syscall === 'string';
}

async function* counted(bytes: AsyncIterable<Buffer>, onBytes: (count: number) => void): AsyncGenerator<Buffer> {
  for await (const chunk of bytes) {
    onBytes(chunk.length);
    yield chunk;
  }
}

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
