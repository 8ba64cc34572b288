import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { connect, type Cluster } from '../../src/cluster/cluster';
import { listening } from './listening';
import { testCluster } from './cluster';
import type { TypedRequest } from './watcher-contract';
import { routeOf, type Routed } from './watcher-routes';
import { isRecord } from '../../src/json';

/** One request that arrived for Watcher. */
export interface Seen {
  readonly method: string;
  readonly path: string;
  readonly query: Record<string, string>;
  readonly body: Thing | undefined;
}

/** An Elasticsearch for tests: Watcher of its own, everything else is done by the real node of the suite. */
export interface WatcherServer {
  readonly url: string;
  readonly watches: Map<string, KeptWatch>;
  readonly seen: Seen[];
  /** `basic` has no Watcher; `serverless` not even the question. */
  licence: 'trial' | 'platinum' | 'basic' | 'expired' | 'serverless';
  /** Does something just before a request that matches is answered, once: an admin who is quicker. */
  before(match: (seen: Seen) => boolean, act: () => void): void;
  /** Answers a request that matches by this, once. */
  answer(match: (seen: Seen) => boolean, status: number, body: Thing): void;
  cluster(): Promise<Cluster>;
  /** What came, to be held against the contract. */
  readonly requests: TypedRequest[];
  close(): Promise<void>;
}

export async function startWatcher(): Promise<WatcherServer> {
  const engine = await testCluster();
  const requests: TypedRequest[] = [];
  const once: { match: (seen: Seen) => boolean; act?: () => void; answer?: [number, Thing] }[] = [];
  const http = createServer((incoming, response) => {
    void handle(incoming, response);
  });
  const { url: here, close } = await listening(http);
  const server: WatcherServer = {
    url: here,
    close,
    watches: new Map(),
    seen: [],
    licence: 'trial',
    before: (match, act) => void once.push({ match, act }),
    answer: (match, status, body) => void once.push({ match, answer: [status, body] }),
    cluster: () => connect({ url: server.url }),
    requests,
  };

  async function handle(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(incoming.url ?? '/', 'http://watcher');
    const chunks: Buffer[] = [];
    for await (const chunk of incoming) chunks.push(chunk as Buffer);
    const text = Buffer.concat(chunks).toString();
    const route = routeOf(incoming.method ?? 'GET', url.pathname);
    if (route === undefined) {
      await pass(incoming, text, response);
      return;
    }
    const body = text === '' ? undefined : (JSON.parse(text) as Thing);
    const seen: Seen = {
      method: incoming.method ?? 'GET',
      path: url.pathname,
      query: Object.fromEntries(url.searchParams),
      body,
    };
    const [status, answer] = await answerTo(seen, route);
    send(response, status, JSON.stringify(answer));
  }

  async function answerTo(seen: Seen, route: Routed): Promise<[number, Thing]> {
    server.seen.push(seen);
    const index = once.findIndex(({ match }) => match(seen));
    const special = index < 0 ? undefined : once.splice(index, 1)[0];
    special?.act?.();
    if (special?.answer !== undefined) return special.answer;
    try {
      if (route.request !== undefined) requests.push(route.request(seen));
      return await route.answer(seen, server, engine);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      return [error.status, error.body()];
    }
  }

  /** To the real node, as it is. */
  async function pass(incoming: IncomingMessage, text: string, response: ServerResponse): Promise<void> {
    const method = incoming.method ?? 'GET';
    const type = incoming.headers['content-type'] ?? 'application/json';
    const answer = await fetch(`${engine.url}${incoming.url ?? '/'}`, {
      method: text !== '' && method === 'GET' ? 'POST' : method,
      headers: { 'content-type': type },
      ...(text !== '' && { body: text }),
    });
    send(response, answer.status, await answer.text());
  }

  return server;
}

function send(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, { 'content-type': 'application/json', 'x-elastic-product': 'Elasticsearch' });
  response.end(text);
}

export type Thing = Record<string, unknown>;

/** A watch as Watcher keeps it. */
export interface KeptWatch {
  watch: Thing;
  active: boolean;
  seqNo: number;
  version: number;
  /** What the status says of the last run, where there was one. */
  ran?: Thing;
}

/** An answer of Elasticsearch that is no success. */
export class Refusal extends Error {
  constructor(
    readonly status: number,
    readonly type: string,
    reason: string,
  ) {
    super(reason);
  }

  body(): Thing {
    const error = { type: this.type, reason: this.message };
    return { error: { root_cause: [error], ...error }, status: this.status };
  }
}

/** As Elasticsearch gives a watch back: with the defaults of scripts, templates and searches written out. */
export function givenBack(value: unknown, key = ''): unknown {
  if (Array.isArray(value)) return value.map((item) => givenBack(item));
  if (!isRecord(value)) return value;
  if (key === 'params' || key === 'metadata') return value;
  const inner = Object.fromEntries(Object.entries(value).map(([name, member]) => [name, givenBack(member, name)]));
  if (key === 'script') return { lang: 'painless', ...inner };
  if (key === 'template') return { lang: 'mustache', ...inner };
  return key === 'request' ? { search_type: 'query_then_fetch', rest_total_hits_as_int: true, ...inner } : inner;
}

export function statusOf({ active, version, ran = {} }: KeptWatch): Thing {
  const timestamp = '2026-01-01T00:00:00.000Z';
  const alerts = { ack: { timestamp, state: 'awaits_successful_execution' } };
  return { state: { active, timestamp }, actions: { alerts }, version, ...ran };
}
