import { isRecord, type JsonRecord } from '../json';
import { childrenOf, type Child, type Span } from '../text/json-tokens';
import { unwrapDeadLetter } from './dead-letters';
import { eventOfEvtxECmd } from './evtxecmd';
import { documentOfHit } from './hit-fields';
import type { InputRecord } from './input-record';
import { readObject } from './json-document';
import { logRecordsIn } from './otlp';
import { sourceOfDocument, sourceOfFields, sourceOfText } from './recognise';
import { documentOfWevtutil, isWevtutil } from './wevtutil';

/** The way to the events in a wrapping: keys, and EACH for all items of a list. */
type Path = readonly string[];
const EACH = '[]';

interface Wrapping {
  /** Where the events are, when a record is this wrapping. */
  readonly find: (document: JsonRecord) => Path | undefined;
  /** Nothing else looks like it: it is taken off even when what is in it is of no known source. */
  readonly isCertain?: boolean;
}

/*
 *   written by                                 | record                                         | events
 *   -------------------------------------------|------------------------------------------------|---------------------
 *   elasticdump, a saved search hit            | {"_index", "_source": {…}}                     | _source
 *   a saved answer of _search; Kibana's        | {"hits": {"hits": [hit, …]}}                   | each hit's _source
 *     Inspect                                  | {"rawResponse": {"hits": …}}                   |
 *   Chainsaw hunt                              | {"kind": "individual", "document": {"data"}}   | document.data
 *                                              | {"kind": "aggregate", "documents": [{"data"}]} | each document's data
 *   Splunk: export, REST                       | {"preview", "result": {…}}, {"results": [{…}]} | result; each result
 *   Splunk, Cribl: the raw event               | {"_raw": "…"}                                  | _raw
 *   LogScale: the raw event                    | {"@rawstring": "…"}                            | @rawstring
 *   Splunk's HTTP Event Collector              | {"time", "host", "sourcetype", "event": …}     | event
 *   Azure Event Hub                            | {"records": [{…}]}                             | each record
 *   PowerShell 5.1's ConvertTo-Json            | {"value": [{…}], "Count": n}                   | each value
 *   OpenTelemetry's file exporter              | {"resourceLogs": [{"scopeLogs": …}]}            | each log record (otlp.ts)
 *   EvtxECmd                                   | {"EventId", "Provider", "Payload": "{…}"}        | Payload, as evtx_dump (evtxecmd.ts)
 *   Kibana's Discover                          | {"_index", "fields": {…}}                       | fields (hit-fields.ts)
 */
const WRAPPINGS: readonly Wrapping[] = [
  { find: (document) => (isHit(document) ? ['_source'] : undefined), isCertain: true },
  { find: (document) => (holdsHits(document) ? ['hits', 'hits', EACH, '_source'] : undefined), isCertain: true },
  {
    find: ({ rawResponse }) =>
      isRecord(rawResponse) && holdsHits(rawResponse) ? ['rawResponse', 'hits', 'hits', EACH, '_source'] : undefined,
    isCertain: true,
  },
  {
    find: ({ document }) => (isRecord(document) && isRecord(document.data) ? ['document', 'data'] : undefined),
  },
  {
    find: ({ documents }) =>
      isListOf(documents, (each) => isRecord(each) && isRecord(each.data)) ? ['documents', EACH, 'data'] : undefined,
  },
  { find: ({ result }) => (isRecord(result) ? ['result'] : undefined) },
  ...['results', 'records'].map((key) => ({
    find: (document: JsonRecord) => (isListOf(document[key], isRecord) ? [key, EACH] : undefined),
  })),
  {
    find: ({ value, Count }) => (typeof Count === 'number' && isListOf(value, isRecord) ? ['value', EACH] : undefined),
  },
  ...['_raw', '@rawstring'].map((key) => ({
    find: (document: JsonRecord) =>
      typeof document[key] === 'string' && sourceOfFields(document) === 'unrecognised' ? [key] : undefined,
  })),
  { find: (document) => (isForCollector(document) ? ['event'] : undefined) },
];

/** Any of these keys at the root is a reason to look further: most events have none. */
const KEYS: readonly string[] = [
  ...['_source', '_index', 'hits', 'rawResponse', 'document', 'documents', 'result', 'results', 'records', 'Count'],
  ...[
    '_raw',
    '@rawstring',
    'sourcetype',
    'time',
    'dead_letter',
    'resourceLogs',
    'Payload',
    'index',
    'create',
    'update',
    'delete',
  ],
];

/** A result in a list, and the raw event in the result: deeper is no wrapping that anyone writes. */
const MAX_LEVELS = 3;

/**
 * The events in a record that only carries them: each as the tool that made it wrote it, byte for byte. What the wrapping says
 * (index and id of another cluster, the name of a saved search) is left behind. A line of a bulk request that says what to do with the
 * next line is no event.
 * @returns the record itself when it is an event
 */
export function unwrap(record: InputRecord, levels = MAX_LEVELS): readonly InputRecord[] {
  if (record.form === 'rendered') return [fromWevtutil(record)];
  const { json } = record;
  if (json === undefined || levels === 0 || !KEYS.some((key) => key in json.value)) return [record];
  const letter = unwrapDeadLetter(record);
  if (letter !== undefined) return [letter];
  if (isBulkAction(json.value)) return [];
  const documents = hitsWithFields(json.value) ?? logRecordsIn(json.value) ?? listOf(eventOfEvtxECmd(json.value));
  if (documents !== undefined) return documents.map((document) => rewritten(record, document));
  for (const { find, isCertain } of WRAPPINGS) {
    const path = find(json.value);
    if (path === undefined) continue;
    const inner = eventsAt(record, path).flatMap((event) => unwrap(event, levels - 1));
    if (isCertain === true || inner.some(isRecognised)) return inner;
  }
  return [record];
}

function isRecognised({ json, text }: InputRecord): boolean {
  return (json === undefined ? sourceOfText(text.toString()) : sourceOfDocument(json.value)) !== 'unrecognised';
}

function isListOf(value: unknown, test: (item: unknown) => boolean): value is readonly unknown[] {
  return Array.isArray(value) && value.length > 0 && value.every(test);
}

function isHit(value: unknown): boolean {
  return isRecord(value) && isRecord(value._source) && typeof value._index === 'string';
}

function holdsHits({ hits }: JsonRecord): boolean {
  return isRecord(hits) && isListOf(hits.hits, isHit);
}

const COLLECTOR_KEYS: ReadonlySet<string> = new Set([
  'time',
  'host',
  'source',
  'sourcetype',
  'index',
  'event',
  'fields',
]);

function isForCollector(document: JsonRecord): boolean {
  const { event } = document;
  return (
    (typeof event === 'string' || isRecord(event)) && Object.keys(document).every((key) => COLLECTOR_KEYS.has(key))
  );
}

const ACTIONS: readonly string[] = ['index', 'create', 'update', 'delete'];
const ACTION_KEYS =
  /^(?:_index|_id|_type|_?routing|_?version|_?version_type|require_alias|pipeline|if_.*|retry_on_conflict|op_type)$/;

function isBulkAction(document: JsonRecord): boolean {
  const [[action, target] = ['', undefined], ...others] = Object.entries(document);
  return (
    others.length === 0 &&
    ACTIONS.includes(action) &&
    isRecord(target) &&
    Object.keys(target).every((key) => ACTION_KEYS.test(key))
  );
}

/** The events of hits that have `fields` and no `_source`: what Kibana's Discover shows. */
function hitsWithFields(document: JsonRecord): readonly JsonRecord[] | undefined {
  if (isFieldsHit(document)) return [documentOfHit(document.fields)];
  const answer = isRecord(document.rawResponse) ? document.rawResponse : document;
  const hits: unknown = isRecord(answer.hits) ? answer.hits.hits : undefined;
  if (!isListOf(hits, isFieldsHit)) return undefined;
  return hits.map((hit) => documentOfHit(isRecord(hit) ? hit.fields : undefined));
}

function isFieldsHit(value: unknown): boolean {
  return isRecord(value) && typeof value._index === 'string' && isRecord(value.fields) && !('_source' in value);
}

function listOf<T>(value: T | undefined): readonly T[] | undefined {
  return value === undefined ? undefined : [value];
}

function fromWevtutil(record: InputRecord): InputRecord {
  const text = record.text.toString();
  return isWevtutil(text) ? rewritten(record, documentOfWevtutil(text)) : record;
}

/** The record with another text: of a form that is no JSON of its own, or that holds values in lists. */
export function rewritten(record: Partial<InputRecord> & Pick<InputRecord, 'line'>, document: JsonRecord): InputRecord {
  const text = Buffer.from(JSON.stringify(document));
  return { ...record, form: 'json', text, json: readObject(text) };
}

function eventsAt(record: InputRecord, path: Path): InputRecord[] {
  const text = record.text.toString();
  let { line } = record;
  let counted = 0;
  return spansAt(text, { start: 0, end: text.length }, path).map((span) => {
    for (let at = text.indexOf('\n', counted); at >= 0 && at < span.start; at = text.indexOf('\n', at + 1)) line += 1;
    counted = span.start;
    return { ...record, line, ...eventIn(text.slice(span.start, span.end)) };
  });
}

function spansAt(text: string, span: Span, [step, ...rest]: Path): Span[] {
  if (step === undefined) return [span];
  if (step === EACH) return childrenOf(text, span.start).flatMap((child) => spansAt(text, child, rest));
  const member = memberOf(text, span.start, step);
  return member === undefined ? [] : spansAt(text, member, rest);
}

/** The member of the object at `start`: the last one of that name, as `JSON.parse` takes it. */
function memberOf(text: string, start: number, key: string): Child | undefined {
  return childrenOf(text, start).findLast((child) => child.key === key);
}

/** The event that a JSON value is: an object as it is written, a string as the text in it. */
function eventIn(value: string): Pick<InputRecord, 'form' | 'text' | 'json'> {
  const text = value.startsWith('"') ? (JSON.parse(value) as string).trim() : value;
  const bytes = Buffer.from(text);
  const json = text.startsWith('{') ? readObject(bytes) : undefined;
  if (json !== undefined) return { form: 'json', text: bytes, json };
  return { form: text.startsWith('<') ? 'xml' : 'text', text, json };
}
