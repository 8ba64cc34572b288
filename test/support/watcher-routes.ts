import type { estypes } from '@elastic/elasticsearch';
import { isRecord } from '../../src/json';
import type { Cluster } from '../../src/cluster/cluster';
import { runWatch, type WatchRun } from './watch-run';
import type { TypedRequest } from './watcher-contract';
import { type Seen, type WatcherServer, givenBack, Refusal, statusOf, type Thing } from './watcher-server';

/** What answers a request, and the type that the request has. */
export interface Routed {
  readonly answer: (seen: Seen, server: WatcherServer, engine: Cluster) => Promise<[number, Thing]> | [number, Thing];
  readonly request?: (seen: Seen) => TypedRequest;
}

const WATCH = /^\/_watcher\/watch\/([^/]+)$/;

/** What Watcher and the licence answer; undefined for everything else. */
export function routeOf(method: string, path: string): Routed | undefined {
  if (path === '/') return { answer: root };
  if (path === '/_xpack') return { answer: xpack, request: typed('XpackInfoRequest') };
  if (!path.startsWith('/_watcher/')) return undefined;
  const route = watcherRoute(method, path);
  return { ...route, answer: (seen, server, engine) => licensed(server) ?? route.answer(seen, server, engine) };
}

function watcherRoute(method: string, path: string): Routed {
  const what = `${method} ${path.replace(WATCH, '/_watcher/watch/{id}')}`;
  switch (path === '/_watcher/watch/_execute' ? `${method} ${path}` : what) {
    case 'PUT /_watcher/watch/_execute':
      return { answer: execute, request: typed('WatcherExecuteWatchRequest') };
    case 'POST /_watcher/_query/watches':
      return { answer: query, request: typed('WatcherQueryWatchesRequest') };
    case 'GET /_watcher/watch/{id}':
      return { answer: get, request: typed('WatcherGetWatchRequest', 'id') };
    case 'PUT /_watcher/watch/{id}':
      return { answer: put, request: typed('WatcherPutWatchRequest', 'id') };
    case 'DELETE /_watcher/watch/{id}':
      return { answer: remove, request: typed('WatcherDeleteWatchRequest', 'id') };
    case 'GET /_watcher/stats':
      return { answer: () => [200, { manually_stopped: false, stats: [] }], request: typed('WatcherStatsRequest') };
    default:
      return {
        answer: () => {
          throw new Refusal(405, 'illegal_argument_exception', `no handler for ${what}`);
        },
        request: () => ({ type: 'NotInTheContract', value: what }),
      };
  }
}

/** Path, query and body in one object, as the client takes them; query texts in the type that they stand for. */
function typed(type: string, id?: 'id') {
  return ({ path, query, body }: Seen): TypedRequest => {
    const values = Object.entries(query).map(([key, text]) => [
      key,
      key === 'categories' ? text.split(',') : read(text),
    ]);
    return { type, value: { ...(id !== undefined && { id: idOf(path) }), ...Object.fromEntries(values), ...body } };
  };
}

function read(text: string): unknown {
  return /^(true|false|\d+)$/.test(text) ? (JSON.parse(text) as unknown) : text;
}

function idOf(path: string): string {
  return decodeURIComponent(WATCH.exec(path)?.[1] ?? '');
}

function root(): [number, Thing] {
  return [
    200,
    { name: 'test', version: { number: '9.1.0', build_flavor: 'default' }, tagline: 'You Know, for Search' },
  ];
}

function licensed({ licence }: WatcherServer): [number, Thing] | undefined {
  if (licence === 'trial' || licence === 'platinum') return undefined;
  const refusal = new Refusal(403, 'security_exception', 'current license is non-compliant for [watcher]');
  return [refusal.status, refusal.body()];
}

function xpack(_: Seen, { licence }: WatcherServer): [number, Thing] {
  if (licence === 'serverless') {
    const refusal = new Refusal(410, 'api_not_available_exception', 'not available when running in serverless mode');
    return [refusal.status, refusal.body()];
  }
  const type = licence === 'expired' ? 'gold' : licence;
  const available = licence === 'trial' || licence === 'platinum';
  const license = { uid: 'u', type, mode: type, status: licence === 'expired' ? 'expired' : 'active' };
  return [200, { license, features: { watcher: { available, enabled: true } } }];
}

function get({ path }: Seen, { watches }: WatcherServer): [number, Thing] {
  const id = idOf(path);
  const kept = watches.get(id);
  if (kept === undefined) return [404, { found: false, _id: id }];
  const { watch, seqNo, version } = kept;
  const shown = { _id: id, _version: version, _seq_no: seqNo, _primary_term: 1, status: statusOf(kept) };
  return [200, { found: true, ...shown, watch: givenBack(watch) }];
}

function query({ body }: Seen, { watches }: WatcherServer): [number, Thing] {
  const { from = 0, size = 10, query: asked } = (body ?? {}) as { from?: number; size?: number; query?: Thing };
  const match = isRecord(asked?.match) ? asked.match['metadata.managed_by'] : undefined;
  if (!isRecord(match)) throw new Refusal(400, 'parsing_exception', 'only _id and metadata.* can be searched');
  const words = String(match.query).split('-');
  const found = [...watches].filter(([, { watch }]) => {
    const managed = isRecord(watch.metadata) ? String(watch.metadata.managed_by) : '';
    return words.every((word) => managed.split(/[^a-z]/).includes(word));
  });
  const page = found.slice(from, from + size).map(([_id, kept]) => ({
    _id,
    watch: givenBack(kept.watch),
    status: statusOf(kept),
    _seq_no: kept.seqNo,
    _primary_term: 1,
  }));
  return [200, { count: found.length, watches: page }];
}

function put({ path, query: asked, body }: Seen, { watches }: WatcherServer): [number, Thing] {
  const id = idOf(path);
  const before = watches.get(id);
  if (/\s/.test(id)) throw new Refusal(400, 'action_request_validation_exception', 'watch id contains whitespace');
  if (body?.trigger === undefined) throw new Refusal(400, 'parse_exception', 'could not parse watch: missing trigger');
  if (asked.if_seq_no !== undefined && Number(asked.if_seq_no) !== before?.seqNo) {
    throw new Refusal(409, 'version_conflict_engine_exception', `[${id}]: version conflict, required seqNo`);
  }
  const seqNo = Math.max(-1, ...[...watches.values()].map((kept) => kept.seqNo)) + 1;
  const version = (before?.version ?? 0) + 1;
  watches.set(id, { watch: body, active: asked.active !== 'false', seqNo, version });
  return [
    before === undefined ? 201 : 200,
    { _id: id, _version: version, _seq_no: seqNo, _primary_term: 1, created: before === undefined },
  ];
}

function remove({ path }: Seen, { watches }: WatcherServer): [number, Thing] {
  const id = idOf(path);
  const found = watches.delete(id);
  return [found ? 200 : 404, { _id: id, _version: 1, found }];
}

/** Runs the watch on the real node, its actions simulated. */
async function execute({ body }: Seen, _: WatcherServer, engine: Cluster): Promise<[number, Thing]> {
  const { watch, alternative_input: alternative, action_modes: modes, trigger_data: trigger } = body ?? {};
  if (!isRecord(watch) || !isRecord(modes) || modes._all !== 'simulate') {
    throw new Refusal(400, 'illegal_argument_exception', 'this server only simulates inline watches');
  }
  const scheduled = isRecord(trigger) ? String(trigger.scheduled_time) : new Date().toISOString();
  const given = isRecord(alternative) ? alternative : undefined;
  let result: Thing;
  let state: estypes.WatcherExecutionStatus = 'failed';
  try {
    const run = await runWatch(engine, watch as unknown as estypes.WatcherWatch, { scheduled, alternative: given });
    state = run.met ? 'executed' : 'execution_not_needed';
    const status = run.acts ? 'simulated' : 'condition_failed';
    result = {
      input: { type: 'chain', status: 'success', payload: run.payload, chain: chainOf(run) },
      condition: { type: 'script', status: 'success', met: run.met },
      ...(run.met && { transform: { type: 'script', status: 'success', payload: run.transformed } }),
      actions: run.met ? [{ id: 'alerts', type: 'index', status }] : [],
    };
  } catch (error) {
    const reason = (error as Error).message;
    result = { transform: { type: 'script', status: 'failure', reason }, actions: [] };
  }
  return [200, { _id: 'inlined_1', watch_record: { watch_id: '_inlined_', state, result, messages: [] } }];
}

function chainOf({ payload, failures }: WatchRun): Thing {
  return Object.fromEntries(
    Object.keys(payload).map((name) => {
      const reason = failures[name];
      return [
        name,
        reason === undefined ? { status: 'success' } : { status: 'failure', error: { type: 'exception', reason } },
      ];
    }),
  );
}
