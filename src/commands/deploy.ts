import type { ExitStatus } from '../errors';
import { applyPlan, type Applied } from '../plan/apply';
import { refuseUnsafe, unsafeReason } from '../plan/guard';
import type { Plan } from '../plan/plan';
import { deployText } from '../report/plan';
import type { Scope } from '../resources/kind';
import { declare, settingsOf, type Context } from './command';
import { planOf, scopeOf } from './plan';

export interface Deployed {
  readonly plan: Plan;
  readonly applied: Applied;
}

/**
 * Applies a plan.
 * @param context told of each problem; asked before a plan that deletes much
 * @throws ProblemError UNSAFE when the plan deletes much and nobody said yes
 */
export async function deploy(scope: Scope, plan: Plan, context: Context, options: { yes: boolean }): Promise<Deployed> {
  const reason = unsafeReason(plan);
  if (reason !== undefined && !options.yes && !(await context.confirm(`${reason} Go on?`))) refuseUnsafe(reason);
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
export function deployedJson({ plan, applied }: Deployed): unknown {
  return { changes: applied.changes, counts: plan.counts, digest: plan.digest };
}

export const deployCommand = declare({
  name: 'deploy',
  describe: 'install pipelines, templates and rules, or bring them up to date',
  positionals: {},
  options: {
    scheduler: { type: 'string', describe: 'where the rules run: local, or what the cluster has' },
    prune: { type: 'boolean', default: false, describe: 'delete what is ours and no longer in the content' },
    yes: { type: 'boolean', default: false, describe: 'go on without asking when much is deleted' },
  },
  run: async (context, argv) => {
    const settings = settingsOf(context, argv);
    const scope = await scopeOf(settings);
    const plan = await planOf(settings, scope, { prune: argv.prune });
    const deployed = await deploy(scope, plan, context, { yes: argv.yes });
    return {
      json: deployedJson(deployed),
      text: deployText(deployed.applied.changes, plan.counts, plan.leftovers.length),
      exit: exitOf(deployed.applied),
    };
  },
});
