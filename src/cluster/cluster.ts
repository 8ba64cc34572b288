import type { Client } from '@elastic/elasticsearch';
import { ProblemError } from '../errors';
import { isRecord } from '../json';
import type { Access } from '../settings';
import { mannerOf, repeatedly, told } from './attempts';
import { createClient } from './client';
import { withAuthority } from './ca-fingerprint';
import { refusal, unreachable, type Asked } from './failure';
import { PATIENCE, type Patience } from './patience';
import { send } from './send';

export type Product = 'elasticsearch' | 'opensearch';

/** A cluster that answered, and what it is. */
export interface Cluster {
  /** Without credentials; fit to be shown. */
  readonly url: string;
  readonly product: Product;
  /** As the cluster says it, such as `3.8.0`. */
  readonly version: string;
  readonly client: Client;
  /** How many nodes are named; one where not given. */
  readonly nodes?: number | undefined;
  /** Ends every request that is not to tidy up with an INTERRUPTED error. */
  readonly signal?: AbortSignal | undefined;
  /** That of the program where not given. */
  readonly patience?: Patience | undefined;
}

/** What a command lets its requests know of the world around it. */
export type RequestContext = Pick<Cluster, 'signal' | 'patience'>;

/** The same cluster for what is finished once it is begun: an interruption does not end these requests. */
export function unstoppable(cluster: Cluster): Cluster {
  return { ...cluster, signal: undefined };
}

/** How a cluster is reached; secrets come from the environment or the settings file. */
export interface Connection extends Access {
  /** Without credentials. */
  readonly url: string;
  /** More nodes of the same cluster. */
  readonly otherUrls?: readonly string[] | undefined;
}

export interface Request {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE' | 'HEAD';
  /** Starts with a slash; ids in it are percent-encoded by the caller. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string | number | boolean>> | undefined;
  /** Sent as JSON. */
  readonly body?: Readonly<Record<string, unknown>> | undefined;
  /** Sent as it is, as `application/x-ndjson` (bulk). */
  readonly ndjson?: string | Buffer | undefined;
  /** Statuses from 400 on that the caller wants to see instead of an error. */
  readonly allow?: readonly number[] | undefined;
  /** It tidies up: it is sent even after an interruption, and then only once. */
  readonly cleanup?: boolean | undefined;
  /** Beside those that every request has. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** False for a request that must not arrive twice; what that means is in attempts.ts. */
  readonly retry?: boolean | undefined;
  /** Milliseconds until an unanswered request is an error; 60,000 unless told. */
  readonly timeout?: number | undefined;
}

export interface Answer<T> {
  readonly status: number;
  readonly body: T;
}

interface Root {
  readonly version?: { readonly number?: string; readonly distribution?: string };
}

/** The URL without user name and password, so that it can be shown. */
export function shownUrl(url: string): string {
  const parsed = new URL(url);
  parsed.username = '';
  parsed.password = '';
  return parsed.href.replace(/\/$/, '');
}

/**
 * Connects and finds out what answers: Elasticsearch or OpenSearch. Nothing is written before that is known.
 * @throws ProblemError UNREACHABLE, UNAUTHORIZED, FORBIDDEN, NOT_A_SEARCH_ENGINE
 */
export async function connect(connection: Connection, around: RequestContext = {}): Promise<Cluster> {
  const url = shownUrl(connection.url);
  const { timeout } = around.patience ?? PATIENCE;
  const client = createClient(await withAuthority(connection, around), timeout);
  const nodes = 1 + (connection.otherUrls ?? []).length;
  const { body } = await ask<Root>(
    { ...around, url, client, nodes },
    { method: 'GET', path: '/', timeout: Math.min(20_000, timeout) },
    true,
  );
  const version = isRecord(body) ? body.version : undefined;
  if (!isRecord(version) || typeof version.number !== 'string') {
    throw new ProblemError('NOT_A_SEARCH_ENGINE', [
      {
        where: { url, method: 'GET' },
        message: 'what answers there is neither Elasticsearch nor OpenSearch',
        hint: 'Give the URL of the cluster itself, usually on port 9200; Kibana and Dashboards (5601) are other programs.',
      },
    ]);
  }
  const product: Product = version.distribution === 'opensearch' ? 'opensearch' : 'elasticsearch';
  return { url, product, version: version.number, client, nodes, ...around };
}

/**
 * One request to the cluster.
 * @returns the status and the parsed body
 * @throws ProblemError when nothing answers, and for every status from 400 on that `allow` does not name
 */
export function request<T>(cluster: Cluster, asked: Request): Promise<Answer<T>> {
  return ask<T>(cluster, asked, false);
}

async function ask<T>(
  { client, url, nodes, ...around }: RequestContext & Pick<Cluster, 'client' | 'url' | 'nodes'>,
  asked: Request,
  first: boolean,
): Promise<Answer<T>> {
  const where: Asked = { url: `${url}${asked.path}`, method: asked.method };
  const { patience, signal } = mannerOf(asked, around);
  const ended = await repeatedly(() => send<T>(client, asked, { patience, signal, first }), {
    where,
    safe: asked.retry !== false,
    first,
    nodes,
    patience,
    signal,
  });
  const { last } = ended;
  if ('fault' in last) throw told(unreachable(last.error, where), ended);
  const { status, body } = last.answer;
  if (status >= 400 && !(asked.allow ?? []).includes(status)) throw told(refusal(status, body, where), ended);
  return { status, body };
}
