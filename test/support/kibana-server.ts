import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { isRecord } from '../../src/json';
import { readContract, type Contract } from './kibana-contract';
import { routeOf } from './kibana-routes';
import { Refusal, type Decoration, type Space, type Thing } from './kibana-state';
import { listening } from './listening';

export const API_KEY = 'a2V5LWlkOmtleS1zZWNyZXQ=';

/** What goes wrong: an answer instead of the real one, a connection cut in the middle of it, or no answer at all. */
export type Fault =
  | {
      readonly status: number;
      readonly message?: string;
      readonly headers?: Record<string, string>;
      readonly body?: unknown;
    }
  | 'cut'
  | 'silent';

/** One request that arrived. */
export interface Seen {
  readonly method: string;
  readonly space: string;
  readonly path: string;
  readonly query: Record<string, string | string[]>;
  readonly body: unknown;
}

/** A Kibana for tests: real HTTP, state, and every request held against the published contract. */
export interface KibanaServer {
  readonly url: string;
  space(id?: string): Space;
  readonly seen: Seen[];
  /** The `authorization` headers that came, each once. */
  readonly authorizations: string[];
  /** Everything in which a request broke the contract; a test that is through has none. */
  readonly violations: string[];
  /** Lets something go wrong for requests that match, this many times. */
  fail(match: (seen: Seen) => boolean, fault: Fault, times?: number): void;
  /** Does something just before a request that matches is answered, once: an analyst who is quicker. */
  before(match: (seen: Seen) => boolean, act: () => void): void;
  decorate: Decoration;
  close(): Promise<void>;
}

let contract: Contract | undefined;

export async function startKibana(spaceIds: readonly string[] = ['default', 'soc']): Promise<KibanaServer> {
  contract ??= readContract();
  const known = contract;
  const spaces = new Map<string, Space>(
    spaceIds.map((id) => [id, { rules: new Map(), lists: new Map(), items: new Map(), alerts: [] }]),
  );
  const faults: { match: (seen: Seen) => boolean; fault: Fault; left: number }[] = [];
  const acts: { match: (seen: Seen) => boolean; act: () => void }[] = [];
  const server = createServer((request, response) => {
    void handle(request, response);
  });
  const { url: here, close } = await listening(server);
  const kibana: KibanaServer = {
    url: here,
    close,
    seen: [],
    authorizations: [],
    violations: [],
    decorate: (rule) => rule,
    space(id = 'default') {
      const space = spaces.get(id);
      if (space === undefined) throw new Error(`the test has no space ${id}`);
      return space;
    },
    fail: (match, fault, times = Infinity) => {
      faults.push({ match, fault, left: times });
    },
    before: (match, act) => {
      acts.push({ match, act });
    },
  };

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', 'http://kibana');
    const [, space = 'default', path = ''] = /^(?:\/s\/([^/]+))?(\/.*)$/.exec(url.pathname) ?? [];
    const method = request.method ?? 'GET';
    const seen: Seen = { method, space, path, query: queryOf(url), body: await bodyOf(request) };
    kibana.seen.push(seen);
    const { authorization = '' } = request.headers;
    if (!kibana.authorizations.includes(authorization)) kibana.authorizations.push(authorization);
    const act = acts.findIndex(({ match }) => match(seen));
    if (act >= 0) acts.splice(act, 1)[0]?.act();
    const fault = faults.find(({ match, left }) => left > 0 && match(seen));
    if (fault !== undefined) {
      fault.left -= 1;
      fail(response, fault.fault);
      return;
    }
    const [status, body] = await answer(seen, request);
    send(response, status, body);
  }

  async function answer(seen: Seen, request: IncomingMessage): Promise<[number, unknown]> {
    const headers = Object.fromEntries(Object.entries(request.headers).map(([name, value]) => [name, String(value)]));
    const refusal = headerRefusal(seen, headers);
    if (refusal !== undefined) return [refusal.status, errorBody(refusal)];
    const where = spaces.get(seen.space);
    const route = routeOf({ ...seen, headers });
    if (where === undefined || route === undefined) return [404, errorBody(new Refusal(404, 'Not Found'))];
    const wrong = known.check({ ...seen, headers });
    if (wrong.length > 0) {
      kibana.violations.push(`${seen.method} ${seen.path}: ${wrong.join('; ')}`);
      return [400, errorBody(new Refusal(400, wrong.join('; ')))];
    }
    try {
      return [
        200,
        await route({
          ...seen,
          headers,
          space: where,
          spaceId: seen.space,
          spaceIds,
          user: 'tester',
          decorate: kibana.decorate,
          contract: known,
        }),
      ];
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      return [error.status, errorBody(error)];
    }
  }

  return kibana;
}

function headerRefusal({ method }: Seen, headers: Record<string, string>): Refusal | undefined {
  if (headers.authorization !== `ApiKey ${API_KEY}`) {
    return new Refusal(401, '[security_exception]: unable to authenticate user for REST request');
  }
  if (method !== 'GET' && headers['kbn-xsrf'] === undefined) {
    return new Refusal(400, 'Request must contain a kbn-xsrf header.');
  }
  const version = headers['elastic-api-version'];
  if (version !== '2023-10-31')
    return new Refusal(400, `No version "${version ?? ''}" available. Available versions are: 2023-10-31`);
  return undefined;
}

function errorBody({ status, message }: Refusal): Thing {
  return { statusCode: status, error: 'Error', message };
}

function queryOf({ searchParams }: URL): Record<string, string | string[]> {
  const query: Record<string, string | string[]> = {};
  for (const name of new Set(searchParams.keys())) {
    const values = searchParams.getAll(name);
    query[name] = values.length === 1 ? (values[0] ?? '') : values;
  }
  return query;
}

async function bodyOf(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const bytes = Buffer.concat(chunks);
  const type = request.headers['content-type'] ?? '';
  if (!type.startsWith('multipart/')) return bytes.length === 0 ? undefined : (JSON.parse(bytes.toString()) as unknown);
  // One part, as our client sends it: its head, an empty line, the file.
  const [, boundary = ''] = /boundary=("?)([^";]+)\1/.exec(type)?.slice(1) ?? [];
  const [head = '', ...rest] = bytes.toString().split('\r\n\r\n');
  const [, name] = /name="file"; filename="([^"]*)"/.exec(head) ?? [];
  return { file: '', name, text: rest.join('\r\n\r\n').split(`\r\n--${boundary}`)[0] };
}

function fail(response: ServerResponse, fault: Fault): void {
  if (fault === 'silent') return;
  if (fault === 'cut') {
    response.writeHead(200, { 'content-type': 'application/json', 'content-length': '1000' });
    response.write('{"page":1,"da', () => response.destroy());
    return;
  }
  const { status, message = 'made to fail', body, headers } = fault;
  send(response, status, body ?? { statusCode: status, error: 'Error', message }, headers);
}

function send(response: ServerResponse, status: number, body: unknown, headers: Record<string, string> = {}): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers });
  response.end(typeof body === 'string' ? body : JSON.stringify(isRecord(body) || Array.isArray(body) ? body : {}));
}
