import { Client } from '@elastic/elasticsearch';
import { ClusterConnectionPool } from '@elastic/transport';
import type { Dispatcher } from 'undici';
import type { Access } from '../settings';
import { authorizationOf } from './authorization';
import { awsSigner } from './aws-signing';
import { shownUrl, type Connection, type RequestContext } from './connection';
import { dispatcherFor } from './dispatcher';
import { RETRY_POLICY } from './retry-policy';
import { ClusterTransport, networkErrors } from './transport';

/** The search engine's client, whatever product is at the other end. */
export function createClient({ url, otherUrls = [], ...access }: Connection, context: RequestContext = {}): Client {
  const authorization = authorizationOf(access);
  const { timeout } = context.retryPolicy ?? RETRY_POLICY;
  return new Client({
    nodes: [url, ...otherUrls],
    Transport: ClusterTransport,
    context: { ...context, url: shownUrl(url) },
    // Of several nodes one that does not answer is passed over for a minute.
    ConnectionPool: ClusterConnectionPool,
    resurrectStrategy: 'optimistic',
    // Between two pieces of an answer.
    requestTimeout: timeout,
    headers: authorization === undefined ? {} : { authorization },
    // Errors keep a copy of the request, without the headers.
    redaction: { type: 'remove' },
    agent: ({ url: node }: { url: URL }) => carrier(node, access, timeout),
  });
}

type Sent = Dispatcher.RequestOptions & {
  headers: Record<string, string>;
  body?: string | Buffer | null;
  signal: AbortSignal;
};

/** What the client uses in place of a connection pool of its own, so that TLS and proxies are those of Kibana, too. */
function carrier(
  node: URL,
  access: Access,
  timeout: number,
): { request: (sent: Sent) => Promise<Dispatcher.ResponseData>; close: () => Promise<void> } {
  const dispatcher = dispatcherFor(node.href, access, { headersTimeout: timeout, bodyTimeout: timeout });
  const sign = access.aws === undefined ? undefined : awsSigner(node, access.aws);
  return {
    async request(sent) {
      const headers = sign === undefined ? sent.headers : await sign(sent);
      const remember = (error: unknown): void => void networkErrors.set(sent.signal, error);
      try {
        const response = await dispatcher.request({ ...sent, headers, origin: node.origin });
        response.body.once('error', remember);
        return response;
      } catch (error) {
        remember(error);
        throw error;
      }
    },
    close: () => dispatcher.close(),
  };
}
