import type { estypes } from '@elastic/elasticsearch';
import { ProblemError } from '../../errors';
import { canonicalJson, isRecord, type JsonRecord } from '../../json';
import { askAlerting } from './plugin';
import { type Cluster } from '../../cluster/cluster';
import type { Content } from '../../resources/kind';
import { indicesOf, queryOfMonitor, desiredMonitor, stampOf } from './monitor-body';
import { ownerOf } from './monitor-ownership';
import { untyped } from '../../cluster/untyped';
import { ourMonitors, type Found } from './find-monitors';
import { readLongTexts } from './long-texts';
import { proofOf, summaryOfAlert } from './plugin-alerts';
import type { Rule } from '../../detections/rule';
import { alertOf } from '../alert-of-group';
import { clusterTime } from '../../cluster/clock';
import { eventsOfGroups } from '../group-summary';
import { CLOCK_TOLERANCE, type Trial } from '../scheduler';

/**
 * Runs a monitor that is not stored, without alerts. The plugin stores what can never fire and says 201: a script that does
 * not compile, a path that leads nowhere. A run says so, in one of its errors; `triggered` says nothing.
 * @param end of the window, milliseconds since 1970; now where not given
 * @returns what the run says: in `trigger_results`, by the trigger's id, the groups of every page (`agg_result_buckets`)
 * @throws ProblemError REFUSED with the errors of the run
 */
export async function dryRun(cluster: Cluster, monitor: JsonRecord, end?: number): Promise<JsonRecord> {
  const hint =
    'Nothing was stored. An index that it reads may have odd mappings: name others in `indices` of the settings.';
  const query = { dryrun: true, ...(end !== undefined && { period_end: `${end}ms` }) };
  return execute(cluster, { path: '', query, body: monitor, hint });
}

/**
 * Runs a stored monitor where nothing yet proves that it alerts, so that its alert is stored now and not in some minutes.
 *
 *   its alerts           | run
 *   ---------------------|--------------------------------------------------------------------------------
 *   none                 | at the time of its newest match; not at all where none came in within a day
 *   of an older search   | now, as its schedule does next: at another time old alerts would be raised again
 *   of this very search  | not
 * @throws ProblemError REFUSED with what the run says
 */
export async function prove(cluster: Cluster, stored: Pick<Found, 'id' | 'monitor'>): Promise<void> {
  const proof = await proofOf(cluster, stored);
  if (proof === 'proven') return;
  if (proof === 'outdated') {
    await runUntil(cluster, stored.id);
    return;
  }
  const newest = await newestMatch(cluster, stored.monitor);
  // The end of the window is exclusive.
  if (newest !== undefined) await runUntil(cluster, stored.id, newest + 1);
}

/**
 * Runs a stored monitor over the look-back before a time; its alerts are stored.
 * @param end milliseconds since 1970; now where not given
 * @throws ProblemError REFUSED with what the run says
 */
export async function runUntil(cluster: Cluster, id: string, end?: number): Promise<void> {
  const hint = 'The monitor is stored, and does not work yet.';
  const query: Query = end === undefined ? {} : { period_end: `${end}ms` };
  await execute(cluster, { path: `/${encodeURIComponent(id)}`, query, hint });
}

type Query = Readonly<Record<string, string | boolean>>;

async function execute(
  cluster: Cluster,
  run: { path: string; query: Query; body?: JsonRecord; hint: string },
): Promise<JsonRecord> {
  const { path, query, body, hint } = run;
  const answer = (await askAlerting<JsonRecord>(cluster, { method: 'POST', path: `${path}/_execute`, query, body }))
    .body;
  const errors = errorsOf(answer);
  if (errors.length === 0) return answer;
  throw new ProblemError(
    'REFUSED',
    errors.map((reason) => ({
      where: { url: cluster.url },
      message: `a trial run of the monitor fails: ${reason}`,
      hint,
    })),
  );
}

/** Every error of a run: of the whole, of its search, of its triggers. */
function errorsOf(answer: JsonRecord): string[] {
  const triggers = isRecord(answer.trigger_results) ? Object.values(answer.trigger_results) : [];
  const parts = [answer, answer.input_results, ...triggers].filter(isRecord);
  const errors = parts.map(({ error }) => error).filter((error) => error !== null && error !== undefined);
  return [...new Set(errors.map((error) => (typeof error === 'string' ? error : canonicalJson(error))))];
}

/**
 * Runs the stored monitors of a namespace once each, dry: no alert is stored.
 * @returns by the rule's UUID: null where the run succeeded, else what went wrong. A search of version 0.1.0 is not run, for it
 *   may never end
 */
export async function tryMonitors(cluster: Cluster, namespace: string): Promise<Map<string, string | null>> {
  const results = new Map<string, string | null>();
  for (const { id, monitor } of await ourMonitors(cluster)) {
    const owner = ownerOf(monitor);
    if (owner?.namespace !== namespace || monitor.enabled === false) continue;
    results.set(owner.id, stampOf(monitor) === undefined ? OLD_SEARCH : await tryStored(cluster, id));
  }
  return results;
}

const OLD_SEARCH = 'its search is not that of this version and was not run: deploy it again';

async function tryStored(cluster: Cluster, id: string): Promise<string | null> {
  try {
    const path = `/${encodeURIComponent(id)}`;
    await execute(cluster, { path, query: { dryrun: true }, hint: '' });
    return null;
  } catch (error) {
    if (!(error instanceof ProblemError) || error.code === 'INTERRUPTED') throw error;
    return error.problems.map(({ message }) => message).join('; ');
  }
}

/** When the newest event came in that a monitor finds, milliseconds since 1970; undefined where none came in for a day. */
async function newestMatch(cluster: Cluster, monitor: JsonRecord): Promise<number | undefined> {
  const deployedQuery = queryOfMonitor(monitor);
  if (deployedQuery === undefined) return undefined;
  const recent = { range: { 'event.ingested': { gte: 'now-24h', lte: 'now' } } };
  const { aggregations } = await cluster.client.search<unknown, { newest?: estypes.AggregationsMaxAggregate }>({
    index: [...indicesOf(monitor)],
    ignore_unavailable: true,
    allow_no_indices: true,
    allow_partial_search_results: false,
    size: 0,
    query: untyped({ bool: { filter: [deployedQuery, recent] } }),
    aggs: { newest: { max: { field: 'event.ingested' } } },
  });
  return aggregations?.newest?.value ?? undefined;
}

/**
 * Lets OpenSearch Alerting run the monitor of a rule once over the events of a sandbox, dry: neither the monitor nor
 * an alert is stored. Its trigger gives the groups, in the form in which alerts hold them.
 * @returns what the alert says of each event that would have one, by the event's id
 * @throws ProblemError REFUSED when the monitor does not run
 */
export async function tryMonitor(
  { cluster, namespace, events: indices }: Trial,
  rule: Rule,
  content: Content,
): Promise<Map<string, string>> {
  // The rule beside the monitor is dropped by the plugin, as is all that it does not know.
  const now = await clusterTime(cluster, namespace);
  const { body: monitor } = desiredMonitor({ namespace, indices, now }, content, rule);
  const { trigger_results: triggers } = await dryRun(cluster, monitor, now + CLOCK_TOLERANCE);
  const result = isRecord(triggers) ? triggers[rule.uuid] : undefined;
  const buckets = isRecord(result) && isRecord(result.agg_result_buckets) ? result.agg_result_buckets : {};
  const found = Object.values(buckets).filter(isRecord);
  const readable = { rule, query: queryOfMonitor(monitor) ?? {}, indices };
  const long = await readLongTexts(cluster, readable, found);
  const alerts = found.flatMap((bucket) => {
    const summary = summaryOfAlert(rule, bucket, long);
    return summary === undefined ? [] : alertOf(rule, summary, now);
  });
  const messages = new Map(alerts.map(({ id, document }) => [id, String(document.message)]));
  return eventsOfGroups(cluster, readable, messages);
}
