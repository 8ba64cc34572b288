import { ProblemError } from '../../errors';
import { isRecord, type JsonRecord } from '../../json';
import { STAMP, DAY_KEY, FIRST_TIME, keyName, LAST_TIME, namedMetric } from './bucket-search';
import { askAlerting } from './plugin';
import type { Cluster } from '../../cluster/cluster';
import { stampOf } from './monitor-body';
import type { Found } from './find-monitors';
import { dayOf } from './bucket-scripts';
import { readKey, type KeyText } from './key-text';
import { FALLBACKS, alertId } from '../../detections/group';
import type { Rule } from '../../detections/rule';
import type { GroupSummary } from '../group-summary';

const PAGE = 1_000;

/** So many alerts of one monitor can be read: from + size may not exceed what a search returns at most. */
export const MOST_HELD = 10_000;

/** With its history; a pattern, because before the first alert there is none. */
const ALERT_INDICES = '.opendistro-alerting-alert*';

/** The alerts that the plugin holds of a monitor, in every state, from its history as well; the newest first. */
export async function heldAlerts(cluster: Cluster, monitorId: string): Promise<JsonRecord[]> {
  const found: JsonRecord[] = [];
  for await (const page of pagesOf(cluster, monitorId)) found.push(...page);
  return found;
}

/**
 * Makes sure that the plugin can read all of its alerts: from an index that is not whole it gives a part, as if that were all.
 * @throws ProblemError REFUSED while a shard of it is missing
 */
async function requireWhole({ client, url }: Cluster): Promise<void> {
  const { statusCode, body } = await client.cluster.health(
    { index: ALERT_INDICES, expand_wildcards: 'all' },
    { ignore: [401, 403, 404, 408], meta: true },
  );
  if (statusCode !== 200 || body.status !== 'red') return;
  const message = `the alerts of OpenSearch Alerting cannot all be read: its index ${ALERT_INDICES} is red, so shards of it are missing`;
  const hint =
    'After a restart, wait until the cluster is yellow or green (GET _cluster/health), then run the command again.';
  throw new ProblemError('REFUSED', [{ where: { url }, message, hint }]);
}

async function* pagesOf(cluster: Cluster, monitorId: string): AsyncGenerator<readonly JsonRecord[], void, undefined> {
  await requireWhole(cluster);
  for (let startIndex = 0; startIndex < MOST_HELD; startIndex += PAGE) {
    // Without a state it gives those of every state.
    const query = { monitorId, size: PAGE, startIndex, sortString: 'start_time', sortOrder: 'desc' };
    const { body } = await askAlerting<{ alerts?: readonly JsonRecord[] }>(cluster, {
      method: 'GET',
      path: '/alerts',
      query,
      allow: [404],
    });
    const page = body.alerts ?? [];
    yield page;
    if (page.length < PAGE) return;
  }
}

/** The first alerts of a monitor, in one state or in all, and how many there are; the plugin counts to {@link MOST_HELD}. */
export async function someAlerts(
  cluster: Cluster,
  monitorId: string,
  options: { readonly alertState?: 'ACTIVE' | 'ACKNOWLEDGED'; readonly size: number },
): Promise<{ ids: readonly string[]; total: number }> {
  const asked = { method: 'GET', path: '/alerts', query: { monitorId, ...options }, allow: [404] } as const;
  const { body } = await askAlerting<{ alerts?: readonly JsonRecord[]; totalAlerts?: number }>(cluster, asked);
  return { ids: (body.alerts ?? []).map(({ id }) => String(id)), total: body.totalAlerts ?? 0 };
}

/** When the newest alert of a monitor was raised, milliseconds since 1970; undefined where there is none, or it may not be read. */
export async function newestAlert(cluster: Cluster, monitorId: string): Promise<number | undefined> {
  const query = { monitorId, size: 1, sortString: 'start_time', sortOrder: 'desc' };
  const asked = { method: 'GET', path: '/alerts', query, allow: [403, 404] } as const;
  const { status, body } = await askAlerting<{ alerts?: readonly JsonRecord[] }>(cluster, asked);
  const started = status === 200 ? body.alerts?.[0]?.start_time : undefined;
  return typeof started === 'number' ? started : undefined;
}

/**
 * What the alerts that the plugin holds of a monitor say of it:
 *
 *   proven   | one was stored, or found again, by its search as it now stands
 *   outdated | all are of searches that it had before
 *   none     | there is none; one in state ERROR is none: it says the contrary, that a run failed
 */
export async function proofOf(
  cluster: Cluster,
  { id, monitor }: Pick<Found, 'id' | 'monitor'>,
): Promise<'proven' | 'outdated' | 'none'> {
  const stamp = stampOf(monitor);
  let any = false;
  for await (const page of pagesOf(cluster, id)) {
    const raised = page.filter(({ state }) => state !== 'ERROR');
    if (stamp !== undefined && raised.some((alert) => stampOfAlert(alert) === stamp)) return 'proven';
    any ||= raised.length > 0;
  }
  return any ? 'outdated' : 'none';
}

function stampOfAlert({ agg_alert_content: content }: JsonRecord): unknown {
  const bucket = isRecord(content) && isRecord(content.bucket) ? content.bucket : {};
  const metric = bucket[STAMP];
  return isRecord(metric) ? metric.value : undefined;
}

/** Whether somebody looked at an alert; that it is over (COMPLETED) says only that no event came after it. */
export function isAcknowledged({ acknowledged_time: time }: JsonRecord): boolean {
  return typeof time === 'number';
}

/** How many alerts of a monitor are open, as `alerts` shows them: those at which nobody looked, over or not. */
export async function openAlerts(cluster: Cluster, id: string): Promise<number> {
  const held = await heldAlerts(cluster, id);
  return held.filter((alert) => ['ACTIVE', 'COMPLETED'].includes(String(alert.state)) && !isAcknowledged(alert)).length;
}

/** What the key of an alert's group says. */
interface AlertKey {
  /** UTC, `2026-01-31`. */
  readonly day: string;
  /** One for each group field of the rule, in its order. */
  readonly texts: readonly KeyText[];
  readonly bucket: JsonRecord;
}

/** Values that were too long for a key, by their digest. */
export type LongTexts = ReadonlyMap<string, string>;

/**
 * The group that an alert is about.
 * @param alert as the plugin gives it, or a bucket of a run
 * @returns undefined for an alert without a bucket of ours: a run that failed, or groups that somebody replaced by others
 */
export function keyOfAlert(rule: Rule, alert: JsonRecord): AlertKey | undefined {
  const bucket = isRecord(alert.agg_alert_content) ? alert.agg_alert_content.bucket : undefined;
  if (!isRecord(bucket) || !isRecord(bucket.key)) return undefined;
  const key = bucket.key;
  const day = dayOf(key[DAY_KEY]);
  if (day === undefined) return undefined;
  const plain = !(STAMP in bucket);
  const texts = rule.groupBy.map((field) => {
    const text = key[keyName(field)];
    return typeof text === 'string' ? readKey(text, { plain }) : null;
  });
  return { day, texts, bucket };
}

/**
 * What an alert of a monitor itself tells of its group: count and times of the look-back in which it was last seen, and of
 * the event only the group's fields.
 * @param alert as the plugin gives it
 * @param long values that its key holds only the beginning of; one that is missing is shown cut, and its group has another id
 * @returns undefined for an alert that is not about a group of ours, see {@link keyOfAlert}
 */
export function summaryOfAlert(rule: Rule, alert: JsonRecord, long: LongTexts): GroupSummary | undefined {
  const { day, texts, bucket } = keyOfAlert(rule, alert) ?? {};
  if (day === undefined || texts === undefined || bucket === undefined) return undefined;
  const values = texts.map((text) =>
    text === null || typeof text === 'string' ? text : (long.get(text.digest) ?? `${text.head}…`),
  );
  const started = Number(alert.start_time);
  return {
    group: { id: alertId(rule, day, values), day, values },
    count: Number(bucket.doc_count),
    first: metric(bucket, FIRST_TIME) ?? started,
    last: metric(bucket, LAST_TIME) ?? started,
    source: eventOf(rule, values, bucket),
    ancestors: [],
  };
}

/** The same group on the same day, seen in two look-backs. */
export function mergeSummaries(one: GroupSummary, other: GroupSummary): GroupSummary {
  return {
    ...one,
    count: Math.max(one.count, other.count),
    first: Math.min(one.first, other.first),
    last: Math.max(one.last, other.last),
  };
}

function metric(bucket: JsonRecord, name: string): number | undefined {
  const result = bucket[name];
  return isRecord(result) && typeof result.value === 'number' ? result.value : undefined;
}

/** An event as far as a group tells it; where only the fallback of a field was there, the value stands in that. */
function eventOf({ groupBy }: Rule, values: readonly (string | null)[], bucket: JsonRecord): JsonRecord {
  return Object.fromEntries(
    groupBy.map((field, index) => {
      const fallback = metric(bucket, namedMetric(field)) === 0 ? FALLBACKS[field] : undefined;
      return [fallback ?? field, values[index]];
    }),
  );
}
