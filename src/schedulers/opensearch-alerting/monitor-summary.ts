import { isRecord } from '../../json';
import type { Body } from '../../resources/kind';
import { dayOf, keyText } from './bucket-scripts';
import { DAY_KEY, FIRST_TIME, keyName, LAST_TIME, namedMetric } from './bucket-search';
import { FALLBACKS, alertId } from '../../detections/group';
import type { Rule } from '../../detections/rule';
import type { GroupSummary } from '../group-summary';

/**
 * What an alert of a monitor itself tells of its group: count and times of the look-back in which it was last seen, and of
 * the event only the group's fields.
 * @param alert as the plugin gives it
 * @returns undefined for an alert without a bucket of ours: a run that failed, or groups that somebody made other ones
 */
export function summaryOfAlert(rule: Rule, alert: Body): GroupSummary | undefined {
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
    source: sourceOf(rule, values, bucket),
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

function metric(bucket: Body, name: string): number | undefined {
  const result = bucket[name];
  return isRecord(result) && typeof result.value === 'number' ? result.value : undefined;
}

/** An event as far as a group tells it; where only the fallback of a field was there, the value stands in that. */
function sourceOf({ groupBy }: Rule, values: readonly (string | null)[], bucket: Body): Body {
  return Object.fromEntries(
    groupBy.map((field, index) => {
      const fallback = metric(bucket, namedMetric(field)) === 0 ? FALLBACKS[field] : undefined;
      return [fallback ?? field, values[index]];
    }),
  );
}
