import { fetch, FormData, type Dispatcher, type RequestInit, type Response } from 'undici';
import { ProblemError } from '../errors';
import { isRecord, type JsonRecord } from '../json';
import type { Access } from '../settings';
import { authorizationOf } from './authorization';
import { withAuthority } from './ca-fingerprint';
import { UnexpectedResponse } from './check-response';
import { shownUrl, type Connection, type RequestContext } from './connection';
import { dispatcherFor } from './dispatcher';
import { kibanaRefusal, kibanaUnreachable, notKibana, type KibanaPlace } from './kibana-failure';
import { undiciFault } from './network-fault';
import { policyFor, withAttemptCount, withRetry, type Attempt } from './retry';
import { RETRY_POLICY } from './retry-policy';

/** The space that has no prefix in its URLs. */
export const DEFAULT_SPACE = 'default';

/** The oldest version of Kibana's public API, and the only one: a server that does not know it answers with 400. */
const API_VERSION = '2023-10-31';

/** Everything else may be done once only; what that means is in retry.ts. */
const IDEMPOTENT: ReadonlySet<string> = new Set(['GET', 'PUT', 'DELETE']);

/** Says who answers: the first request to any Kibana. */
const STATUS = '/api/status';

export interface KibanaRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** Below the space, `/api/…`. */
  readonly path: string;
  /** `default` unless told. */
  readonly space?: string | undefined;
  /** A list is sent as the same parameter several times. */
  readonly query?: Readonly<Record<string, string | number | boolean | readonly string[]>> | undefined;
  /** Sent as JSON. */
  readonly body?: JsonRecord | undefined;
  /** Sent as the form field `file`. */
  readonly file?: { readonly name: string; readonly text: string } | undefined;
  /** Statuses from 400 on that the caller wants to see instead of an error. */
  readonly allow?: readonly number[] | undefined;
  /** It finishes what is begun: it is sent even after an interruption, and then only once. */
  readonly cleanup?: boolean | undefined;
  /** Milliseconds until an unanswered request is an error; 60,000 unless told. */
  readonly timeout?: number | undefined;
}

type Timed = KibanaRequest & { readonly timeout: number };

/** An answer of Kibana: status and parsed body. */
export interface Answer<T> {
  readonly status: number;
  readonly body: T;
}

/** A Kibana that answered. The credentials stay inside. */
export interface Kibana {
  /** Without credentials; fit to be shown. */
  readonly url: string;
  /** As Kibana says it, such as `9.1.0`. */
  readonly version: string;
  /**
   * One request.
   * @throws ProblemError when nothing answers, and for every status from 400 on that `allow` does not name
   */
  readonly ask: <T>(asked: KibanaRequest) => Promise<Answer<T>>;
}

/**
 * Connects, finds out that it is Kibana that answers, and that the spaces are there.
 * @param spaces ids of spaces
 * @throws ProblemError UNREACHABLE, UNAUTHORIZED, FORBIDDEN, REFUSED; SETTINGS with every space that is not there
 */
export async function connectKibana(
  connection: Connection,
  spaces: readonly string[] = [],
  around: RequestContext = {},
): Promise<Kibana> {
  const url = shownUrl(connection.url);
  const access = await withAuthority(connection, around);
  const dispatcher = dispatcherFor(url, access, { headersTimeout: 0, bodyTimeout: 0 });
  const ask = <T>(asked: KibanaRequest): Promise<Answer<T>> =>
    askWithRetry<T>(url, dispatcher, headersOf(access), asked, around);
  const timeout = Math.min(20_000, (around.retryPolicy ?? RETRY_POLICY).timeout);
  const { status, body } = await ask<unknown>({ method: 'GET', path: STATUS, timeout });
  const version = isRecord(body) ? body.version : undefined;
  if (!isRecord(version) || typeof version.number !== 'string') {
    // Without credentials Kibana answers too, but only with its health.
    throw isRecord(body) && isRecord(body.status)
      ? kibanaRefusal(401, { message: 'Kibana tells its version only to a user' }, where(url, STATUS))
      : notKibana(where(url, STATUS), 'it does not say its version', status);
  }
  const kibana: Kibana = { url, version: version.number, ask };
  await checkSpaces(kibana, spaces);
  return kibana;
}

/** Whether a space is there. Who may work in a space may not always look at it: a 403 is for the requests that follow. */
export async function hasSpace({ ask }: Kibana, space: string): Promise<boolean> {
  if (space === DEFAULT_SPACE) return true;
  const path = `/api/spaces/space/${encodeURIComponent(space)}`;
  const { status } = await ask({ method: 'GET', path, allow: [403, 404] });
  return status !== 404;
}

async function checkSpaces(kibana: Kibana, spaces: readonly string[]): Promise<void> {
  const missing: string[] = [];
  for (const space of spaces) if (!(await hasSpace(kibana, space))) missing.push(space);
  if (missing.length === 0) return;
  throw new ProblemError(
    'SETTINGS',
    missing.map((space) => ({
      where: { url: kibana.url },
      message: `Kibana has no space \`${space}\``,
      hint: 'Create it in Kibana (Stack Management, Spaces), or correct kibana.spaces or --space.',
    })),
  );
}

function headersOf(access: Access): Record<string, string> {
  const authorization = authorizationOf(access);
  return {
    'kbn-xsrf': 'wmi-detections',
    'elastic-api-version': API_VERSION,
    ...(authorization !== undefined && { authorization }),
  };
}

async function askWithRetry<T>(
  url: string,
  dispatcher: Dispatcher,
  headers: Record<string, string>,
  asked: KibanaRequest,
  around: RequestContext,
): Promise<Answer<T>> {
  const at = where(url, asked.path, asked);
  const { retryPolicy, signal } = policyFor(asked, around);
  const policy = {
    where: at,
    idempotent: IDEMPOTENT.has(asked.method),
    first: asked.path === STATUS,
    retryPolicy,
    signal,
  };
  const ended = await withRetry(
    () => sendOnce(at, dispatcher, headers, { ...asked, timeout: asked.timeout ?? retryPolicy.timeout }, signal),
    policy,
  );
  const { last } = ended;
  try {
    if ('fault' in last) throw kibanaUnreachable(last.error, at);
    return answerOf<T>(last.answer, at, asked.allow);
  } catch (error) {
    throw error instanceof ProblemError ? withAttemptCount(error, ended) : error;
  }
}

/** An answer that has arrived to its end. */
interface Arrived {
  readonly status: number;
  readonly location: string | null;
  /** What is no JSON is left as it is. */
  readonly body: unknown;
}

async function sendOnce(
  at: KibanaPlace,
  dispatcher: Dispatcher,
  headers: Record<string, string>,
  asked: Timed,
  signal: AbortSignal | undefined,
): Promise<Attempt<Arrived>> {
  try {
    const response = await send(at, dispatcher, headers, asked, signal);
    const { status } = response;
    const text = await response.text();
    const body = parsed(text);
    if (body === undefined && status < 300 && text !== '') throw new UnexpectedResponse('the answer is not JSON');
    const answer = { status, location: response.headers.get('location'), body: body ?? text };
    return { answer, status, retryAfter: response.headers.get('retry-after') };
  } catch (error) {
    return { fault: undiciFault(error), error };
  }
}

function where(
  url: string,
  path: string,
  { method = 'GET', space = DEFAULT_SPACE }: Partial<KibanaRequest> = {},
): KibanaPlace {
  const prefix = space === DEFAULT_SPACE ? '' : `/s/${encodeURIComponent(space)}`;
  return { url: `${url}${prefix}${path}`, method, space };
}

function send(
  at: KibanaPlace,
  dispatcher: Dispatcher,
  headers: Record<string, string>,
  { query, body, file, timeout }: Timed,
  signal: AbortSignal | undefined,
): Promise<Response> {
  const url = new URL(at.url);
  for (const [name, value] of Object.entries(query ?? {})) {
    for (const each of typeof value === 'object' ? value : [value]) url.searchParams.append(name, String(each));
  }
  const late = AbortSignal.timeout(timeout);
  const init: RequestInit = {
    method: at.method,
    dispatcher,
    redirect: 'manual',
    headers: { ...headers, ...(body !== undefined && { 'content-type': 'application/json' }) },
    signal: signal === undefined ? late : AbortSignal.any([signal, late]),
    ...(body !== undefined && { body: JSON.stringify(body) }),
    ...(file !== undefined && { body: formOf(file) }),
  };
  return fetch(url, init);
}

function formOf({ name, text }: { name: string; text: string }): FormData {
  const form = new FormData();
  form.set('file', new File([text], name, { type: 'application/x-ndjson' }));
  return form;
}

function answerOf<T>({ status, location, body }: Arrived, at: KibanaPlace, allow: readonly number[] = []): Answer<T> {
  if (status >= 300 && status < 400) throw notKibana(at, `it sends elsewhere, to ${location ?? 'nowhere'}`, status);
  if (status >= 400 && !allow.includes(status)) throw kibanaRefusal(status, body, at);
  return { status, body: body as T };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
