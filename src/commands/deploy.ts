import type { ExitStatus } from '../errors';
import { applyPlan, type Applied } from '../plan/apply';
import { refuseUnsafe, unsafeReasons } from '../plan/guard';
import { checkReviewed, onlyOf } from '../plan/only';
import { makePlan, planFrom, type Plan } from '../plan/plan';
import { planToLeave, refuseTwoSchedulers, schedulersBeside, type Elsewhere } from '../plan/schedulers';
import { silencedRules } from '../plan/silenced';
import { unprovenLines, unprovenRules } from '../plan/unproven';
import { deployText } from '../report/plan';
import type { Content, Scheduler, Scope } from '../resources/kind';
import { handOver } from '../schedule/hand-over';
import { lookedUpTo, ruleStates } from '../status/rule-states';
import { parseDuration } from '../text/duration';
import { declare, settingsOf, type Context } from './command';
import { contentOf, ONLY_OPTION, scopeOf, unprovenJson } from './plan';
import { SCHEDULER_OPTIONS } from './scheduler';

export interface Deployed {
  readonly plan: Plan;
  readonly applied: Applied;
}

export interface DeployOptions {
  readonly yes: boolean;
  /** More that needs a yes, a sentence each. */
  readonly reasons?: readonly string[];
  /** Takes the rules from the scheduler that they are on, where that is another. The content is that of the plan. */
  readonly move?: Content | undefined;
}

/**
 * Applies a plan.
 * @param context told of each problem; asked before a plan that deletes much, or a rule with open alerts
 * @throws ProblemError UNSAFE when nobody said yes to that, or when rules of ours run on another scheduler and are not to move
 */
export async function deploy(scope: Scope, plan: Plan, context: Context, options: DeployOptions): Promise<Deployed> {
  const others = await schedulersBeside(scope);
  if (options.move === undefined) refuseTwoSchedulers(scope, others);
  if (!options.yes) {
    const reason = [...(await unsafeReasons(scope, plan)), ...(options.reasons ?? [])].join(' ');
    if (reason !== '' && !(await context.confirm(`${reason} Go on?`))) refuseUnsafe(reason);
  }
  const applied = await apply(scope, plan, context);
  const all = applied.changes.every(({ status }) => status === 'done');
  if (options.move === undefined || others.length === 0 || !all) return { plan, applied };
  return moved(scope, { plan, applied }, options.move, others, context);
}

/**
 * The rules are on the new scheduler. It looks at what came in since the old one did; then they leave the old one, whose open
 * alerts stay where they are. For a moment both run them: better an event seen twice than one never seen.
 */
async function moved(
  scope: Scope,
  deployed: Deployed,
  content: Content,
  others: readonly Elsewhere[],
  context: Context,
): Promise<Deployed> {
  const now = Date.now();
  let { plan, applied } = deployed;
  for (const { scheduler } of others) {
    const from: Scope = { ...scope, scheduler };
    const since = lookedUpTo(await ruleStates(from, now)) ?? untold(scheduler, content, now);
    if (since !== undefined) await handOver(scope, content, since, now);
    const leaving = await planToLeave(from);
    const left = await apply(from, leaving, context);
    plan = planFrom([...plan.steps, ...leaving.steps], plan.counts.unchanged, plan.leftovers);
    applied = { changes: [...applied.changes, ...left.changes], problems: [...applied.problems, ...left.problems] };
  }
  return { plan, applied };
}

/** A monitor does not say when it last ran: what came in within the look-back, by which its runs overlap, is looked at again. */
function untold(scheduler: Scheduler, { rules }: Content, now: number): number | undefined {
  if (scheduler !== 'opensearch-alerting') return undefined;
  return now - Math.max(...rules.map(({ schedule }) => parseDuration(schedule.lookback) ?? 0));
}

async function apply(scope: Scope, plan: Plan, context: Context): Promise<Applied> {
  const total = plan.steps.length;
  let ended = 0;
  return applyPlan(scope, plan, (change) => {
    ended += 1;
    context.progress(`${ended}/${total} ${change.kind}/${change.id}`);
  });
}

/** 0 when all is done, 2 when something failed, 1 when something foreign stands in the way. */
export function exitOf({ changes }: Applied): ExitStatus {
  if (changes.some(({ status }) => status === 'failed')) return 2;
  return changes.some(({ status }) => status === 'skipped') ? 1 : 0;
}

/** The result as scripts read it: the plan, each change with its status. */
export function deployedJson({ plan, applied }: Deployed): object {
  return { changes: applied.changes, counts: plan.counts, digest: plan.digest };
}

export const deployCommand = declare({
  name: 'deploy',
  describe: 'install pipelines, templates and rules, or bring them up to date',
  positionals: {},
  options: {
    ...SCHEDULER_OPTIONS,
    ...ONLY_OPTION,
    checksum: { type: 'string', describe: 'apply only the plan that was reviewed: its digest, or its first 12 digits' },
    prune: { type: 'boolean', default: false, describe: 'delete what is ours and no longer in the content' },
    move: {
      type: 'boolean',
      default: false,
      describe: 'take the rules from the scheduler that they are on; the new one covers from its last run',
    },
    yes: { type: 'boolean', default: false, describe: 'go on without asking when much is deleted or silenced' },
  },
  run: async (context, argv) => {
    const settings = settingsOf(context, argv);
    const scope = await scopeOf(settings);
    const content = contentOf(settings, context);
    const plan = onlyOf(await makePlan(scope, content, { prune: argv.prune }), argv.only ?? []);
    checkReviewed(plan, argv.checksum);
    const reasons = await silencedRules(scope, content, plan, Date.now());
    const move = argv.move ? content : undefined;
    const deployed = await deploy(scope, plan, context, { yes: argv.yes, reasons, move });
    const unproven = await unprovenRules(scope);
    const text = deployText(deployed.applied.changes, plan.counts, plan.leftovers.length);
    return {
      json: { ...deployedJson(deployed), ...unprovenJson(unproven) },
      text: [text, ...unprovenLines(unproven)].join('\n'),
      exit: exitOf(deployed.applied),
    };
  },
});
