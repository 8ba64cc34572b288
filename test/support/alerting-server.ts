import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { connect, type Cluster } from '../../src/cluster/cluster';
import { AlertStore } from './alerting-alerts';
import { Renderer } from './alerting-render';
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
  readonly renderer: Renderer;
  /** The plugin's locks, by monitor: when it last ran by its schedule, and whether that run has ended. */
  readonly locks: Map<string, Lock>;
  readonly node: NodeState;
  readonly seen: Seen[];
  fail(match: (seen: Seen) => boolean, fault: Fault): void;
  close(): Promise<void>;
}

/** Of `.opensearch-alerting-config-lock`. */
interface Lock {
  /** Milliseconds since 1970; seconds in the index. */
  readonly time: number;
  readonly released: boolean;
}

/** What differs from a node that is well. */
interface NodeState {
  /** Of the index of the alerts. */
  health: 'green' | 'yellow' | 'red';
  /** The security plugin shows nobody the index of the locks. */
  locksHidden: boolean;
  /** plugins.scheduled_jobs.enabled */
  scheduledJobs: boolean;
  /** Of the cluster, flat. */
  settings: Readonly<Record<string, string>>;
}

const BASE = '/_plugins/_alerting/monitors';

/** @param engine where the plugin is to be */
export async function startAlerting(engine: Cluster): Promise<AlertingServer> {
  const seen: Seen[] = [];
  const faults: { match: (seen: Seen) => boolean; fault: Fault }[] = [];
  const alerts = new AlertStore(engine);
  const monitors: Monitors = {
    stored: new Map(),
    most: 1_000,
    sequence: 0,
    endless: 0,
    decorate: (monitor) => monitor,
  };
  const renderer = new Renderer(engine);
  const locks = new Map<string, Lock>();
  const node: NodeState = { health: 'green', locksHidden: false, scheduledJobs: true, settings: {} };
  const server = createServer((request, response) => {
    void handle(request, response);
  });

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const bytes = Buffer.concat(chunks);
    const url = new URL(request.url ?? '/', 'http://cluster');
    if (!url.pathname.startsWith(BASE)) {
      const own = answerNode(url.pathname, { renderer, locks, node });
      if (own === undefined) await forward(engine.url, request, bytes, response);
      else send(response, 200, own);
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
    const answer = await answerAlerting({ ...asked, engine, monitors, alerts, renderer });
    if (fault === 'cut') request.socket.destroy();
    else if (answer !== undefined) send(response, ...answer);
  }

  const { url, close } = await listening(server);
  const cluster = await connect({ url });
  return {
    cluster,
    monitors,
    alerts,
    renderer,
    locks,
    node,
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

/** What a node with the plugin says besides; undefined where the engine's own answer is the same. */
function answerNode(
  path: string,
  { renderer, locks, node }: Pick<AlertingServer, 'renderer' | 'locks' | 'node'>,
): unknown {
  if (path === '/_nodes/stats/script') {
    const script = { compilations: renderer.texts.size, compilation_limit_triggered: renderer.refused };
    return { nodes: { 'node-1': { name: 'node-1', script } } };
  }
  // Without what lets the engine compile the templates of all tests.
  if (path === '/_cluster/settings') return { persistent: node.settings, transient: {} };
  if (path === '/_plugins/_alerting/stats') return { 'plugins.scheduled_jobs.enabled': node.scheduledJobs };
  if (path.startsWith('/_cluster/health/.opendistro-alerting-alert')) return { status: node.health, indices: {} };
  // The index is made by the first run; who may not read it gets an empty answer.
  const noLocks = locks.size === 0 && !node.locksHidden;
  if (path !== '/.opensearch-alerting-config-lock/_search' || noLocks) return undefined;
  const hits = [...(node.locksHidden ? [] : locks)].map(([id, { time, released }]) => ({
    _id: `${id}-lock`,
    _source: { scheduled_job_id: id, lock_time: Math.floor(time / 1_000), released },
  }));
  return { hits: { total: { value: hits.length, relation: 'eq' }, hits } };
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
