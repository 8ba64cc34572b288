import { ProblemError, type ExitStatus } from '../errors';
import { applyPlan, type Applied } from '../plan/apply';
import { refuseUnsafe, unsafeReasons } from '../plan/guard';
import { checkReviewed, onlyOf } from '../plan/only';
import { makePlan, planFrom, type Plan } from '../plan/plan';
import { rememberSpaces, unnamedNotes } from '../schedulers/kibana/spaces';
import { refuseTwoSchedulers, schedulersBeside } from '../plan/other-schedulers';
import { silencedRules } from '../plan/silenced';
import { unprovenLines, unprovenRules, type Unproven } from '../plan/unproven';
import { deployText, interruptedLine } from '../report/plan';
import type { Content, Scope } from '../resources/kind';
import { escapeForTerminal } from '../text/escape';
import { declare, settingsOf, type Context } from './command';
import { finishMove, prepareMove, type Move } from '../plan/move';
import { contentOf, ONLY_OPTION, scopeOf, unprovenJson } from './plan';
import { SCHEDULER_OPTIONS } from './scheduler';

export interface Deployed {
  readonly plan: Plan;
  readonly applied: Applied;
  /** Of a move that is not finished, so that rules may be on both schedulers: what ended it, where that is none of the changes. */
  readonly halfway?: { readonly because?: ProblemError | undefined } | undefined;
}

export interface DeployOptions {
  readonly yes: boolean;
  /** More that needs a yes, a sentence each. */
  readonly reasons?: readonly string[];
  /** Takes the rules from the scheduler that they are on, where that is another. */
  readonly move?: { readonly content: Content; readonly prune: boolean } | undefined;
}

/**
 * Applies a plan.
 * @param context told of each problem; asked before a plan that deletes much, or a rule with open alerts
 * @throws ProblemError UNSAFE when nobody said yes to that, or when rules of ours run on another scheduler and are not to move
 */
export async function deploy(scope: Scope, plan: Plan, context: Context, options: DeployOptions): Promise<Deployed> {
  const others = await schedulersBeside(scope);
  refuseTwoSchedulers(scope, others, { move: options.move !== undefined });
  for (const { where } of others.filter(({ unsure }) => unsure)) context.note(`${where}.`);
  const known = others.filter(({ unsure }) => unsure !== true);
  const move = options.move && (await prepareMove(scope, options.move.content, known, options.move));
  if (!options.yes) {
    const reasons = [...(await unsafeReasons(scope, plan)), ...(move?.reasons ?? []), ...(options.reasons ?? [])];
    const reason = reasons.join(' ');
    if (reason !== '' && !(await context.confirm(`${reason} Go on?`))) refuseUnsafe(reason);
  }
  const deployed = await applyAndMove(scope, plan, context, move);
  await remember(scope, deployed.applied, context);
  return deployed;
}

async function applyAndMove(scope: Scope, plan: Plan, context: Context, move: Move | undefined): Promise<Deployed> {
  let deployed: Deployed = { plan, applied: await apply(scope, plan, context) };
  if (move === undefined || move.leaving.length === 0) return deployed;
  if (!isDone(deployed)) return { ...deployed, halfway: {} };
  const because = await finishMove(scope, move, async (from, leaving) => {
    deployed = together(deployed, { plan: leaving, applied: await apply(from, leaving, context) });
  });
  return because === undefined && isDone(deployed) ? deployed : { ...deployed, halfway: { because } };
}

function isDone({ applied }: Deployed): boolean {
  return applied.changes.every(({ status }) => status === 'done');
}

/** Writes down where in Kibana the rules are now. That is for others to see. */
export async function remember(scope: Scope, { changes }: Applied, context: Context): Promise<void> {
  const deleted = changes.some(({ action }) => action === 'delete');
  await afterwards(context, 'Where in Kibana the rules are could not be written down', () =>
    rememberSpaces(scope, { deleted }),
  );
}

/** What follows the changes: they are done all the same, so a problem with it is told, and ends nothing. */
async function afterwards<T>(context: Context, failed: string, work: () => Promise<T>): Promise<T | undefined> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof ProblemError)) throw error;
    context.note(`${failed}: ${escapeForTerminal(error.message)}`);
    return undefined;
  }
}

/** What a person has to know of a move that is not finished. */
function halfwayNotes({ halfway }: Deployed): string[] {
  if (halfway === undefined) return [];
  const why =
    halfway.because === undefined ? 'What failed or was skipped says why.' : escapeForTerminal(halfway.because.message);
  return [
    `The move is not finished: rules may be on both schedulers now, and alert twice. Deploy with --move again. ${why}`,
  ];
}

function together(one: Deployed, other: Deployed): Deployed {
  return {
    plan: planFrom([...one.plan.steps, ...other.plan.steps], one.plan.counts.unchanged, one.plan.leftovers),
    applied: {
      changes: [...one.applied.changes, ...other.applied.changes],
      problems: [...one.applied.problems, ...other.applied.problems],
      interrupted: one.applied.interrupted === true || other.applied.interrupted === true,
    },
  };
}

async function apply(scope: Scope, plan: Plan, context: Context): Promise<Applied> {
  const total = plan.steps.length;
  let ended = 0;
  return applyPlan(scope, plan, (change) => {
    ended += 1;
    context.progress(`${ended}/${total} ${change.kind}/${change.id}`);
  });
}

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
  name: 'deploy',
  describe: 'install pipelines, templates and rules, or bring them up to date',
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
    const scope = await scopeOf(settings, context);
    const content = contentOf(settings, context);
    const plan = onlyOf(await makePlan(scope, content, { prune: argv.prune }), argv.only ?? []);
    checkReviewed(plan, argv.checksum);
    for (const note of unnamedNotes(scope, plan)) context.note(note);
    const reasons = await silencedRules(scope, content, plan, Date.now());
    const move = argv.move ? { content, prune: argv.prune } : undefined;
    const deployed = await deploy(scope, plan, context, { yes: argv.yes, reasons, move });
    const { applied } = deployed;
    const read = async (): Promise<Unproven[]> => (applied.interrupted === true ? [] : unprovenRules(scope));
    const unproven = (await afterwards(context, 'Which rules are unproven could not be read', read)) ?? [];
    for (const note of halfwayNotes(deployed)) context.note(note);
    const text = deployText(applied.changes, plan.counts, plan.leftovers.length);
    return {
      json: { ...deployedJson(deployed), ...unprovenJson(unproven) },
      text: [text, ...unprovenLines(unproven), ...interruptedLine(applied)].join('\n'),
      exit: context.signal.aborted ? 130 : (deployed.halfway?.because?.exitStatus ?? exitOf(applied)),
    };
  },
});
