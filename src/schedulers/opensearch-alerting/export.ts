import type { Content } from '../../resources/kind';
import { monitorBody } from './monitor-body';
import { activeExceptions } from '../../sigma/exceptions';
import { defaultIndices } from '../../detections/indices';
import type { Rule } from '../../detections/rule';

/**
 * The rules as OpenSearch Alerting takes them, one bucket-level monitor each, the exceptions that are switched on a part of
 * their searches. A monitor that is made from one is found by a later deploy, by its name and its trigger, and is ours.
 * @param options.now milliseconds since 1970: what has expired by then silences no more
 * @throws ProblemError RULE_INVALID when the text of a rule would be taken for a template
 */
export function exportMonitors(
  { exceptions = [] }: Content,
  rules: readonly Rule[],
  { namespace, indices, now }: { namespace: string; indices?: readonly string[] | undefined; now: number },
): object[] {
  return rules.map((rule) => ({
    ...monitorBody(rule, {
      namespace,
      indices: indices ?? defaultIndices(namespace),
      exceptions: activeExceptions(exceptions, rule.slug, now),
    }),
    enabled: true,
  }));
}
