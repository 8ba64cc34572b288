import type { JsonRecord } from '../../src/json';
import type { Cluster } from '../../src/cluster/cluster';

export interface Request {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE' | 'HEAD';
  /** Starts with a slash; ids in it are percent-encoded by the caller. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string | number | boolean>> | undefined;
  /** Sent as JSON. */
  readonly body?: JsonRecord | undefined;
  /** Sent as it is, as `application/x-ndjson` (bulk). */
  readonly ndjson?: string | Buffer | undefined;
  /** Statuses from 400 on that the caller wants to see instead of an error. */
  readonly allow?: readonly number[] | undefined;
  readonly cleanup?: boolean | undefined;
  /** Beside those that every request has. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  readonly retry?: boolean | undefined;
  /** Milliseconds until an unanswered request is an error; 60,000 unless told. */
  readonly timeout?: number | undefined;
}

export interface Answer<T> {
  readonly status: number;
  readonly body: T;
}

/** One request by method and path, for what a test puts on a cluster or reads from it. */
export async function request<T>({ client }: Cluster, asked: Request): Promise<Answer<T>> {
  const { statusCode, body } = await client.transport.request<T>(
    {
      method: asked.method,
      path: asked.path,
      ...(asked.query !== undefined && { querystring: asked.query }),
      ...(asked.body !== undefined && { body: asked.body }),
      ...(asked.ndjson !== undefined && { bulkBody: asked.ndjson }),
    },
    {
      meta: true,
      ignore: [...(asked.allow ?? [])],
      context: { once: asked.retry === false, cleanup: asked.cleanup === true },
      ...(asked.timeout !== undefined && { requestTimeout: asked.timeout }),
      ...(asked.headers !== undefined && { headers: asked.headers }),
    },
  );
  return { status: statusCode, body };
}
