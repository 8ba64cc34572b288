import type { Client } from '@elastic/elasticsearch';
import { ProblemError } from '../errors';
import { isRecord } from '../json';
import { withAuthority } from './ca-fingerprint';
import { createClient } from './client';
import { shownUrl, type Connection, type RequestContext } from './connection';
import { RETRY_POLICY } from './retry-policy';

export type Product = 'elasticsearch' | 'opensearch';

/** A cluster that answered, and what it is. */
export interface Cluster extends RequestContext {
  /** Without credentials; fit to be shown. */
  readonly url: string;
  readonly product: Product;
  /** As the cluster says it, such as `3.8.0`. */
  readonly version: string;
  /** Its requests end with `signal` and are repeated under `retryPolicy`. */
  readonly client: Client;
}

/** The same cluster, whose requests end with another signal. */
export function withSignal(cluster: Cluster, signal: AbortSignal | undefined): Cluster {
  const { url, retryPolicy, client } = cluster;
  return { ...cluster, signal, client: client.child({ context: { url, retryPolicy, signal } }) };
}

/** The same cluster for what is finished once it is begun: an interruption does not end these requests. */
export function unstoppable(cluster: Cluster): Cluster {
  return withSignal(cluster, undefined);
}

/**
 * Connects and finds out what answers: Elasticsearch or OpenSearch. Nothing is written before that is known.
 * @throws ProblemError UNREACHABLE, UNAUTHORIZED, FORBIDDEN, NOT_A_SEARCH_ENGINE
 */
export async function connect(connection: Connection, context: RequestContext = {}): Promise<Cluster> {
  const url = shownUrl(connection.url);
  const client = createClient(await withAuthority(connection, context), context);
  const { timeout } = context.retryPolicy ?? RETRY_POLICY;
  const body: unknown = await client.info({}, { requestTimeout: Math.min(20_000, timeout), context: { first: true } });
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
  // Elasticsearch has no `distribution`, and the client's types do not know it.
  const product: Product = version.distribution === 'opensearch' ? 'opensearch' : 'elasticsearch';
  return { ...context, url, product, version: version.number, client };
}
