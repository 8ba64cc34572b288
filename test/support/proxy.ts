import { createServer, request as ask, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { connect, type Cluster } from '../../src/cluster/cluster';
import { quick } from './retry-policy';

/** An answer that the engine did not give. A text is sent as it is, as a page of some other program. */
export interface Answer {
  readonly status: number;
  readonly body: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/**
 * What becomes of a request, apart from an answer of the proxy's own:
 *
 *   cut before    the connection is cut, and the engine never hears of it
 *   cut after     the engine does it, and nobody is told
 *   cut off       of the engine's answer only a half comes, then the connection is cut
 *   malformed     a half of the engine's answer comes as if it were the whole
 *   stall         nothing comes, ever; the engine never hears of it
 *   stall after   the engine does it, and nothing comes
 *   stall within  a half of the answer comes, and then nothing
 *   slow          the answer comes in many small pieces
 */
export type Fault =
  | 'cut before'
  | 'cut after'
  | 'cut off'
  | 'malformed'
  | 'stall'
  | 'stall after'
  | 'stall within'
  | 'slow'
  | { readonly items: (index: number) => boolean; readonly status: number; readonly error: object };

/** A request as the proxy sees it. */
export interface Asked {
  readonly method: string;
  /** Without query. */
  readonly path: string;
  /** How often this path was asked for before. */
  readonly before: number;
}

export interface Proxy {
  readonly url: string;
  /** The engine, behind the proxy, with a retry policy that does not sleep. */
  readonly cluster: Cluster;
  /** Paths of the requests so far, without query. */
  readonly asked: string[];
  /** Resolved when the first request has been stalled. */
  readonly stalled: Promise<void>;
  /** Nothing listens there until `up`. */
  down(): Promise<void>;
  up(): Promise<void>;
  close(): void;
}

type Intercept = (asked: Asked) => Answer | Fault | undefined;

/**
 * Stands between a test and the real engine and does to some requests what a busy, dying or misconfigured cluster does, which
 * cannot be ordered from a healthy one.
 * @param intercept undefined lets the engine answer
 */
export async function proxy(engine: Cluster, intercept: Intercept): Promise<Proxy> {
  const asked: string[] = [];
  const times = new Map<string, number>();
  let tellStalled: () => void = () => undefined;
  const stalled = new Promise<void>((resolve) => (tellStalled = resolve));
  const server = createServer((incoming, outgoing) => {
    const chunks: Buffer[] = [];
    incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
    incoming.on('end', () => {
      const { method = '', url = '' } = incoming;
      const [path = ''] = url.split('?');
      const before = times.get(path) ?? 0;
      times.set(path, before + 1);
      asked.push(path);
      void answer(engine.url, incoming, Buffer.concat(chunks), intercept({ method, path, before }), outgoing).then(
        (answered) => {
          if (!answered) tellStalled();
        },
        // The engine is gone, and so is the connection to it.
        () => cut(incoming),
      );
    });
  });
  const listen = (port: number): Promise<void> =>
    new Promise((resolve) => {
      server.listen(port, '127.0.0.1', resolve);
    });
  await listen(0);
  const { port } = server.address() as AddressInfo;
  const url = `http://127.0.0.1:${port}`;
  const cluster = await connect({ url }, { retryPolicy: quick() });
  const close = (): void => {
    server.closeAllConnections();
    server.close();
  };
  return {
    ...{ url, cluster, asked, stalled, close },
    up: () => listen(port),
    down: () =>
      new Promise((resolve) => {
        server.close(() => {
          resolve();
        });
        server.closeAllConnections();
      }),
  };
}

/** @returns whether the request was ended, in whatever way */
async function answer(
  engine: string,
  incoming: IncomingMessage,
  body: Buffer,
  fate: Answer | Fault | undefined,
  outgoing: ServerResponse,
): Promise<boolean> {
  if (typeof fate === 'object' && 'body' in fate) {
    const page = typeof fate.body === 'string';
    const type = { 'content-type': page ? 'text/html' : 'application/json' };
    outgoing.writeHead(fate.status, { ...type, ...fate.headers });
    outgoing.end(page ? fate.body : JSON.stringify(fate.body));
    return true;
  }
  if (fate === 'stall') return false;
  if (fate === 'cut before') return cut(incoming);
  const { status, type, text } =
    typeof fate === 'object' ? await forwardSome(engine, incoming, body, fate) : await forward(engine, incoming, body);
  if (fate === 'stall after') return false;
  if (fate === 'cut after') return cut(incoming);
  const half = text.subarray(0, Math.floor(text.length / 2));
  const whole = fate === 'malformed' ? half : text;
  outgoing.writeHead(status, { 'content-type': type, 'content-length': whole.length });
  if (fate === 'cut off' || fate === 'stall within') {
    await new Promise<void>((resolve) => {
      outgoing.write(half, () => {
        resolve();
      });
    });
    return fate === 'cut off' && cut(incoming);
  }
  const piece = fate === 'slow' ? Math.ceil(whole.length / 20) : whole.length;
  for (let at = 0; at < whole.length; at += piece) {
    outgoing.write(whole.subarray(at, at + piece));
    if (fate === 'slow') await new Promise(setImmediate);
  }
  outgoing.end();
  return true;
}

function cut(incoming: IncomingMessage): true {
  incoming.socket.destroy();
  return true;
}

interface Forwarded {
  readonly status: number;
  readonly type: string;
  readonly text: Buffer;
}

function forward(engine: string, { method, url, headers }: IncomingMessage, body: Buffer): Promise<Forwarded> {
  const type = headers['content-type'] ?? 'application/json';
  return new Promise((resolve, reject) => {
    const sent = ask(`${engine}${url ?? ''}`, {
      method,
      headers: { 'content-type': type, 'content-length': body.length, 'user-agent': headers['user-agent'] ?? 'test' },
    });
    sent.on('error', reject).on('response', (answered) => {
      const chunks: Buffer[] = [];
      answered.on('data', (chunk: Buffer) => chunks.push(chunk));
      answered.on('end', () => {
        const { statusCode = 0, headers: said } = answered;
        resolve({
          status: statusCode,
          type: said['content-type'] ?? 'application/json',
          text: Buffer.concat(chunks),
        });
      });
    });
    sent.end(body);
  });
}

/** A bulk request of which the engine gets only some items: the others are refused. */
async function forwardSome(
  engine: string,
  incoming: IncomingMessage,
  body: Buffer,
  { items, status, error }: Extract<Fault, { items: unknown }>,
): Promise<Forwarded> {
  const lines = body.toString('utf8').split('\n').slice(0, -1);
  const pairs = lines.flatMap((line, at) => (at % 2 === 0 ? [{ action: line, document: lines[at + 1] ?? '' }] : []));
  const taken = pairs.filter((_, index) => !items(index));
  const sent = taken.map(({ action, document }) => `${action}\n${document}\n`).join('');
  const answered = taken.length === 0 ? undefined : await forward(engine, incoming, Buffer.from(sent));
  const theirs =
    answered === undefined ? [] : (JSON.parse(answered.text.toString('utf8')) as { items: object[] }).items;
  const all = pairs.map(({ action }, index) => {
    if (!items(index)) return theirs.shift();
    const [verb = ''] = Object.keys(JSON.parse(action) as object);
    return { [verb]: { status, error } };
  });
  const text = Buffer.from(JSON.stringify({ errors: true, items: all }));
  return { status: 200, type: 'application/json', text };
}
