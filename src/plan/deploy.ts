import { ProblemError } from '../errors';
import { escapeForTerminal } from '../text/escape';
import type { Content } from '../resources/kind';
import type { Applied } from './apply';
import type { Deployment } from './deployment';
import { refuseBlind } from './blind-spots';
import { refuseUnsafe, unsafeReasons, refuseTwoSchedulers, schedulersBeside } from './guard';
import { finishMove, prepareMove, type Move } from './move';
import { planFrom, type Plan } from './plan';

/** The person who gave the command. */
export interface Operator {
  /** Writes a line. */
  readonly note: (line: string) => void;
  /** Replaces the last progress line. */
  readonly progress: (line: string) => void;
  /** Asks a question; where nobody can answer, the answer is no. */
  readonly confirm: (question: string) => Promise<boolean>;
}

export interface Deployed {
  readonly plan: Plan;
  readonly applied: Applied;
  /** Of a move that is not finished, so that rules may be on both schedulers: what ended it, where that is none of the changes. */
  readonly unfinishedMove?: { readonly because?: ProblemError | undefined } | undefined;
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
 * @param operator gets a note of each problem; asked before a plan that deletes much, or a rule with open alerts
 * @throws ProblemError REFUSED when no rule could see what comes into our streams; UNSAFE when nobody said yes to that, or when rules of ours run on another scheduler and are not to move
 */
export async function deploy(
  deployment: Deployment,
  plan: Plan,
  operator: Operator,
  options: DeployOptions,
): Promise<Deployed> {
  await refuseBlind(deployment, plan);
  const others = await schedulersBeside(deployment);
  refuseTwoSchedulers(deployment, others, { move: options.move !== undefined });
  for (const { where } of others.filter(({ unsure }) => unsure)) operator.note(`${where}.`);
  const known = others.filter(({ unsure }) => unsure !== true);
  const move = options.move && (await prepareMove(deployment, options.move.content, known, options.move));
  if (!options.yes) {
    const reasons = [...(await unsafeReasons(deployment, plan)), ...(move?.reasons ?? []), ...(options.reasons ?? [])];
    const reason = reasons.join(' ');
    if (reason !== '' && !(await operator.confirm(`${reason} Go on?`))) refuseUnsafe(reason);
  }
  const deployed = await applyAndMove(deployment, plan, operator, move);
  await recordDeployment(deployment, deployed.applied, operator);
  return deployed;
}

async function applyAndMove(
  deployment: Deployment,
  plan: Plan,
  operator: Operator,
  move: Move | undefined,
): Promise<Deployed> {
  let deployed: Deployed = { plan, applied: await apply(deployment, plan, operator) };
  if (move === undefined || move.leaving.length === 0) return deployed;
  if (!isDone(deployed)) return { ...deployed, unfinishedMove: {} };
  const because = await finishMove(deployment, move, async (from, leaving) => {
    deployed = mergeDeployed(deployed, { plan: leaving, applied: await apply(from, leaving, operator) });
  });
  return because === undefined && isDone(deployed) ? deployed : { ...deployed, unfinishedMove: { because } };
}

function isDone({ applied }: Deployed): boolean {
  return applied.changes.every(({ status }) => status === 'done');
}

/** Records where the rules are now, for schedulers whose rules cannot be found on the cluster. */
export async function recordDeployment(
  deployment: Deployment,
  { changes }: Applied,
  operator: Operator,
): Promise<void> {
  const deleted = changes.some(({ action }) => action === 'delete');
  await afterwards(operator, 'Where in Kibana the rules are could not be written down', async () => {
    for (const scheduler of Object.values(deployment.schedulers)) {
      await scheduler.recordDeployment(deployment, { deleted });
    }
  });
}

/** Work that follows the changes: they are done already, so a problem with it becomes a note and not an error. */
export async function afterwards<T>(
  operator: Operator,
  failed: string,
  work: () => Promise<T>,
): Promise<T | undefined> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof ProblemError)) throw error;
    operator.note(`${failed}: ${escapeForTerminal(error.message)}`);
    return undefined;
  }
}

/** What a person has to know of a move that is not finished. */
export function unfinishedMoveNotes({ unfinishedMove }: Deployed): string[] {
  if (unfinishedMove === undefined) return [];
  const why =
    unfinishedMove.because === undefined
      ? 'What failed or was skipped says why.'
      : escapeForTerminal(unfinishedMove.because.message);
  return [
    `The move is not finished: rules may be on both schedulers now, and alert twice. Deploy with --move again. ${why}`,
  ];
}

function mergeDeployed(one: Deployed, other: Deployed): Deployed {
  return {
    plan: planFrom([...one.plan.steps, ...other.plan.steps], one.plan.counts.unchanged, one.plan.leftovers),
    applied: {
      changes: [...one.applied.changes, ...other.applied.changes],
      problems: [...one.applied.problems, ...other.applied.problems],
      interrupted: one.applied.interrupted === true || other.applied.interrupted === true,
    },
  };
}

async function apply(deployment: Deployment, plan: Plan, operator: Operator): Promise<Applied> {
  const total = plan.steps.length;
  let ended = 0;
  return deployment.apply(plan, (change) => {
    ended += 1;
    operator.progress(`${ended}/${total} ${change.kind}/${change.id}`);
  });
}
