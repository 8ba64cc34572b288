import { isRecord } from '../../json';
import type { Content } from '../../resources/kind';
import { desiredMonitor } from './monitor-kind';
import { soughtBy } from './monitor-body';
import { dryRun } from './execute-monitor';
import type { Rule } from '../../detections/rule';
import { alertOf } from '../local/alert';
import { clusterTime } from '../../cluster/clock';
import { eventsOfGroups } from '../group-events';
import { factsOfAlert } from './monitor-summary';
import { AHEAD, type ProvingGround } from '../../testing/sandbox';

/**
 * Lets OpenSearch Alerting run the monitor of a rule once over the events of a proving ground, dry: neither the monitor nor
 * an alert is stored. Its trigger gives the groups, in the form in which alerts hold them.
 * @returns what the alert says of each event that would have one, by the event's id
 * @throws ProblemError REFUSED when the monitor does not run
 */
export async function foundByMonitor(
  { target, namespace, events: indices }: ProvingGround,
  rule: Rule,
  content: Content,
): Promise<Map<string, string>> {
  // The rule beside the monitor is dropped by the plugin, as is all that it does not know.
  const { body: monitor } = desiredMonitor({ target, namespace, indices }, content, rule);
  const now = await clusterTime(target, namespace);
  const { trigger_results: triggers } = await dryRun(target, monitor, now + AHEAD);
  const result = isRecord(triggers) ? triggers[rule.uuid] : undefined;
  const buckets = isRecord(result) && isRecord(result.agg_result_buckets) ? result.agg_result_buckets : {};
  const found = Object.values(buckets).flatMap((bucket) => {
    const facts = isRecord(bucket) ? factsOfAlert(rule, bucket) : undefined;
    return facts === undefined ? [] : alertOf(rule, facts, now);
  });
  const messages = new Map(found.map(({ id, document }) => [id, String(document.message)]));
  return eventsOfGroups(target, { rule, query: soughtBy(monitor) ?? {}, indices }, messages);
}
