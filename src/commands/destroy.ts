import { requireForDestroy } from '../doctor/permissions';
import { askedOf } from '../doctor/roles';
import { destroy } from '../plan/destroy';
import { deployText, interruptedLine } from '../report/plan-text';
import { declare, settingsOf } from './command';
import { exitOf } from './deploy';
import { deploymentOf, SCHEDULER_OPTIONS } from './connections';

export const destroyCommand = declare({
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
    const settings = settingsOf(context, argv);
    const deployment = await deploymentOf(settings, context);
    await requireForDestroy(deployment.cluster, askedOf(settings), { withData: argv['with-data'] });
    for (const note of deployment.scheduler.notes({ command: 'destroy' })) context.note(note);
    const { plan, applied, kept } = await destroy(deployment, context, { withData: argv['with-data'], yes: argv.yes });
    const keptLines = kept.map(({ kind, id, reason }) => `  = ${kind}/${id}  kept: ${reason}`);
    const hint =
      kept.length === 0 || argv['with-data']
        ? []
        : ['--with-data deletes the data of this namespace, and then what only it needs.'];
    return {
      json: { changes: applied.changes, counts: plan.counts, digest: plan.digest, kept },
      text: [
        ...keptLines,
        deployText(applied.changes, plan.counts, 0, 'Destroy'),
        ...hint,
        ...interruptedLine(applied),
      ].join('\n'),
      exit: exitOf(applied),
    };
  },
});
