import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { connect, type Cluster } from '../../src/cluster/cluster';
import { AlertStore } from './alerting-alerts';
import { answerAlerting, type Monitors } from './alerting-routes';
import { listening } from './listening';

/** One request to the plugin. */
export interface Seen {
  readonly method: string;
  /** Below `/_plugins/_alerting/monitors`. */
  readonly path: string;
  readonly query: Readonly<Record<string, string>>;
  readonly body: unknown;
  readonly userAgent: string;
}

/** An answer in place of the plugin's; `cut`: what was asked is done, and the connection dies before it says so. */
type Fault = { readonly status: number; readonly body: unknown } | 'cut';

/** OpenSearch Alerting for tests, in front of the real engine, which answers everything else and runs the monitors. */
export interface AlertingServer {
  readonly cluster: Cluster;
  readonly monitors: Monitors;
  readonly alerts: AlertStore;
  readonly seen: Seen[];
  fail(match: (seen: Seen) => boolean, fault: Fault): void;
  close(): Promise<void>;
}

const BASE = '/_plugins/_alerting/monitors';

/** @param engine where the plugin is to be */
export async function startAlerting(engine: Cluster): Promise<AlertingServer> {
  const seen: Seen[] = [];
  const faults: { match: (seen: Seen) => boolean; fault: Fault }[] = [];
  const alerts = new AlertStore(engine);
  const monitors: Monitors = { stored: new Map(), most: 1_000, sequence: 0, decorate: (monitor) => monitor };
  const server = createServer((request, response) => {
    void handle(request, response);
  });

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const bytes = Buffer.concat(chunks);
    const url = new URL(request.url ?? '/', 'http://cluster');
    if (!url.pathname.startsWith(BASE)) {
      await forward(engine.url, request, bytes, response);
      return;
    }
    const asked: Seen = {
      method: request.method ?? 'GET',
      path: url.pathname.slice(BASE.length),
      query: Object.fromEntries(url.searchParams),
      body: parsed(bytes),
      userAgent: String(request.headers['user-agent']),
    };
    seen.push(asked);
    const index = faults.findIndex(({ match }) => match(asked));
    const fault = faults.splice(index, index < 0 ? 0 : 1)[0]?.fault;
    if (fault !== undefined && fault !== 'cut') {
      send(response, fault.status, fault.body);
      return;
    }
    const [status, body] = await answerAlerting({ ...asked, engine, monitors, alerts });
    if (fault === 'cut') request.socket.destroy();
    else send(response, status, body);
  }

  const { url, close } = await listening(server);
  const cluster = await connect({ url });
  return {
    cluster,
    monitors,
    alerts,
    seen,
    fail: (match, fault) => {
      faults.push({ match, fault });
    },
    close: async () => {
      await alerts.close();
      await close();
    },
  };
}

async function forward(
  engine: string,
  request: IncomingMessage,
  body: Buffer,
  response: ServerResponse,
): Promise<void> {
  const answer = await fetch(`${engine}${request.url ?? '/'}`, {
    method: request.method ?? 'GET',
    headers: { 'content-type': request.headers['content-type'] ?? 'application/json' },
    ...(body.length > 0 && { body }),
  });
  response.writeHead(answer.status, { 'content-type': 'application/json' });
  response.end(await answer.text());
}

function parsed(bytes: Buffer): unknown {
  try {
    return bytes.length === 0 ? undefined : (JSON.parse(bytes.toString()) as unknown);
  } catch {
    return undefined;
  }
}

function send(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify(body));
}
