import { isRecord } from '../../json';
import type { Content } from '../../resources/kind';
import { desiredMonitor } from './monitor-kind';
import { queryOfMonitor } from './monitor-body';
import { dryRun } from './execute-monitor';
import type { Rule } from '../../detections/rule';
import { alertOf } from '../alert-of-group';
import { clusterTime } from '../../cluster/clock';
import { eventsOfGroups } from '../group-events';
import { summaryOfAlert } from './monitor-summary';
import { CLOCK_TOLERANCE, type Trial } from '../scheduler';

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
  const found = Object.values(buckets).flatMap((bucket) => {
    const summary = isRecord(bucket) ? summaryOfAlert(rule, bucket) : undefined;
    return summary === undefined ? [] : alertOf(rule, summary, now);
  });
  const messages = new Map(found.map(({ id, document }) => [id, String(document.message)]));
  return eventsOfGroups(cluster, { rule, query: queryOfMonitor(monitor) ?? {}, indices }, messages);
}
