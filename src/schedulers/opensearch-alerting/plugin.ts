import { ProblemError } from '../../errors';
import { isRecord, type JsonRecord } from '../../json';
import { refusal, serverReason } from '../../cluster/failure';
import type { Cluster } from '../../cluster/cluster';
import { onCluster, onIndices, type RequestRow, type Verb } from '../request-table';

/** The plugin leaves `ui_metadata`, where our mark is, out of an answer unless it is asked by something of this name. */
const HEADERS = { 'user-agent': 'wmi-detections (OpenSearch-Dashboards compatible)' };

interface AlertingRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** Below `/_plugins/_alerting/monitors`; empty, or begins with a slash. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string | number | boolean>> | undefined;
  readonly body?: JsonRecord | undefined;
  /** Statuses from 400 on that the caller wants to see instead of an error. */
  readonly allow?: readonly number[] | undefined;
  /** Milliseconds; that of the retry policy where not given. */
  readonly timeout?: number | undefined;
}

interface AlertingAnswer<T> {
  readonly status: number;
  readonly body: T;
}

/**
 * One request to OpenSearch Alerting. Nothing that changes something is sent twice: a monitor that is created twice alerts
 * twice. Nor is a 5xx an invitation to try again, because the plugin answers 500 to many a client's mistake.
 * @throws ProblemError with what the plugin says, for every status from 400 on that `allow` does not name
 */
export async function askAlerting<T>(
  cluster: Cluster,
  { method, path, query, body: sent, allow = [], timeout }: AlertingRequest,
): Promise<AlertingAnswer<T>> {
  const { statusCode: status, body } = await cluster.client.transport.request<T>(
    {
      method,
      path: `/_plugins/_alerting/monitors${path}`,
      ...(query !== undefined && { querystring: query }),
      ...(sent !== undefined && { body: sent }),
    },
    {
      headers: HEADERS,
      ignore: [...FAILURES],
      meta: true,
      ...(timeout !== undefined && { requestTimeout: timeout }),
      context: { once: method !== 'GET' && path !== '/_search' },
    },
  );
  if (status < 400 || allow.includes(status)) return { status, body };
  const where = { url: `${cluster.url}/_plugins/_alerting/monitors${path}`, method };
  if (isMissing(status, body)) throw noPlugin(cluster);
  if ([401, 403, 429].includes(status)) throw refusal(status, body, where);
  const reason = reasonOf(body);
  throw new ProblemError('REFUSED', [{ where: { ...where, status }, message: reason, hint: hintFor(status, reason) }]);
}

/** The plugin's own words; below them it repeats them with the name of a Java class. */
function reasonOf(body: unknown): string {
  const error = isRecord(body) ? body.error : undefined;
  return isRecord(error) && typeof error.reason === 'string' ? error.reason : serverReason(body);
}

const FAILURES: readonly number[] = Array.from({ length: 200 }, (_, index) => 400 + index);

function hintFor(status: number, reason: string): string | undefined {
  if (/more than the allowed monitors/.test(reason)) {
    return 'The cluster holds as many monitors as it may: raise its setting plugins.alerting.monitor.max_monitors (1,000 unless set), or delete monitors that nobody needs.';
  }
  if (/indices are not found/.test(reason)) {
    return 'Name only what is there in `indices` of the settings, or write a pattern: one that matches nothing is no error.';
  }
  if (status === 409) return 'Somebody changed the monitor meanwhile. Run plan again.';
  return undefined;
}

/** What an OpenSearch without the plugin says of its URLs. */
function isMissing(status: number, body: unknown): boolean {
  return status === 400 && /no handler found/.test(serverReason(body));
}

function noPlugin({ url, product, version }: Cluster): ProblemError {
  const what =
    product === 'opensearch' ? `this OpenSearch ${version} has no alerting plugin` : `this is Elasticsearch ${version}`;
  const others =
    product === 'opensearch'
      ? 'Install the plugin opensearch-alerting, or use `--scheduler local`, which works on every cluster.'
      : 'Use `--scheduler kibana` with Elastic Security, or `--scheduler local`, which works on every cluster.';
  return new ProblemError('SETTINGS', [
    { where: { url }, message: `the scheduler is opensearch-alerting, and ${what}`, hint: others },
  ]);
}

/**
 * Makes sure that a cluster has the alerting plugin.
 * @throws ProblemError SETTINGS when it has not, with what else can run the rules
 */
export async function requireAlerting(cluster: Cluster): Promise<void> {
  if (cluster.product !== 'opensearch') throw noPlugin(cluster);
  // Before the first monitor there may be no index to search: the plugin is there all the same.
  await askAlerting(cluster, { method: 'POST', path: '/_search', body: { size: 0 }, allow: [404] });
}

/** Whether monitors can be seen there: the plugin is installed, and its API is open to us. */
export async function seesAlerting(cluster: Cluster): Promise<boolean> {
  if (cluster.product !== 'opensearch') return false;
  try {
    await requireAlerting(cluster);
    return true;
  } catch (error) {
    if (error instanceof ProblemError && ['SETTINGS', 'FORBIDDEN'].includes(error.code)) return false;
    throw error;
  }
}

/** The plugin takes a lock for each run by schedule, a document for each monitor, and gives it back at the end. */
export const LOCKS = '.opensearch-alerting-config-lock';

const LOOK: readonly Verb[] = ['plan', 'deploy', 'destroy', 'adopt', 'status', 'reconcile'];
/** Those that need the scheduler, before they do anything else. */
const NEED: readonly Verb[] = [...LOOK, 'doctor', 'test'];
/** Those that read the alerts, which the plugin keeps by itself. */
const ALERTS: readonly Verb[] = ['alerts', 'ack', 'risk', 'reconcile'];
const CHANGE: readonly Verb[] = ['deploy', 'destroy', 'adopt'];

const MONITORS = '/_plugins/_alerting/monitors';
const ALERTING = 'cluster:admin/opendistro/alerting';

/** Requests that only OpenSearch Alerting makes needed. */
export const ALERTING_REQUESTS: readonly RequestRow[] = [
  // Every deploy and destroy looks whether there are monitors of ours; where that is not allowed, there are none.
  onCluster(`POST ${MONITORS}/_search`, [...NEED, ...ALERTS], [], [`${ALERTING}/monitor/search`]),
  onCluster(`GET ${MONITORS}/{id}`, LOOK, [], [`${ALERTING}/monitor/get`]),
  onCluster(`POST ${MONITORS}`, CHANGE, [], [`${ALERTING}/monitor/write`]),
  onCluster(`PUT ${MONITORS}/{id}`, CHANGE, [], [`${ALERTING}/monitor/write`]),
  onCluster(`DELETE ${MONITORS}/{id}`, CHANGE, [], [`${ALERTING}/monitor/delete`]),
  // `test --live` runs a monitor that is not stored.
  onCluster(`POST ${MONITORS}/_execute`, [...CHANGE, 'test'], [], [`${ALERTING}/monitor/execute`]),
  onCluster(`POST ${MONITORS}/{id}/_execute`, CHANGE, [], [`${ALERTING}/monitor/execute`]),
  onCluster(`GET ${MONITORS}/alerts`, [...LOOK, ...ALERTS], [], [`${ALERTING}/alerts/get`]),
  // Before a monitor is deleted, its alerts are acknowledged.
  onCluster(`POST ${MONITORS}/{id}/_acknowledge/alerts`, ['ack', ...CHANGE], [], [`${ALERTING}/alerts/ack`]),
  // From an index that is not whole the plugin gives a part of the alerts.
  onCluster('GET /_cluster/health/{id}', [...LOOK, ...ALERTS], [], ['cluster:monitor/health']),
  // What is known only where these may be read: when a monitor ran, and the limits of a node.
  ...[
    onCluster(`POST /${LOCKS}/_search`, LOOK, [], []),
    onCluster('GET /_cluster/settings', ['status', 'doctor'], [], []),
    onCluster('GET /_nodes/stats/script', ['status', 'doctor'], [], []),
    onCluster(`GET ${MONITORS}/alerts`, ['doctor'], [], []),
    // `status --try-rules` runs the monitors, dry.
    onCluster(`POST ${MONITORS}/{id}/_execute`, ['status'], [], []),
  ].map((row) => ({ ...row, isOptional: true })),
  onCluster(
    'GET /_plugins/_alerting/stats',
    ['status', 'doctor'],
    [],
    ['cluster:admin/opendistro/_scheduled_jobs/stats'],
  ),
  onIndices('state', 'PUT /{state}', ['deploy'], [], ['indices:admin/create']),
  // A monitor reads with the roles of who stored it, and is tried before. Of its alerts the events are read as it reads them.
  ...(['events', 'state'] as const).map((names) =>
    onIndices(names, `POST /{${names}}/_search`, [...CHANGE, ...ALERTS], [], ['indices:data/read/search']),
  ),
].map((row): RequestRow => ({ ...row, scheduler: 'opensearch-alerting' }));
