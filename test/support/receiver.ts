import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import type { Webhook } from '../../src/settings';
import { listening } from './listening';

/**
 * What becomes of a message:
 *
 *   cut     the connection is cut, with no answer
 *   half    of the answer only a half comes, then the connection is cut
 *   stall   nothing comes, ever
 *   slow    the answer comes in single bytes
 */
export type Fate =
  | 'cut'
  | 'half'
  | 'stall'
  | 'slow'
  | { readonly status: number; readonly body?: string; readonly headers?: Readonly<Record<string, string>> };

export interface Received {
  readonly headers: IncomingHttpHeaders;
  readonly path: string;
  readonly body: {
    readonly text: string;
    readonly count: number;
    readonly alerts: readonly { readonly _id: string }[];
  };
}

/** A server that receives messages, as one behind a webhook does. */
export interface Receiver {
  readonly url: string;
  /** All messages so far, whatever became of them. */
  readonly received: Received[];
  /** What becomes of a message, by its number from 0; it is accepted where not said. */
  fate: (number: number, received: Received) => Fate | undefined;
  /** Ids of the alerts in the messages so far. */
  ids(): string[];
  readonly webhook: (change?: Partial<Webhook>) => Webhook;
  close(): Promise<void>;
}

/** Starts a receiver on loopback. */
export async function receiver(): Promise<Receiver> {
  const received: Received[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const body = JSON.parse(Buffer.concat(chunks).toString('utf8')) as Received['body'];
      const one = { headers: request.headers, path: request.url ?? '', body };
      received.push(one);
      answer(response, here.fate(received.length - 1, one) ?? { status: 200, body: 'ok' });
    });
  });
  const { url, close } = await listening(server);
  const here: Receiver = {
    url,
    received,
    fate: () => undefined,
    ids: () => received.flatMap(({ body }) => body.alerts.map(({ _id }) => _id)),
    webhook: (change = {}) => ({
      name: 'soc',
      url: `${url}/hooks/a-secret-path`,
      headers: {},
      form: 'json',
      minSeverity: 'low',
      maxPerRule: 10,
      ...change,
    }),
    close,
  };
  return here;
}

function answer(response: ServerResponse, fate: Fate): void {
  if (fate === 'stall') return;
  if (fate === 'cut') response.destroy();
  else if (fate === 'half') {
    response.writeHead(200, { 'content-length': 4 });
    response.write('ok', () => response.destroy());
  } else if (fate === 'slow') {
    response.writeHead(200);
    const letters = Array.from('accepted');
    const next = (): void => {
      const letter = letters.shift();
      if (letter === undefined) response.end();
      else response.write(letter, () => setImmediate(next));
    };
    next();
  } else {
    response.writeHead(fate.status, fate.headers);
    response.end(fate.body ?? '');
  }
}
