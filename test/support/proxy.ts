import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { connect, type Target } from '../../src/target/target';

/** An answer that the engine did not give. */
export interface Answer {
  readonly status: number;
  readonly body: unknown;
}

export interface Proxy {
  /** The engine, behind the proxy. */
  readonly target: Target;
  /** Paths of the requests so far, without query. */
  readonly asked: string[];
  /** Fulfilled when the first request is held. */
  readonly held: Promise<void>;
  close(): void;
}

/**
 * What becomes of a request that the engine does not simply answer: another answer, a cut connection, or silence; before
 * the engine had it, or after.
 */
export type Interception = Answer | 'hang up' | 'hold' | 'hold the answer';

/**
 * Stands between a test and the real engine and answers some requests in its place, hangs up, or holds them: what a busy or dying
 * cluster does cannot be ordered from a healthy one.
 * @param intercept gets the path without query and how often it was asked before; undefined lets the engine answer
 */
export async function proxy(
  engine: Target,
  intercept: (path: string, before: number) => Interception | undefined,
): Promise<Proxy> {
  const asked: string[] = [];
  let hold = (): void => undefined;
  const held = new Promise<void>((resolve) => (hold = resolve));
  const server = createServer((incoming, outgoing) => {
    const [path = ''] = (incoming.url ?? '').split('?');
    const before = asked.filter((earlier) => earlier === path).length;
    asked.push(path);
    const chunks: Buffer[] = [];
    incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
    incoming.on('end', () => {
      const answer = intercept(path, before);
      if (answer === 'hang up') incoming.socket.destroy();
      else if (answer === 'hold') hold();
      else if (typeof answer === 'object') send(outgoing, answer.status, JSON.stringify(answer.body));
      else
        forward(
          engine.url,
          incoming.method ?? '',
          incoming.url ?? '',
          incoming.headers['content-type'],
          Buffer.concat(chunks),
        ).then(
          ({ status, text }) => {
            if (answer === undefined) send(outgoing, status, text);
            else hold();
          },
          // The engine is gone, and so is the connection to it.
          () => incoming.socket.destroy(),
        );
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const target = await connect({ url: `http://127.0.0.1:${port}` });
  return {
    target,
    asked,
    held,
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

async function forward(
  url: string,
  method: string,
  path: string,
  type: string | undefined,
  body: Buffer,
): Promise<{ status: number; text: string }> {
  const headers = { 'content-type': type ?? 'application/json' };
  const response = await fetch(`${url}${path}`, { method, headers, ...(body.length > 0 && { body }) });
  return { status: response.status, text: await response.text() };
}

function send(outgoing: ServerResponse, status: number, text: string): void {
  outgoing.writeHead(status, { 'content-type': 'application/json' });
  outgoing.end(text);
}
