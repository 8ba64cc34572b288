import { Client } from '@elastic/elasticsearch';
import { ClusterConnectionPool, Transport } from '@elastic/transport';
import type { Dispatcher } from 'undici';
import type { Access } from '../settings';
import { authorizationOf } from './authorization';
import { awsSigner } from './aws-signing';
import { dispatcherFor } from './dispatcher';
import type { Connection } from './cluster';

type TransportOptions = ConstructorParameters<typeof Transport>[0];

/**
 * One client for Elasticsearch 8, 9 and OpenSearch: it sends plain `application/json` (the vendored type of a v9 client is
 * refused by 8.x) and leaves out the product check, which refuses OpenSearch only after the write has been done. What is
 * at the other end is found out once, by `connect`.
 */
class PlainTransport extends Transport {
  constructor(options: TransportOptions) {
    super({
      ...options,
      productCheck: undefined as never,
      vendoredHeaders: {
        jsonContentType: 'application/json',
        ndjsonContentType: 'application/x-ndjson',
        accept: 'application/json',
      },
    });
  }
}

/**
 * The search engine's client, whatever product is at the other end.
 * @param timeout milliseconds between two pieces of an answer; how long its beginning may take is said for each request
 */
export function createClient({ url, otherUrls = [], ...access }: Connection, timeout: number): Client {
  const authorization = authorizationOf(access);
  return new Client({
    nodes: [url, ...otherUrls],
    Transport: PlainTransport,
    // Of several nodes one that does not answer is passed over for a minute.
    ConnectionPool: ClusterConnectionPool,
    resurrectStrategy: 'optimistic',
    requestTimeout: timeout,
    headers: authorization === undefined ? {} : { authorization },
    agent: ({ url: node }: { url: URL }) => carrier(node, access, timeout),
  });
}

type Sent = Dispatcher.RequestOptions & { headers: Record<string, string>; body?: string | Buffer | null };

/** What the client uses in place of a connection pool of its own, so that TLS and proxies are those of Kibana, too. */
function carrier(
  node: URL,
  access: Access,
  timeout: number,
): { request: (sent: Sent) => Promise<unknown>; close: () => Promise<void> } {
  const dispatcher = dispatcherFor(node.href, access, { headersTimeout: timeout, bodyTimeout: timeout });
  const sign = access.aws === undefined ? undefined : awsSigner(node, access.aws);
  return {
    async request(sent) {
      const headers = sign === undefined ? sent.headers : await sign(sent);
      return dispatcher.request({ ...sent, headers, origin: node.origin });
    },
    close: () => dispatcher.close(),
  };
}
