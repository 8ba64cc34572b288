import { ProblemError, redact, type Problem } from '../errors';
import type { Desired, Kind, Scope } from '../resources/kind';
import { RETRYABLE_STATUS } from '../cluster/retry';
import type { Change, Plan, Step } from './plan';

export interface AppliedChange extends Change {
  readonly status: 'done' | 'failed' | 'skipped';
  readonly error?: string | undefined;
}

/** What came of a plan: every change of it, done or not. */
export interface Applied {
  readonly changes: readonly AppliedChange[];
  readonly problems: readonly Problem[];
  /** Somebody ended it before it was through. */
  readonly interrupted?: boolean | undefined;
}

/** What is known on the way through a plan. */
interface Course {
  /** Ids of what is not as the plan wants it. */
  readonly failed: Set<string>;
  /** Ids of what something that could not be deleted refers to, and what that is. */
  readonly stillNeeded: Map<string, string>;
  readonly problems: Problem[];
  /** Why nothing more is begun. */
  halt?: string | undefined;
}

/** What is said of a change that an interruption left undone, and of one that it overtook. */
export const INTERRUPTED = 'interrupted before it was begun';
export const OVERTAKEN = 'interrupted; it may have been done or not';

/**
 * Does what a plan says, one step after the other. A step that fails does not stop the ones that do not need it; what
 * refers to it is skipped, and a second run completes it. What could not be deleted keeps what it refers to. Only a server that is gone, or busy beyond all attempts, stops them all, for
 * each would be as patient again; and so does an interruption. Foreign things are never touched.
 * @param onStep told of each step when it has ended
 */
export async function applyPlan(scope: Scope, plan: Plan, onStep: (change: AppliedChange) => void): Promise<Applied> {
  const course: Course = { failed: new Set(), stillNeeded: new Map(), problems: [] };
  const changes: AppliedChange[] = [];
  for (const batch of batchesOf(plan.steps)) {
    if (scope.cluster.signal?.aborted === true) course.halt ??= INTERRUPTED;
    const apply = course.halt !== undefined ? skipAll : batch.length === 1 ? applyOne : applyBatch;
    for (const [index, applied] of (await apply(scope, batch, course)).entries()) {
      if (applied.status !== 'done') {
        course.failed.add(applied.id);
        for (const ref of batch[index]?.refs ?? []) course.stillNeeded.set(ref, `${applied.kind}/${applied.id}`);
      }
      changes.push(applied);
      onStep(applied);
    }
  }
  return { changes, problems: course.problems, interrupted: course.halt === INTERRUPTED };
}

function skipAll(_: Scope, batch: readonly Step[], { halt }: Course): Promise<AppliedChange[]> {
  return Promise.resolve(batch.map(({ change }) => ({ ...change, status: 'skipped', error: halt })));
}

/** Steps that go together: neighbours of one kind, where the kind has a way for many; every other stands alone. */
function batchesOf(steps: readonly Step[]): Step[][] {
  const runs: Step[][] = [];
  for (const step of steps) {
    const run = runs.at(-1);
    if (run?.[0]?.kind === step.kind && isPut(run[0]) && isPut(step)) run.push(step);
    else runs.push([step]);
  }
  return runs.flatMap((run) =>
    run.length >= (run[0]?.kind.batch?.from ?? Infinity) ? [run] : run.map((step) => [step]),
  );
}

function isPut({ change }: Step): boolean {
  return change.action === 'create' || change.action === 'update';
}

function applyOne(scope: Scope, batch: readonly Step[], course: Course): Promise<AppliedChange[]> {
  return Promise.all(batch.map((step) => applyStep(scope, step, course)));
}

async function applyBatch(scope: Scope, batch: readonly Step[], course: Course): Promise<AppliedChange[]> {
  const skipped = batch.map(({ change, kind, desired }) => skippedFor(kind, change, desired, course));
  const wanted = batch.flatMap(({ desired }, index) =>
    desired === undefined || skipped[index] !== undefined ? [] : desired,
  );
  const refused = await putAll(scope, batch[0]?.kind, wanted);
  return batch.map(({ change }, index) => {
    const error = refused.get(change.id);
    return skipped[index] ?? (error === undefined ? { ...change, status: 'done' } : failure(change, error, course));
  });
}

/** @returns those that failed, by id: all of them where the whole of it failed */
async function putAll(
  scope: Scope,
  kind: Kind | undefined,
  wanted: readonly Desired[],
): Promise<ReadonlyMap<string, ProblemError>> {
  try {
    return (await kind?.batch?.put(scope, wanted)) ?? new Map<string, ProblemError>();
  } catch (error) {
    if (!(error instanceof ProblemError)) throw error;
    return new Map(wanted.map(({ id }) => [id, error]));
  }
}

async function applyStep(scope: Scope, step: Step, course: Course): Promise<AppliedChange> {
  const { kind, change, desired } = step;
  if (change.action === 'foreign') return { ...failure(change, foreign(step), course), status: 'skipped' };
  const skipped = skippedFor(kind, change, desired, course);
  if (skipped !== undefined) return skipped;
  try {
    if (desired === undefined) await kind.remove(scope, change.id);
    else await kind.put(scope, desired, change.action);
    return { ...change, status: 'done' };
  } catch (error) {
    if (!(error instanceof ProblemError)) throw error;
    return failure(change, error, course);
  }
}

/** Why something is left as it is, and what somebody can do about it. */
function foreign({ kind, change }: Step): ProblemError {
  const rename =
    kind.mark === undefined ? 'Rename' : `Take it over (\`wmi-detections adopt ${kind.name}/${change.id}\`), rename`;
  return new ProblemError('REFUSED', [
    {
      message: 'it carries no mark of ours, so it is left as it is',
      hint: `${rename} or remove it, or keep it and leave ours out of the content.`,
    },
  ]);
}

function skippedFor(
  kind: Kind,
  change: Change,
  desired: Desired | undefined,
  { failed, stillNeeded }: Course,
): AppliedChange | undefined {
  if (desired === undefined) {
    const user = stillNeeded.get(change.id);
    return user === undefined
      ? undefined
      : { ...change, status: 'skipped', error: `needed by ${user}, which was not deleted` };
  }
  const missing = kind.refs(desired.body).find((ref) => failed.has(ref));
  return missing === undefined
    ? undefined
    : { ...change, status: 'skipped', error: `needs ${missing}, which is not there` };
}

function failure(change: Change, error: ProblemError, course: Course): AppliedChange {
  course.halt ??= haltOf(error);
  const title = change.title === undefined ? '' : ` “${change.title}”`;
  course.problems.push(
    ...error.problems.map((problem) => ({
      ...problem,
      message: `${change.kind}/${change.id}${title}: ${problem.message}`,
    })),
  );
  const reasons = error.problems.map(({ message }) => message).join('; ');
  const message = error.code === 'INTERRUPTED' ? `${reasons}; it may have been done or not` : error.message;
  return { ...change, status: 'failed', error: redact(message) };
}

/** Why what follows such an error need not be begun. */
function haltOf({ code, problems }: ProblemError): string | undefined {
  if (code === 'INTERRUPTED') return INTERRUPTED;
  if (code === 'UNREACHABLE') return 'not begun: the server could not be reached any more';
  if (code === 'NOT_A_SEARCH_ENGINE') return 'not begun: the server gave no answer that can be read';
  const busy = problems.some(
    ({ where }) => where !== undefined && 'url' in where && RETRYABLE_STATUS.has(where.status ?? 0),
  );
  return busy ? 'not begun: the server could do nothing more' : undefined;
}
