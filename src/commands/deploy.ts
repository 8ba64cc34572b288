import { ProblemError, type ExitStatus } from '../errors';
import type { Applied } from '../plan/apply';
import { afterwards, deploy, unfinishedMoveNotes, type Deployed } from '../plan/deploy';
import { blindSpotsOf } from '../plan/blind-spots';
import { checkReviewed, onlyOf } from '../plan/plan';
import { silencedRules, unprovenLines, unprovenRules, type Unproven } from '../plan/warnings';
import { blindSpotLines, blindSpotsJson } from '../report/blind-spot-text';
import { deployText, interruptedLine } from '../report/plan-text';
import { declare, settingsOf } from './command';
import { contentOf, noteWarnings, deploymentOf, SCHEDULER_OPTIONS } from './connections';
import { ONLY_OPTION, unprovenJson } from './plan';

/** 130 when it was interrupted, 0 when all is done, 2 when something failed, 1 when something foreign stands in the way. */
export function exitOf({ changes, interrupted }: Applied): ExitStatus {
  if (interrupted === true) return 130;
  if (changes.some(({ status }) => status === 'failed')) return 2;
  return changes.some(({ status }) => status === 'skipped') ? 1 : 0;
}

/** The result as scripts read it: the plan, each change with its status. */
export function deployedJson({ plan, applied }: Deployed): object {
  return { changes: applied.changes, counts: plan.counts, digest: plan.digest };
}

function refuseMoveOfSome(): never {
  throw new ProblemError('USAGE', [
    {
      message: '--move takes all rules to the new scheduler, so it cannot go with --only',
      hint: 'Leave one of them out.',
    },
  ]);
}

export const deployCommand = declare({
  interrupted: 'nothing was changed',
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
    if (argv.move && (argv.only ?? []).length > 0) refuseMoveOfSome();
    const settings = settingsOf(context, argv);
    const deployment = await deploymentOf(settings, context, 'deploy');
    const content = contentOf(settings, context);
    noteWarnings(content, context);
    const plan = onlyOf(await deployment.plan(content, { prune: argv.prune }), argv.only ?? []);
    checkReviewed(plan, argv.checksum);
    for (const note of deployment.scheduler.notes({ command: 'plan', ...plan })) context.note(note);
    const reasons = await silencedRules(deployment, content, plan);
    const spots = await blindSpotsOf(deployment, content);
    const move = argv.move ? { content, prune: argv.prune } : undefined;
    const deployed = await deploy(deployment, plan, context, { yes: argv.yes, reasons, move });
    const { applied } = deployed;
    const read = async (): Promise<Unproven[]> => (applied.interrupted === true ? [] : unprovenRules(deployment));
    const unproven = (await afterwards(context, 'Which rules are unproven could not be read', read)) ?? [];
    for (const note of unfinishedMoveNotes(deployed)) context.note(note);
    const text = deployText(applied.changes, plan.counts, plan.leftovers.length);
    return {
      json: { ...deployedJson(deployed), ...unprovenJson(unproven), ...blindSpotsJson(spots) },
      text: [text, ...unprovenLines(unproven), ...interruptedLine(applied), ...blindSpotLines(spots)].join('\n'),
      exit: context.signal.aborted ? 130 : (deployed.unfinishedMove?.because?.exitStatus ?? exitOf(applied)),
    };
  },
});
