import { isRecord } from '../../json';
import { kibanaRules } from './rule-kind';
import { allSpaces, type KibanaSpaces } from './spaces';
import type { Body, Scope } from '../../resources/kind';
import { cadenceOf, type Execution, type RuleState } from '../rule-state';

/**
 * How our rules in Kibana are doing, space by space.
 * @param now milliseconds since 1970
 */
export async function kibanaRuleStates(scope: Scope, kibana: KibanaSpaces, now: number): Promise<RuleState[]> {
  const states: RuleState[] = [];
  for (const space of allSpaces(kibana)) {
    const live = await kibanaRules(kibana.server, space).list(scope, []);
    states.push(...live.filter(({ ours }) => ours).map(({ body }) => stateOf(body, space, now)));
  }
  return states;
}

function stateOf(body: Body, space: string, now: number): RuleState {
  const enabled = body.enabled === true;
  return {
    uuid: String(body.rule_id),
    name: String(body.name),
    version: Number(body.version),
    scheduler: 'kibana',
    space,
    ...cadenceOf({ interval: String(body.interval), enabled, execution: executionOf(body) }, now),
  };
}

/** Kibana keeps the last run in `execution_summary`; a rule that never ran has none. */
function executionOf({ execution_summary: summary }: Body): Execution | null {
  const last = isRecord(summary) ? summary.last_execution : undefined;
  if (!isRecord(last) || typeof last.date !== 'string') return null;
  const metrics = isRecord(last.metrics) ? last.metrics : {};
  return {
    at: last.date,
    result: String(last.status),
    message: typeof last.message === 'string' ? last.message : '',
    gap: typeof metrics.execution_gap_duration_s === 'number' ? metrics.execution_gap_duration_s * 1_000 : 0,
  };
}
