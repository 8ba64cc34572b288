import { clusterTimeOrOurs } from '../cluster/clock';
import type { Rule } from '../detections/rule';
import { ProblemError } from '../errors';
import type { Content } from '../resources/kind';
import { hasFailed, type RuleState } from '../schedulers/deployed-rule';
import type { Deployment } from './deployment';
import type { Elsewhere } from './guard';
import type { Plan } from './plan';

/** What it takes to take the rules from one scheduler. */
interface Leaving {
  readonly from: Deployment;
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
  to: Deployment,
  content: Content,
  others: readonly Elsewhere[],
  options: { prune: boolean },
): Promise<Move> {
  const leaving: Leaving[] = [];
  const reasons: string[] = [];
  for (const { scheduler } of others) {
    const from = to.with({ scheduler });
    const now = await clusterTimeOrOurs(to.cluster, to.namespace);
    const states = await from.scheduler.ruleStates(from, now);
    if (!options.prune) refuseLeftovers(from, content, states);
    const since = from.scheduler.allProcessedUntil(states, content.rules, now);
    if (since !== undefined) to.scheduler.checkCatchUp(to, content, since, now);
    leaving.push({ from, since });
    reasons.push(...states.flatMap((state) => reasonsOf(to, content, state)));
  }
  return { content, leaving, reasons };
}

/**
 * The rules are on the new scheduler. It looks at what came in since the old one did; then they leave the old one. For a moment
 * both run them: better an event seen twice than one never seen.
 * @param apply does a plan
 * @returns what ended it before it was through: rules are on both schedulers then, and a second run completes it
 */
export async function finishMove(
  to: Deployment,
  { content, leaving }: Move,
  apply: (from: Deployment, plan: Plan) => Promise<void>,
): Promise<ProblemError | undefined> {
  for (const { from, since } of leaving) {
    try {
      const now = await clusterTimeOrOurs(to.cluster, to.namespace);
      if (since !== undefined) await to.scheduler.catchUp(to, content, since, now);
      await apply(from, await from.planToLeave());
    } catch (error) {
      if (error instanceof ProblemError) return error;
      throw error;
    }
  }
  return undefined;
}

function refuseLeftovers(from: Deployment, content: Content, states: readonly RuleState[]): void {
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

/** The rule of the content that runs there, on whichever scheduler that is. */
function ruleOf(
  { namespace, schedulers }: Deployment,
  { rules }: Content,
  { uuid, scheduler }: RuleState,
): Rule | undefined {
  return rules.find((rule) => uuid === schedulers[scheduler].ruleId(rule.uuid, namespace));
}

function reasonsOf(to: Deployment, content: Content, state: RuleState): string[] {
  const { name, scheduler, enabled, execution } = state;
  if (!enabled) {
    const rule = ruleOf(to, content, state);
    const stays = rule === undefined || to.scheduler.startsDisabled(rule);
    return stays ? [] : [`“${name}” is disabled on ${scheduler}, and will be enabled.`];
  }
  if (!hasFailed(execution)) return [];
  return [`The last run of “${name}” on ${scheduler} failed: what came in before it may never have been looked at.`];
}
