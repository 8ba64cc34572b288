import { applyPlan, type Applied } from '../plan/apply';
import { makeDestroyPlan, type Kept } from '../plan/destroy-plan';
import { openAlerts, refuseUnsafe } from '../plan/guard';
import type { Plan } from '../plan/plan';
import { deployText, interruptedLine } from '../report/plan';
import type { Scope } from '../resources/kind';
import { declare, settingsOf, type Context } from './command';
import { exitOf, remember } from './deploy';
import { scopeOf } from './plan';
import { SCHEDULER_OPTIONS } from './scheduler';

export interface Destroyed {
  readonly plan: Plan;
  readonly applied: Applied;
  readonly kept: readonly Kept[];
}

/**
 * Removes what is ours from a namespace. Events and alerts stay unless `withData`; so do the pipelines and templates that
 * they, or another namespace, need.
 * @throws ProblemError UNSAFE when nobody said yes
 */
export async function destroy(
  scope: Scope,
  context: Context,
  options: { withData: boolean; yes: boolean },
): Promise<Destroyed> {
  const { plan, kept } = await makeDestroyPlan(scope, options);
  if (plan.steps.length > 0 && !options.yes) {
    const data = options.withData ? ', its events and alerts included' : '';
    const things = `This deletes ${plan.steps.length} things of ours from namespace ${scope.namespace}${data}.`;
    const question = [things, ...(await openAlerts(scope, plan))].join(' ');
    if (!(await context.confirm(`${question} Go on?`))) refuseUnsafe(question);
  }
  const applied = await applyPlan(scope, plan, (change) => {
    context.progress(`${change.kind}/${change.id}`);
  });
  await remember(scope, applied, context);
  return { plan, applied, kept };
}

export const destroyCommand = declare({
  name: 'destroy',
  describe: 'remove what is ours; events and alerts stay unless --with-data',
  interrupted: 'nothing was changed',
  positionals: {},
  options: {
    ...SCHEDULER_OPTIONS,
    'with-data': {
      type: 'boolean',
      default: false,
      describe: 'delete the events, alerts and state of the namespace too',
    },
    yes: { type: 'boolean', default: false, describe: 'do it without asking' },
  },
  run: async (context, argv) => {
    const scope = await scopeOf(settingsOf(context, argv), context);
    for (const space of scope.scheduler === 'kibana' ? (scope.kibana?.otherSpaces ?? []) : []) {
      context.note(`Rules of ours are in space ${space} of Kibana, too; name it to destroy them.`);
    }
    const { plan, applied, kept } = await destroy(scope, context, { withData: argv['with-data'], yes: argv.yes });
    const keptLines = kept.map(({ kind, id, reason }) => `  = ${kind}/${id}  kept: ${reason}`);
    const hint =
      kept.length === 0 || argv['with-data']
        ? []
        : ['--with-data deletes the data of this namespace, and then what only it needs.'];
    return {
      json: { changes: applied.changes, counts: plan.counts, digest: plan.digest, kept },
      text: [...keptLines, deployText(applied.changes, plan.counts, 0), ...hint, ...interruptedLine(applied)].join(
        '\n',
      ),
      exit: exitOf(applied),
    };
  },
});
