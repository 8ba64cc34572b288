import type { ExitStatus } from '../errors';
import { readAllContent } from '../plan/content';
import { makePlan, type Plan } from '../plan/plan';
import { PROGRAM_FOLDER } from '../program';
import { planText } from '../report/plan';
import type { Scope } from '../resources/kind';
import type { Settings } from '../settings';
import { declare, settingsOf, targetOf } from './command';
import { refuseOtherSchedulers } from './scheduler';

/**
 * What a deploy of the content that the settings name would do. Nothing is changed.
 * @throws ProblemError when the content is not valid or the cluster cannot be read
 */
export function planOf(settings: Settings, scope: Scope, options: { prune: boolean }): Promise<Plan> {
  return makePlan(scope, readAllContent(settings.content ?? PROGRAM_FOLDER), options);
}

/** The plan as scripts read it (design, section 8). */
export function planJson({ steps, counts, digest }: Plan): unknown {
  return { changes: steps.map(({ change }) => change), counts, digest };
}

/** The cluster and namespace that the settings name. */
export async function scopeOf(settings: Settings): Promise<Scope> {
  refuseOtherSchedulers(settings);
  return { target: await targetOf(settings), namespace: settings.namespace, indices: settings.indices };
}

export const planCommand = declare({
  name: 'plan',
  describe: 'show what deploy would do',
  positionals: {},
  options: {
    scheduler: { type: 'string', describe: 'where the rules run: local, or what the cluster has' },
    prune: {
      type: 'boolean',
      default: false,
      describe: 'plan the deletion of what is ours and no longer in the content',
    },
    'exit-code': { type: 'boolean', default: false, describe: 'exit with 1 when there is something to change' },
  },
  run: async (context, argv) => {
    const settings = settingsOf(context, argv);
    const plan = await planOf(settings, await scopeOf(settings), { prune: argv.prune });
    const changes = plan.steps.map(({ change }) => change);
    const exit: ExitStatus = argv['exit-code'] && changes.length > 0 ? 1 : 0;
    return { json: planJson(plan), text: planText(changes, plan.counts, plan.leftovers.length), exit };
  },
});
