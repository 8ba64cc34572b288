import { isRecord } from '../json';
import type { Body } from '../resources/kind';
import { ourMonitors } from '../resources/monitor-find';
import { ownerOf, ruleOf } from '../resources/monitor-names';
import { dayOf, keyText } from '../rules/bucket-scripts';
import { DAY_KEY, FIRST_TIME, keyName, LAST_TIME, namedMetric } from '../rules/bucket-search';
import { FALLBACKS } from '../rules/group';
import type { Rule } from '../rules/rule';
import { askAlerting } from '../target/alerting';
import type { Target } from '../target/target';
import { alertOf } from './alert';
import { alertId } from './group';
import { iso } from './window';

/** An alert document with its `_id`. */
type Alert = Readonly<Record<string, unknown>> & { readonly _id: string };

export interface MonitorAlerts {
  readonly alerts: readonly Alert[];
  /** What cannot be shown as an alert, a sentence each: runs that failed, alerts of a rule that nobody knows. */
  readonly notes: readonly string[];
}

const PAGE = 1_000;
/** From + size may not exceed what a search returns at most. */
const MOST = 10_000;

/**
 * The alerts that the monitors of a namespace hold, in every state, as documents of the same form as those of the local
 * scheduler (design, section 7), with the same `_id`s.
 *
 *   there                                | here
 *   -------------------------------------|---------------------------------------------------------------
 *   acknowledged at some time            | wmi_detections.status: acknowledged
 *   ACTIVE, COMPLETED, DELETED           | open: COMPLETED says that no event came after it, not that somebody looked
 *   several alerts of one group and day  | one: first and last time and the highest count of all
 *   the state itself                     | wmi_detections.state
 *
 * The count is that of the look-back in which a group was last seen, and the events themselves are not named.
 * @param known rules of the content, for a monitor that has lost its own
 */
export async function monitorAlerts(target: Target, namespace: string, known: readonly Rule[]): Promise<MonitorAlerts> {
  const merged = new Map<string, Alert>();
  const notes = new Set<string>();
  for (const { id, monitor } of await ourMonitors(target)) {
    const owner = ownerOf(monitor);
    if (owner?.namespace !== namespace) continue;
    const rule = ruleOf(monitor) ?? known.find(({ uuid }) => uuid === owner.id);
    const stored = await readAlerts(target, id);
    if (stored.length >= MOST) notes.add(`${String(monitor.name)}: only the newest ${MOST} alerts can be read`);
    for (const each of stored) {
      const bucket = bucketOf(each);
      if (bucket === undefined)
        notes.add(`${String(monitor.name)}: ${String(each.state)}: ${String(each.error_message)}`);
      else if (rule === undefined)
        notes.add(`${String(monitor.name)}: its rule is not known; deploy it again to see its alerts`);
      else {
        const alert = documentOf(rule, each, bucket);
        merged.set(alert._id, merge(merged.get(alert._id), alert));
      }
    }
  }
  return { alerts: [...merged.values()], notes: [...notes] };
}

/** The newest first. */
async function readAlerts(target: Target, monitorId: string): Promise<Body[]> {
  const found: Body[] = [];
  for (let startIndex = 0; startIndex < MOST; startIndex += PAGE) {
    const query = { monitorId, alertState: 'ALL', size: PAGE, startIndex, sortString: 'start_time', sortOrder: 'desc' };
    const { body } = await askAlerting<{ alerts?: readonly Body[] }>(target, {
      method: 'GET',
      path: '/alerts',
      query,
      allow: [404],
    });
    const page = body.alerts ?? [];
    found.push(...page);
    if (page.length < PAGE) break;
  }
  return found;
}

function bucketOf({ agg_alert_content: content }: Body): Body | undefined {
  const bucket = isRecord(content) ? content.bucket : undefined;
  return isRecord(bucket) && isRecord(bucket.key) ? bucket : undefined;
}

function documentOf(rule: Rule, alert: Body, bucket: Body): Alert {
  const started = Number(alert.start_time);
  const key = bucket.key as Body;
  const values = rule.groupBy.map((field) => textOf(key[keyName(field)]));
  const day = dayOf(textOf(key[DAY_KEY]) ?? '');
  const group = { id: alertId(rule, day, values), day, values };
  const facts = {
    group,
    count: Number(bucket.doc_count),
    first: metric(bucket, FIRST_TIME) ?? started,
    last: metric(bucket, LAST_TIME) ?? started,
    source: sourceOf(rule, values, bucket),
    ancestors: [],
  };
  const { document } = alertOf(rule, facts, started);
  const ours = isRecord(document.wmi_detections) ? document.wmi_detections : {};
  const status = alert.acknowledged_time === null || alert.acknowledged_time === undefined ? 'open' : 'acknowledged';
  return {
    _id: group.id,
    ...document,
    wmi_detections: { ...ours, status, state: alert.state, scheduler: 'opensearch-alerting' },
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

/** Two alerts of one group and day. @param newer the one that was read before */
function merge(newer: Alert | undefined, older: Alert): Alert {
  if (newer === undefined) return older;
  const [events, counts] = [
    [newer, older].map(({ event }) => event as { start: string; end: string }),
    [newer, older].map(({ wmi_detections: ours }) => (ours as { count: number }).count),
  ];
  const times = {
    start: iso(Math.min(...events.map(({ start }) => Date.parse(start)))),
    end: iso(Math.max(...events.map(({ end }) => Date.parse(end)))),
  };
  return {
    ...newer,
    '@timestamp': older['@timestamp'],
    event: { ...(newer.event as object), ...times },
    wmi_detections: { ...(newer.wmi_detections as object), count: Math.max(...counts) },
  };
}
