import { isRecord, type JsonRecord } from '../../json';
import { STAMP, DAY_KEY, FIRST_TIME, keyName, LAST_TIME, namedMetric } from './bucket-search';
import { askAlerting } from './plugin';
import type { Cluster } from '../../cluster/cluster';
import { stampOf } from './monitor-body';
import type { Found } from './find-monitors';
import { dayOf, keyText } from './bucket-scripts';
import { FALLBACKS, alertId } from '../../detections/group';
import type { Rule } from '../../detections/rule';
import type { GroupSummary } from '../group-summary';

const PAGE = 1_000;

/** So many alerts of one monitor can be read: from + size may not exceed what a search returns at most. */
export const MOST_HELD = 10_000;

/** The alerts that the plugin holds of a monitor, in every state, from its history as well; the newest first. */
export async function heldAlerts(cluster: Cluster, monitorId: string): Promise<JsonRecord[]> {
  const found: JsonRecord[] = [];
  for await (const page of pagesOf(cluster, monitorId)) found.push(...page);
  return found;
}

async function* pagesOf(cluster: Cluster, monitorId: string): AsyncGenerator<readonly JsonRecord[], void, undefined> {
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

/**
 * What an alert of a monitor itself tells of its group: count and times of the look-back in which it was last seen, and of
 * the event only the group's fields.
 * @param alert as the plugin gives it
 * @returns undefined for an alert without a bucket of ours: a run that failed, or groups that somebody made other ones
 */
export function summaryOfAlert(rule: Rule, alert: JsonRecord): GroupSummary | undefined {
  const bucket = isRecord(alert.agg_alert_content) ? alert.agg_alert_content.bucket : undefined;
  if (!isRecord(bucket) || !isRecord(bucket.key)) return undefined;
  const key = bucket.key;
  const day = dayOf(key[DAY_KEY]);
  if (day === undefined) return undefined;
  const values = rule.groupBy.map((field) => textOf(key[keyName(field)]));
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

function textOf(key: unknown): string | null {
  return typeof key === 'string' ? keyText(key) : null;
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
