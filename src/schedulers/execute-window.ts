import { alertIndex } from '../detections/indices';
import type { ExecutableRule } from './deployed-rule';
import { unstoppable, type Cluster } from '../cluster/cluster';
import { alertOf } from './alert-of-group';
import { writeAlerts, countNew } from './alert-writes';
import { readGroupSummaries, sourceFields } from './group-summary';
import { groupOf, TIME_FIELDS, type Group } from '../detections/group';
import { readMatches } from '../cluster/search-all';
import { toIso } from '../text/time';
import type { Window } from '../detections/windows';
import { pendingFor } from '../notify/notified';
import type { Webhook } from '../settings';

/** What one rule did in one window; the shape that `run --output json` prints. */
export interface RuleRun {
  readonly uuid: string;
  readonly name: string;
  /** Events of the window that matched. */
  readonly events: number;
  /** Groups that they make, each one alert. */
  readonly alerts: number;
  /** Those that had no alert before. */
  readonly new: number;
  /** UTC; null: from the beginning. */
  readonly from: string | null;
  /** UTC, exclusive; null: no end. */
  readonly to: string | null;
  readonly timebase: Window['timebase'];
}

export interface RunScope {
  readonly namespace: string;
  /** The cluster's time, milliseconds since 1970, for the alerts' @timestamp. */
  readonly now: number;
  /** Counts what would be written, and writes nothing. */
  readonly dryRun?: boolean | undefined;
  /** What new alerts are to be sent to; they record it from the start, so that nobody has to remember it. */
  readonly webhooks?: readonly Webhook[] | undefined;
}

/**
 * Runs one rule over one window: reads the matching events, groups them, looks at all events of each group that was touched
 * and writes its alert.
 * @throws ProblemError when anything could not be read or written as a whole; nothing is lost by running again
 */
export async function executeWindow(
  cluster: Cluster,
  stored: ExecutableRule,
  window: Window,
  { namespace, now, dryRun = false, webhooks = [] }: RunScope,
): Promise<RuleRun> {
  const write = dryRun ? countNew : writeAlerts;
  const steady = unstoppable(cluster);
  const { events, days } = await touchedGroups(cluster, stored, window);
  let alerts = 0;
  let created = 0;
  // Day by day, so that a first run over years of events holds the facts of one day at a time.
  for (const groups of days.values()) {
    // From the first alert on the window is finished: whoever ends the run finds all of it done, or nothing.
    const summary = await readGroupSummaries(alerts > 0 ? steady : cluster, stored, groups);
    alerts += summary.length;
    created += await write(steady, alertIndex(namespace), alertsOf(stored, summary, now, webhooks));
  }
  return {
    uuid: stored.rule.uuid,
    name: stored.rule.name,
    events,
    alerts,
    new: created,
    from: window.from === null ? null : toIso(window.from),
    to: window.to === null ? null : toIso(window.to),
    timebase: window.timebase,
  };
}

/** The groups of a window by day and id. */
async function touchedGroups(
  cluster: Cluster,
  stored: ExecutableRule,
  window: Window,
): Promise<{ events: number; days: Map<string, Map<string, Group>> }> {
  const days = new Map<string, Map<string, Group>>();
  let events = 0;
  const query = { bool: { filter: [stored.query, window.query] } };
  const search = { indices: stored.indices, query, source: sourceFields(stored), dates: TIME_FIELDS };
  for await (const hits of readMatches(cluster, search)) {
    events += hits.length;
    for (const hit of hits) {
      const group = groupOf(stored.rule, hit);
      const groups = days.get(group.day) ?? new Map<string, Group>();
      days.set(group.day, groups.set(group.id, group));
    }
  }
  return { events, days };
}

function* alertsOf(
  stored: ExecutableRule,
  summary: Awaited<ReturnType<typeof readGroupSummaries>>,
  now: number,
  webhooks: readonly Webhook[],
) {
  const notified = pendingFor(stored.rule, webhooks);
  for (const each of summary) yield alertOf(stored.rule, each, now, notified);
}
