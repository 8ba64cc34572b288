import type { ExitStatus } from '../errors';
import { applyPlan, type Applied } from '../plan/apply';
import { refuseUnsafe, unsafeReason } from '../plan/guard';
import { checkReviewed, onlyOf } from '../plan/only';
import { makePlan, type Plan } from '../plan/plan';
import { refuseTwoSchedulers } from '../plan/schedulers';
import { silencedRules } from '../plan/silenced';
import { unprovenLines, unprovenRules } from '../plan/unproven';
import { deployText } from '../report/plan';
import type { Scope } from '../resources/kind';
import { declare, settingsOf, type Context } from './command';
import { contentOf, ONLY_OPTION, scopeOf, unprovenJson } from './plan';
import { SCHEDULER_OPTIONS } from './scheduler';

export interface Deployed {
  readonly plan: Plan;
  readonly applied: Applied;
}

/**
 * Applies a plan.
 * @param context told of each problem; asked before a plan that deletes much
 * @param options.reasons more that needs a yes, a sentence each
 * @throws ProblemError UNSAFE when the plan deletes much and nobody said yes, or when rules of ours run on another scheduler
 */
export async function deploy(
  scope: Scope,
  plan: Plan,
  context: Context,
  options: { yes: boolean; reasons?: readonly string[] },
): Promise<Deployed> {
  await refuseTwoSchedulers(scope);
  const reason = [unsafeReason(plan), ...(options.reasons ?? [])].filter((each) => each !== undefined).join(' ');
  if (reason !== '' && !options.yes && !(await context.confirm(`${reason} Go on?`))) refuseUnsafe(reason);
  const total = plan.steps.length;
  let ended = 0;
  const applied = await applyPlan(scope, plan, (change) => {
    ended += 1;
    context.progress(`${ended}/${total} ${change.kind}/${change.id}`);
  });
  return { plan, applied };
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
    yes: { type: 'boolean', default: false, describe: 'go on without asking when much is deleted or silenced' },
  },
  run: async (context, argv) => {
    const settings = settingsOf(context, argv);
    const scope = await scopeOf(settings);
    const content = contentOf(settings, context);
    const plan = onlyOf(await makePlan(scope, content, { prune: argv.prune }), argv.only ?? []);
    checkReviewed(plan, argv.checksum);
    const reasons = await silencedRules(scope, content, plan, Date.now());
    const deployed = await deploy(scope, plan, context, { yes: argv.yes, reasons });
    const unproven = await unprovenRules(scope);
    const text = deployText(deployed.applied.changes, plan.counts, plan.leftovers.length);
    return {
      json: { ...deployedJson(deployed), ...unprovenJson(unproven) },
      text: [text, ...unprovenLines(unproven)].join('\n'),
      exit: exitOf(deployed.applied),
    };
  },
});
