import { ProblemError } from '../errors';
import type { Plan } from './plan';
import { planToLeave, type Elsewhere } from './other-schedulers';
import { kibanaRuleId } from '../schedulers/kibana/ownership-marks';
import type { Content, Scheduler, Scope } from '../resources/kind';
import type { Rule } from '../detections/rule';
import { clusterTimeOrOurs } from '../cluster/clock';
import { checkCatchUp, catchUp } from '../schedulers/catch-up';
import { processedUntilByAll, ruleStates } from '../schedulers/rule-states';
import type { RuleState } from '../status/status';
import { parseDuration } from '../text/duration';

/** What it takes to take the rules from one scheduler. */
interface Leaving {
  readonly from: Scope;
  /** Up to when they have looked at what came in, milliseconds since 1970; undefined where they never ran. */
  readonly since: number | undefined;
}

/** A move that can be done. */
export interface Move {
  readonly content: Content;
  readonly leaving: readonly Leaving[];
  /** What needs a yes, a sentence each. */
  readonly reasons: readonly string[];
}

/**
 * Looks what it takes to move the rules of a namespace to the scheduler of the scope. Nothing is changed.
 * @param others the schedulers that they are on
 * @param options.prune whether rules there that are no longer in the content may go
 * @throws ProblemError UNSAFE when there are such rules and they may not, REFUSED when the new scheduler cannot look back that far
 */
export async function prepareMove(
  scope: Scope,
  content: Content,
  others: readonly Elsewhere[],
  options: { prune: boolean },
): Promise<Move> {
  const leaving: Leaving[] = [];
  const reasons: string[] = [];
  for (const { scheduler } of others) {
    const from: Scope = { ...scope, scheduler };
    const now = await clusterTimeOrOurs(scope.cluster, scope.namespace);
    const states = await ruleStates(from, now);
    if (!options.prune) refuseLeftovers(from, content, states);
    const since = processedUntilByAll(states) ?? untold(scheduler, content, now);
    if (since !== undefined) checkCatchUp(scope, content, since, now);
    leaving.push({ from, since });
    reasons.push(...states.flatMap((state) => reasonsOf(scope, content, state)));
  }
  return { content, leaving, reasons };
}

/**
 * The rules are on the new scheduler. It looks at what came in since the old one did; then they leave the old one. For a moment
 * both run them: better an event seen twice than one never seen.
 * @param apply does a plan
 * @returns what ended it before it was through: rules are on both schedulers then, and a second run mends it
 */
export async function finishMove(
  scope: Scope,
  { content, leaving }: Move,
  apply: (scope: Scope, plan: Plan) => Promise<void>,
): Promise<ProblemError | undefined> {
  for (const { from, since } of leaving) {
    try {
      const now = await clusterTimeOrOurs(scope.cluster, scope.namespace);
      if (since !== undefined) await catchUp(scope, content, since, now);
      await apply(from, await planToLeave(from));
    } catch (error) {
      if (error instanceof ProblemError) return error;
      throw error;
    }
  }
  return undefined;
}

function refuseLeftovers(from: Scope, content: Content, states: readonly RuleState[]): void {
  const gone = states.filter((state) => ruleOf(from, content, state) === undefined);
  if (gone.length === 0) return;
  throw new ProblemError(
    'UNSAFE',
    gone.map(({ name, uuid, scheduler, space }) => ({
      message: `“${name}” (${uuid}) on the scheduler ${scheduler}${space === null ? '' : `, space ${space},`} is no longer in the content. Nothing was changed.`,
      hint: 'A move would leave it alone there. Give --prune to delete it.',
    })),
  );
}

/** The rule of the content that runs there; Kibana has ids of its own. */
function ruleOf({ namespace }: Scope, { rules }: Content, { uuid, scheduler }: RuleState): Rule | undefined {
  return rules.find((rule) => uuid === (scheduler === 'kibana' ? kibanaRuleId(rule.uuid, namespace) : rule.uuid));
}

function reasonsOf(to: Scope, content: Content, state: RuleState): string[] {
  const { name, scheduler, enabled, execution } = state;
  if (!enabled) {
    const rule = ruleOf(to, content, state);
    const stays = rule === undefined || (to.scheduler === 'kibana' && rule.kibana.enabled === false);
    return stays ? [] : [`“${name}” is disabled on ${scheduler}, and will be enabled.`];
  }
  if (execution === null || !/fail/.test(execution.result)) return [];
  return [`The last run of “${name}” on ${scheduler} failed: what came in before it may never have been looked at.`];
}

/** A monitor does not say when it last ran: what came in within the look-back, by which its runs overlap, is looked at again. */
function untold(scheduler: Scheduler, { rules }: Content, now: number): number | undefined {
  if (scheduler !== 'opensearch-alerting') return undefined;
  return now - Math.max(...rules.map(({ schedule }) => parseDuration(schedule.lookback) ?? 0));
}
