import { createServer, type IncomingMessage, type RequestListener } from 'node:http';
import { createServer as createTlsServer, type ServerOptions } from 'node:https';
import { listening } from './listening';

/** A request as it arrived. */
export interface Arrived {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

export interface FakeCluster {
  readonly url: string;
  readonly port: number;
  readonly arrived: Arrived[];
  close(): Promise<void>;
}

export interface Given {
  readonly status?: number;
  readonly body?: unknown;
}

/**
 * Answers `GET /` as OpenSearch does and everything else with `answer`, and keeps what it was asked: how a request
 * gets to a cluster is seen at this end. What the cluster makes of it is for the tests on a real one.
 */
export async function fakeCluster(
  tls?: ServerOptions,
  answer: (request: Arrived) => Given = () => ({}),
): Promise<FakeCluster> {
  const arrived: Arrived[] = [];
  const listener: RequestListener = (incoming, outgoing) => {
    const chunks: Buffer[] = [];
    incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
    incoming.on('end', () => {
      const { method = '', url: path = '', headers } = incoming;
      const request = { method, path, headers, body: Buffer.concat(chunks).toString() };
      arrived.push(request);
      const given = path === '/' ? { body: ROOT } : {};
      const { status = 200, body = {} } = { ...given, ...answer(request) };
      outgoing.writeHead(status, { 'content-type': 'application/json' });
      outgoing.end(JSON.stringify(body));
    });
  };
  const server = tls === undefined ? createServer(listener) : createTlsServer(tls, listener);
  const { port, close } = await listening(server);
  return { url: `${tls === undefined ? 'http' : 'https'}://127.0.0.1:${port}`, port, arrived, close };
}

const ROOT = { name: 'fake', version: { number: '3.8.0', distribution: 'opensearch' } };
