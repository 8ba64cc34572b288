import type { Scheduler, Scope } from '../resources/kind';
import { kibanaRuleStates } from './kibana/rule-states';
import { monitorRuleStates } from './opensearch-alerting/rule-states';
import { readState, ruleState } from './local/rule-states';
import type { RuleState } from '../status/status';
import { watchRuleStates } from './watcher/rule-states';

/** How the rules of a namespace are doing, by what runs them. Now is in milliseconds since 1970. */
const STATES: Readonly<Record<Scheduler, (scope: Scope, now: number) => Promise<RuleState[]>>> = {
  local: async ({ cluster, namespace }, now) =>
    (await readState(cluster, namespace)).map((rule) => ruleState(rule, now)),
  kibana: kibanaRuleStates,
  'opensearch-alerting': monitorRuleStates,
  watcher: watchRuleStates,
};

/** How the rules on the scheduler of a scope are doing. */
export function ruleStates(scope: Scope, now: number): Promise<RuleState[]> {
  return STATES[scope.scheduler ?? 'local'](scope, now);
}

/**
 * Up to when all of these rules have looked at what came in; those that are disabled do not count, and a run that failed
 * counts as one: nothing says how long it has been failing.
 * @returns milliseconds since 1970; undefined where none has run yet
 */
export function processedUntilByAll(rules: readonly RuleState[]): number | undefined {
  const times = rules
    .filter(({ enabled }) => enabled)
    .map(({ watermark, execution }) => Date.parse(watermark ?? execution?.at ?? ''));
  const known = times.filter((time) => !Number.isNaN(time));
  return known.length === 0 ? undefined : Math.min(...known);
}
