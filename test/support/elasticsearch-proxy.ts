import { createServer, request as askPlain, type IncomingHttpHeaders, type IncomingMessage } from 'node:http';
import { request as askSecurely } from 'node:https';
import { isRecord } from '../../src/json';
import { recordsOf } from '../../src/lists';
import { listening, type Listening } from './listening';

/*
 * Stands in for what the Elasticsearch of the tests (elasticsearch-distribution.ts) lacks, and for nothing else:
 *
 *   request                                      | done
 *   ---------------------------------------------|--------------------------------------------------------------
 *   PUT of a template, a mapping or an index     | `wildcard` becomes `keyword` with `ignore_above: 8191`, `match_only_text`
 *                                                | becomes `text`; the field's `meta` says so
 *   GET of templates and mappings                | both are changed back
 *   GET /_data_stream/{names}                    | answered out of the cluster's state, as far as whoever asks has the
 *                                                | privilege view_index_metadata
 *   any other                                    | passed on
 */

/** Where a node is reached. */
export interface Upstream {
  readonly url: string;
  /** Who may read the cluster's state; without security nobody needs to be named. */
  readonly admin?: { readonly username: string; readonly password: string } | undefined;
  /** Of the authority of its certificate. */
  readonly ca?: string | undefined;
}

/**
 * Listens at once. A request waits until the node is there.
 * @param starting where the node is; every request is answered with 503 and the reason where it does not start
 */
export function elasticsearchProxy(starting: Promise<Upstream>): Promise<Listening> {
  // Each request sees a failure; without any, it must not end the process.
  starting.catch(() => undefined);
  const server = createServer((incoming, outgoing) => {
    bodyOf(incoming)
      .then(async (body) => answer(await starting, incoming, body))
      .catch((error: unknown): Answer => ({ status: 503, headers: {}, body: Buffer.from((error as Error).message) }))
      .then(({ status, headers, body }) => {
        outgoing.writeHead(status, headersFor(body, headers));
        outgoing.end(body);
      })
      .catch(() => outgoing.destroy());
  });
  return listening(server);
}

interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

const MAPPED = /\/(_component_template|_index_template|_mapping)\b/;

async function answer(upstream: Upstream, { method = '', url = '', headers }: IncomingMessage, body: Buffer) {
  const [path = ''] = url.split('?');
  const streams = /^\/_data_stream(?:\/([^/]+))?$/.exec(path);
  if (method === 'GET' && streams !== null)
    return dataStreams(upstream, decodeURIComponent(streams[1] ?? '*'), headers);
  const isIndex = /^\/[^_/][^/]*$/.test(path);
  const isMapped = MAPPED.test(path);
  const sent = method === 'PUT' && (isIndex || isMapped) ? rewritten(body, substituted) : body;
  const answered = await forward(upstream, { method, url, headers }, sent);
  return method === 'GET' && (isIndex || isMapped) && answered.status === 200
    ? { ...answered, body: rewritten(answered.body, restored) }
    : answered;
}

function forward(
  { url: node, ca }: Upstream,
  { method, url, headers }: { method: string; url: string; headers: IncomingHttpHeaders },
  body: Buffer,
): Promise<Answer> {
  const options = { method, headers: headersFor(body, headers), ...(ca !== undefined && { ca }) };
  return new Promise((resolve, reject) => {
    const ask = node.startsWith('https:') ? askSecurely : askPlain;
    const sent = ask(`${node}${url}`, options, (answered) => {
      bodyOf(answered).then((text) => {
        resolve({ status: answered.statusCode ?? 0, headers: answered.headers, body: text });
      }, reject);
    });
    sent.on('error', reject).end(body);
  });
}

/** Those of one connection do not hold for another, and the body's length may have changed. */
const OF_CONNECTION = new Set(['host', 'connection', 'keep-alive', 'transfer-encoding', 'content-length']);

function headersFor(body: Buffer, headers: IncomingHttpHeaders): IncomingHttpHeaders {
  const kept = Object.entries(headers).filter(([name]) => !OF_CONNECTION.has(name));
  return { ...Object.fromEntries(kept), ...(body.length > 0 && { 'content-length': String(body.length) }) };
}

async function bodyOf(message: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of message) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

/** A JSON text with each field definition in it changed; what is no JSON stays. */
function rewritten(body: Buffer, change: (field: Json) => Json): Buffer {
  try {
    return Buffer.from(JSON.stringify(eachField(JSON.parse(body.toString('utf8')), change)));
  } catch {
    return body;
  }
}

type Json = Readonly<Record<string, unknown>>;

/** A field is what lies in `properties` or `fields` and has a type. */
function eachField(value: unknown, change: (field: Json) => Json): unknown {
  if (Array.isArray(value)) return value.map((item) => eachField(item, change));
  if (!isRecord(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => {
      const changed = eachField(inner, change);
      const isFields = (key === 'properties' || key === 'fields') && isRecord(changed);
      return [key, isFields ? mapFields(changed, change) : changed];
    }),
  );
}

function mapFields(fields: Json, change: (field: Json) => Json): Json {
  const changed = Object.entries(fields).map(([name, field]) => [name, isRecord(field) ? change(field) : field]);
  return Object.fromEntries(changed) as Json;
}

/** The name in a field's `meta` that says what stood there. */
const MARK = 'stands_for';

function substituted(field: Json): Json {
  const { type } = field;
  const meta = { ...(isRecord(field.meta) && field.meta), [MARK]: type };
  if (type === 'match_only_text') return { ...field, type: 'text', meta };
  // Longer ones would be refused: a term has at most 32,766 bytes.
  if (type === 'wildcard') return { ...field, type: 'keyword', ignore_above: 8191, meta };
  return field;
}

function restored(field: Json): Json {
  const { meta, ignore_above: ignoreAbove, ...rest } = field;
  if (!isRecord(meta) || typeof meta[MARK] !== 'string') return field;
  const { [MARK]: type, ...others } = meta;
  const kept = type === 'wildcard' ? {} : { ignore_above: ignoreAbove };
  return {
    ...rest,
    type,
    ...(ignoreAbove !== undefined && kept),
    ...(Object.keys(others).length > 0 && { meta: others }),
  };
}

interface Stream {
  readonly name: string;
  readonly indices: readonly { readonly index_name: string; readonly index_uuid: string }[];
}

/** What `GET /_data_stream/{names}` answers: names that are not there are an error, patterns are not. */
async function dataStreams(upstream: Upstream, names: string, headers: IncomingHttpHeaders): Promise<Answer> {
  const all = await streamsOf(upstream);
  const wanted = names.split(',');
  const missing = wanted.find((name) => !name.includes('*') && !all.some((stream) => stream.name === name));
  if (missing !== undefined) {
    const reason = `no such index [${missing}]`;
    return json(404, { error: { type: 'index_not_found_exception', reason }, status: 404 });
  }
  const found = all.filter(({ name }) => wanted.some((pattern) => matches(pattern, name)));
  const visible = await visibleTo(upstream, found, headers);
  const hidden = found.find(({ name }) => wanted.includes(name) && !visible.has(name));
  if (hidden !== undefined) {
    const reason = `action [indices:admin/data_stream/get] is unauthorized on [${hidden.name}]`;
    return json(403, { error: { type: 'security_exception', reason }, status: 403 });
  }
  return json(200, { data_streams: found.filter(({ name }) => visible.has(name)) });
}

function matches(pattern: string, name: string): boolean {
  const parts = pattern.split('*').map((part) => part.replace(/[.*+?^$()|[\]\\{}]/g, '\\$&'));
  return new RegExp(`^${parts.join('.*')}$`).test(name);
}

async function streamsOf(upstream: Upstream): Promise<(Stream & { readonly template: string | undefined })[]> {
  const [state, templates] = await Promise.all([
    asAdmin(upstream, '/_cluster/state/metadata?filter_path=metadata.data_stream'),
    asAdmin(upstream, '/_index_template'),
  ]);
  const nested = ['metadata', 'data_stream', 'data_stream'].reduce<unknown>(
    (value, name) => (isRecord(value) ? value[name] : undefined),
    state,
  );
  const byPriority = [...recordsOf(templates['index_templates'])].sort(
    (one, other) => priorityOf(other) - priorityOf(one),
  );
  return Object.values(isRecord(nested) ? nested : {})
    .filter(isRecord)
    .map((stream) => ({ ...(stream as unknown as Stream), template: templateOf(byPriority, String(stream.name)) }))
    .sort((one, other) => (one.name < other.name ? -1 : 1));
}

function priorityOf({ index_template: template }: Json): number {
  return isRecord(template) ? Number(template.priority ?? 0) : 0;
}

function templateOf(byPriority: readonly Json[], stream: string): string | undefined {
  const found = byPriority.find(({ index_template: template }) => {
    const patterns = isRecord(template) ? template.index_patterns : [];
    return Array.isArray(patterns) && patterns.some((pattern) => matches(String(pattern), stream));
  });
  return found === undefined ? undefined : String(found.name);
}

/** The names of the streams whose metadata may be seen by whoever asks. */
async function visibleTo(
  upstream: Upstream,
  streams: readonly Stream[],
  { authorization }: IncomingHttpHeaders,
): Promise<Set<string>> {
  const names = streams.map(({ name }) => name);
  if (upstream.admin === undefined || names.length === 0) return new Set(names);
  const headers = { authorization, 'content-type': 'application/json' };
  const body = Buffer.from(JSON.stringify({ index: [{ names, privileges: ['view_index_metadata'] }] }));
  const asked = { method: 'POST', url: '/_security/user/_has_privileges', headers };
  const answered = await forward(upstream, asked, body);
  const { index = {} } = JSON.parse(answered.body.toString('utf8')) as { index?: Record<string, Json> };
  return new Set(names.filter((name) => index[name]?.['view_index_metadata'] === true));
}

async function asAdmin(upstream: Upstream, url: string): Promise<Json> {
  const { username, password } = upstream.admin ?? {};
  const authorization = `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
  const headers = upstream.admin === undefined ? {} : { authorization };
  const { body } = await forward(upstream, { method: 'GET', url, headers }, Buffer.alloc(0));
  return JSON.parse(body.toString('utf8')) as Json;
}

function json(status: number, body: object): Answer {
  return { status, headers: { 'content-type': 'application/json' }, body: Buffer.from(JSON.stringify(body)) };
}
