import { toIso } from '../../text/time';
import { ProblemError } from '../../errors';
import { isRecord } from '../../json';
import type { Body, Content } from '../../resources/kind';
import { desiredWatch } from './watch-kind';
import { simulateWatch } from './execute-watch';
import { activeExceptions } from '../../sigma/exceptions';
import { toQueryDsl } from '../../sigma/compile/query-dsl';
import type { Rule } from '../../detections/rule';
import { clusterTime } from '../../cluster/clock';
import { eventsOfGroups } from '../group-events';
import { CLOCK_TOLERANCE, type Trial } from '../scheduler';
import { recordsOf } from '../../lists';

/**
 * Lets Watcher run the watch of a rule once over the events of a sandbox: the watch is not stored, and its actions are
 * simulated. The alerts are those that it would write.
 * @returns what the alert says of each event that would have one, by the event's id
 * @throws ProblemError REFUSED when the watch does not run, or did not see everything
 */
export async function tryWatch(
  { cluster, namespace, events: indices }: Trial,
  rule: Rule,
  content: Content,
): Promise<Map<string, string>> {
  const now = await clusterTime(cluster, namespace);
  const watch = desiredWatch(rule, { namespace, indices, now }, content).body;
  // A run leaves out what came in last, because it may not be seen yet: here everything is.
  const { result } = await simulateWatch(cluster, watch, {
    trigger_data: { scheduled_time: toIso(now + 2 * CLOCK_TOLERANCE) },
  });
  const alerts = alertsOf(isRecord(result) ? result : {});
  const gap = alerts.find(({ wmi_detections: ours }) => isRecord(ours) && ours.count === 0);
  if (gap !== undefined) throw new ProblemError('REFUSED', [{ message: String(gap.message) }]);
  const messages = new Map(alerts.map(({ _id: id, message }) => [String(id), String(message)]));
  const query = toQueryDsl(rule, activeExceptions(content.exceptions ?? [], rule.slug, now));
  return eventsOfGroups(cluster, { rule, query, indices }, messages);
}

/** The documents that the transform made; none where the condition was not met. */
function alertsOf({ transform }: Body): readonly Body[] {
  const payload = isRecord(transform) ? transform.payload : undefined;
  return isRecord(payload) ? recordsOf(payload._doc) : [];
}
