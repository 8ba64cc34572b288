import { isRecord } from '../../src/json';
import type { Cluster } from '../../src/cluster/cluster';
import type { AlertStore } from './alerting-alerts';
import { contentOf, keysOf } from './alerting-alerts';
import type { Renderer } from './alerting-render';
import { runMonitor, type Ran } from './alerting-run';
import type { Seen } from './alerting-server';
import { bucketTriggers, randomId, storable, type Json } from './alerting-validate';
import { Refusal } from './kibana-state';

export interface Stored {
  monitor: Json;
  version: number;
  seqNo: number;
}

export interface Monitors {
  readonly stored: Map<string, Stored>;
  /** plugins.alerting.monitor.max_monitors */
  most: number;
  /** The last sequence number that was given. */
  sequence: number;
  /** Runs that did not end. */
  endless: number;
  /** What a server of some version makes of a monitor besides. */
  decorate: (monitor: Json) => Json;
}

interface Asked extends Seen {
  readonly engine: Cluster;
  readonly monitors: Monitors;
  readonly alerts: AlertStore;
  readonly renderer: Renderer;
}

/** `undefined`: the plugin does not answer. */
type Answer = [status: number, body: unknown] | undefined;

/** What the plugin answers, errors in the form in which it tells them. */
export async function answerAlerting(asked: Asked): Promise<Answer> {
  try {
    return await route(asked);
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    const said = { type: 'alerting_exception', reason: error.message };
    const cause = { type: 'exception', reason: `java.lang.Exception: ${error.message}` };
    return [error.status, { error: { root_cause: [said], ...said, caused_by: cause }, status: error.status }];
  }
}

async function route(asked: Asked): Promise<Answer> {
  const { method, path } = asked;
  const [, id = '', rest = ''] = /^\/?([^/]*)(\/.*)?$/.exec(path) ?? [];
  if (method === 'POST' && path === '') return create(asked);
  if (method === 'POST' && path === '/_search') return search(asked);
  if (method === 'POST' && path === '/_execute') return execute(asked, '', storable(asked.body));
  if (method === 'GET' && path === '/alerts') return listAlerts(asked);
  if (method === 'POST' && rest === '/_acknowledge/alerts') return acknowledge(asked, decodeURIComponent(id));
  if (method === 'POST' && rest === '/_execute') return execute(asked, id, known(asked, id).monitor);
  if (method === 'PUT') return update(asked, decodeURIComponent(id));
  if (method === 'DELETE') return remove(asked, decodeURIComponent(id));
  if (method === 'GET') {
    const { monitor, version, seqNo } = known(asked, id);
    return [200, { _id: id, _version: version, _seq_no: seqNo, _primary_term: 1, monitor: shown(monitor, asked) }];
  }
  throw new Refusal(400, `no handler found for uri [${path}] and method [${method}]`);
}

function known({ monitors }: Asked, id: string): Stored {
  const stored = monitors.stored.get(id);
  if (stored === undefined) throw new Refusal(404, 'Monitor not found.');
  return stored;
}

async function create(asked: Asked): Promise<Answer> {
  const { body, monitors } = asked;
  const monitor = storable(body);
  await checkIndices(asked, monitor);
  if (monitors.stored.size >= monitors.most) {
    throw new Refusal(400, `This request would create more than the allowed monitors [${monitors.most}].`);
  }
  const id = randomId();
  return [201, store(asked, id, { ...monitor, schema_version: 0, enabled_time: Date.now() }, 1)];
}

async function update(asked: Asked, id: string): Promise<Answer> {
  const { if_seq_no: seqNo, if_primary_term: term } = asked.query;
  if ((seqNo === undefined) !== (term === undefined)) throw new Refusal(400, 'ifSeqNo is set, but primary term is [0]');
  const current = asked.monitors.stored.get(id);
  if (current === undefined) throw new Refusal(404, `Monitor with ${id} is not found`);
  if (seqNo !== undefined && Number(seqNo) !== current.seqNo) {
    const there = `current document has seqNo [${current.seqNo}] and primary term [1]`;
    throw new Refusal(409, `[${id}]: version conflict, required seqNo [${seqNo}], primary term [1]. ${there}`);
  }
  const monitor = storable(asked.body);
  await checkIndices(asked, monitor);
  const since = { enabled_time: current.monitor.enabled_time };
  return [200, store(asked, id, { ...monitor, ...since, schema_version: 9 }, current.version + 1)];
}

function store({ monitors }: Asked, id: string, monitor: Json, version: number): Json {
  const seqNo = (monitors.sequence += 1);
  const stored = { monitor: { ...monitors.decorate(monitor), last_update_time: Date.now() }, version, seqNo };
  monitors.stored.set(id, stored);
  return { _id: id, _version: version, _seq_no: seqNo, _primary_term: 1, monitor: stored.monitor };
}

/** A concrete name that is not there is refused; a pattern never is. */
async function checkIndices({ engine }: Asked, { inputs }: Json): Promise<void> {
  const indices = (inputs as { search: { indices: string[] } }[]).flatMap(({ search: { indices: each } }) => each);
  for (const name of indices.filter((each) => !each.includes('*'))) {
    const { status } = await fetch(`${engine.url}/${encodeURIComponent(name)}`, { method: 'HEAD' });
    if (status === 404) throw new Refusal(404, `Configured indices are not found: [${name}]`);
  }
}

function remove({ monitors, alerts }: Asked, id: string): Answer {
  const stored = monitors.stored.get(id);
  if (stored === undefined) {
    throw new Refusal(
      404,
      'Cannot invoke "org.opensearch.core.common.bytes.BytesReference.length()" because "bytes" is null',
    );
  }
  monitors.stored.delete(id);
  alerts.forget(id);
  return [200, { _id: id, _version: stored.version + 1 }];
}

/** Understands `match_all` and a prefix of the name; names of more than 256 characters are not in that index. */
function search(asked: Asked): Answer {
  const { size = 10, query = { match_all: {} } } = (asked.body ?? {}) as { size?: number; query?: Json };
  if (size > 10_000) throw new Refusal(500, 'all shards failed');
  const prefix = isRecord(query.prefix) ? query.prefix['monitor.name.keyword'] : undefined;
  if (query.match_all === undefined && typeof prefix !== 'string') {
    throw new Refusal(400, `the test server does not understand ${JSON.stringify(query)}`);
  }
  const found = [...asked.monitors.stored].filter(([, { monitor }]) => {
    const name = String(monitor.name);
    return typeof prefix !== 'string' || (name.startsWith(prefix) && name.length <= 256);
  });
  const hits = found.slice(0, size).map(([id, { monitor, seqNo, version }]) => ({
    _id: id,
    _version: version,
    _seq_no: seqNo,
    _primary_term: 1,
    _source: shown(monitor, asked),
  }));
  return [200, { hits: { total: { value: found.length, relation: 'eq' }, hits } }];
}

function shown(monitor: Json, { userAgent }: Asked): Json {
  if (userAgent.includes('OpenSearch-Dashboards')) return monitor;
  return Object.fromEntries(Object.entries(monitor).filter(([key]) => key !== 'ui_metadata'));
}

async function execute(asked: Asked, id: string, monitor: Json): Promise<Answer> {
  const { dryrun, period_end: given, ...unknown } = asked.query;
  const [more] = Object.keys(unknown);
  if (more !== undefined) throw new Refusal(400, `request [_execute] contains unrecognized parameter: [${more}]`);
  if (given !== undefined && !/^\d+ms$/.test(given)) {
    throw new Refusal(400, `failed to parse setting [period_end] with value [${given}] as a time value`);
  }
  await checkIndices(asked, monitor);
  const end = given === undefined ? Date.now() : Number(given.slice(0, -2));
  const ran = await runMonitor(asked.engine, monitor, end, asked.renderer);
  if (dryrun !== 'true' && id !== '') await asked.alerts.store(id, monitor, ran, Date.now());
  if (ran.endless) {
    asked.monitors.endless += 1;
    return undefined;
  }
  return [200, runAnswer(monitor, id === '' ? asInline(asked.body, ran) : ran, end)];
}

/** A trigger of a body that is not stored has no id yet where its condition is read: its groups are looked for in vain. */
function asInline(body: unknown, ran: Ran): Ran {
  const triggers = isRecord(body) ? bucketTriggers(body) : [];
  const late = triggers.filter((trigger) => {
    const keys = Object.keys(trigger);
    return keys.indexOf('condition') < keys.indexOf('id');
  });
  const error = 'null cannot be cast to non-null type java.util.HashMap<*, *>';
  const found = late.map(({ id }) => String(id)).filter((id) => (ran.triggers[id]?.buckets.length ?? 0) > 0);
  const failed = Object.fromEntries(found.map((id) => [id, { error, buckets: [] }]));
  return { ...ran, triggers: { ...ran.triggers, ...failed } };
}

function runAnswer(monitor: Json, ran: Ran, end: number): Json {
  const triggers = Object.entries(ran.triggers).map(([id, { error, buckets }]) => {
    const found = Object.fromEntries(buckets.map((bucket) => [keysOf(bucket).join('#'), contentOf(bucket)]));
    return [id, { name: id, error, agg_result_buckets: found, action_results: {} }];
  });
  return {
    monitor_name: monitor.name,
    period_end: end,
    error: null,
    input_results: { results: [], error: ran.inputError },
    trigger_results: Object.fromEntries(triggers) as Json,
  };
}

/** Of the alerts of one monitor; what is not ACTIVE is not, and the answer is 200 all the same. Of a deleted monitor: no answer. */
function acknowledge(asked: Asked, id: string): Answer {
  if (!asked.monitors.stored.has(id)) return undefined;
  const { alerts: ids = [] } = (asked.body ?? {}) as { alerts?: readonly string[] };
  const success: string[] = [];
  const failed: Json[] = [];
  for (const each of ids) {
    const alert = asked.alerts.alerts.find((one) => one.id === each && one.monitor_id === id);
    if (alert?.state === 'ACTIVE') {
      Object.assign(alert, { state: 'ACKNOWLEDGED', acknowledged_time: Date.now() });
      success.push(each);
    } else failed.push({ [each]: { failed_reason: REASONS[String(alert?.state)] ?? 'Alert state unknown' } });
  }
  return [200, { success, failed }];
}

const REASONS: Readonly<Record<string, string>> = {
  ACKNOWLEDGED: 'Alert has already been acknowledged.',
  COMPLETED: 'Alert has already completed and can not be acknowledged.',
  ERROR: 'Alert is in an error state and can not be acknowledged.',
};

function listAlerts({ alerts, query }: Asked): Answer {
  const {
    monitorId,
    alertState = 'ALL',
    size = '20',
    startIndex = '0',
    sortString,
    sortOrder = 'asc',
    ...unknown
  } = query;
  const [more] = Object.keys(unknown);
  if (more !== undefined) throw new Refusal(400, `request contains unrecognized parameter: [${more}]`);
  if (Number(startIndex) + Number(size) > 10_000) throw new Refusal(500, 'all shards failed');
  const found = alerts.alerts
    .filter((alert) => monitorId === undefined || alert.monitor_id === monitorId)
    .filter((alert) => alertState === 'ALL' || alert.state === alertState);
  const sign = sortOrder === 'desc' ? -1 : 1;
  if (sortString === 'start_time')
    found.sort((one, other) => sign * (Number(one.start_time) - Number(other.start_time)));
  const from = Number(startIndex);
  return [200, { alerts: found.slice(from, from + Number(size)), totalAlerts: found.length }];
}
