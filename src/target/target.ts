import type { Client } from '@elastic/elasticsearch';
import { ProblemError } from '../errors';
import { isRecord } from '../json';
import type { Access } from '../settings';
import { createClient } from './client';
import { withAuthority } from './pinned-authority';
import { refusal, unreachable, type Asked } from './failure';

export type Product = 'elasticsearch' | 'opensearch';

/** A cluster that answered, and what it is. */
export interface Target {
  /** Without credentials; fit to be shown. */
  readonly url: string;
  readonly product: Product;
  /** As the cluster says it, such as `3.8.0`. */
  readonly version: string;
  readonly client: Client;
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
  readonly ndjson?: string | undefined;
  /** Statuses from 400 on that the caller wants to see instead of an error. */
  readonly allow?: readonly number[] | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Beside those that every request has. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** False for a request that must not arrive twice: it is never sent again by itself. */
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
export async function connect(connection: Connection): Promise<Target> {
  const url = shownUrl(connection.url);
  const client = createClient(await withAuthority(connection));
  const { body } = await ask<Root>(client, url, { method: 'GET', path: '/', timeout: 20_000 });
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
  return { url, product, version: version.number, client };
}

/**
 * One request to the cluster.
 * @returns the status and the parsed body
 * @throws ProblemError when nothing answers, and for every status from 400 on that `allow` does not name
 */
export function request<T>(target: Target, asked: Request): Promise<Answer<T>> {
  return ask<T>(target.client, target.url, asked);
}

async function ask<T>(client: Client, url: string, asked: Request): Promise<Answer<T>> {
  const where: Asked = { url: `${url}${asked.path}`, method: asked.method };
  let answer;
  try {
    answer = await client.transport.request<T>(
      {
        method: asked.method,
        path: asked.path,
        ...(asked.query !== undefined && { querystring: asked.query }),
        ...(asked.body !== undefined && { body: asked.body }),
        ...(asked.ndjson !== undefined && { bulkBody: asked.ndjson }),
      },
      {
        meta: true,
        // Every status comes back as an answer: which of them are errors, and what they mean, is said in one place.
        ignore: [...FAILURES],
        ...(asked.signal !== undefined && { signal: asked.signal }),
        ...(asked.timeout !== undefined && { requestTimeout: asked.timeout }),
        ...(asked.headers !== undefined && { headers: asked.headers }),
        ...(asked.retry === false && { maxRetries: 0 }),
      },
    );
  } catch (error) {
    throw unreachable(error, where);
  }
  const status = answer.statusCode;
  if (status >= 400 && !(asked.allow ?? []).includes(status)) {
    throw refusal(status, answer.body, where);
  }
  return { status, body: answer.body };
}

const FAILURES: readonly number[] = Array.from({ length: 200 }, (_, index) => 400 + index);
