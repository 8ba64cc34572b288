import type { ScheduledScope } from '../schedulers/scheduler';
import type { Rule } from '../detections/rule';
import { allAlerts } from './all-alerts';
import { ancestorsOf, storedIds, type Alert } from '../schedulers/alert-index-search';

/** Whether an event has its alert: by its group, or by itself. */
export interface Covered {
  /** `_id`s of the alerts of groups. */
  readonly groups: ReadonlySet<string>;
  /** `<index>/<id>` of events that alerts name. */
  readonly events: ReadonlySet<string>;
}

interface Period {
  readonly from: number;
  readonly to: number;
}

/**
 * The alerts that there are for some groups.
 *
 *   scheduler           | an event has its alert when
 *   --------------------|-----------------------------------------------------------------
 *   local, watcher      | the alert index has one of its group
 *   opensearch-alerting | the plugin holds one of its group, or the alert index has one
 *   kibana              | an alert names it among its ancestors
 * @param groups the `_id`s that the alerts of these groups have
 */
export async function findCovered(
  scope: ScheduledScope,
  rule: Rule,
  groups: readonly string[],
  { from, to }: Period,
): Promise<Covered> {
  const { cluster, namespace, scheduler } = scope;
  const stored = await storedIds(cluster, namespace, groups);
  if (!scheduler.keepsAlerts) return { groups: stored, events: new Set() };
  // An alert of a group lasts, so it may have begun before.
  const { kept } = await allAlerts(scope, [rule], { namespace, rule: rule.uuid, from, to });
  const own = kept.map(({ alert }) => alert);
  const events = own.flatMap(eventsOf);
  const named = own.map(({ _id }) => _id);
  return { groups: new Set([...stored, ...named]), events: new Set(events) };
}

function eventsOf(alert: Alert): string[] {
  return ancestorsOf(alert).map(({ index, id }) => `${index}/${id}`);
}
