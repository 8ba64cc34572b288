import { ProblemError } from '../errors';
import { makePlan, type Plan } from '../plan/plan';
import { planToLeave, type Elsewhere } from '../plan/schedulers';
import { ruleKinds } from '../resources';
import type { Content, Scheduler, Scope } from '../resources/kind';
import { clusterTimeOrOurs } from '../schedule/clock';
import { checkHandOver, handOver } from '../schedule/hand-over';
import { lookedUpTo, ruleStates } from '../status/rule-states';
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
    if (!options.prune) await refuseLeftovers(from, content);
    const now = await clusterTimeOrOurs(scope.target, scope.namespace);
    const states = await ruleStates(from, now);
    const since = lookedUpTo(states) ?? untold(scheduler, content, now);
    if (since !== undefined) checkHandOver(scope, content, since, now);
    leaving.push({ from, since });
    reasons.push(...states.flatMap((state) => reasonsOf(state, scheduler)));
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
      const now = await clusterTimeOrOurs(scope.target, scope.namespace);
      if (since !== undefined) await handOver(scope, content, since, now);
      await apply(from, await planToLeave(from));
    } catch (error) {
      if (error instanceof ProblemError) return error;
      throw error;
    }
  }
  return undefined;
}

async function refuseLeftovers(from: Scope, content: Content): Promise<void> {
  const names: readonly string[] = ruleKinds(from).map(({ name }) => name);
  const { leftovers } = await makePlan(from, content, { prune: false });
  const rules = leftovers.filter(({ kind }) => names.includes(kind));
  if (rules.length === 0) return;
  throw new ProblemError(
    'UNSAFE',
    rules.map(({ kind, id }) => ({
      message: `${kind}/${id} on the scheduler ${String(from.scheduler)} is no longer in the content. Nothing was changed.`,
      hint: 'A move would leave it alone there. Give --prune to delete it.',
    })),
  );
}

function reasonsOf({ name, enabled, execution }: RuleState, scheduler: Scheduler): string[] {
  if (!enabled) return [`“${name}” is disabled on ${scheduler}, and will be enabled.`];
  if (execution === null || !/fail/.test(execution.result)) return [];
  return [`The last run of “${name}” on ${scheduler} failed: what came in before it may never have been looked at.`];
}

/** A monitor does not say when it last ran: what came in within the look-back, by which its runs overlap, is looked at again. */
function untold(scheduler: Scheduler, { rules }: Content, now: number): number | undefined {
  if (scheduler !== 'opensearch-alerting') return undefined;
  return now - Math.max(...rules.map(({ schedule }) => parseDuration(schedule.lookback) ?? 0));
}
