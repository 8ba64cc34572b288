import { ProblemError, redact, type Problem } from '../errors';
import type { Scope } from '../resources/kind';
import type { Change, Plan, Step } from './plan';

export interface AppliedChange extends Change {
  readonly status: 'done' | 'failed' | 'skipped';
  readonly error?: string | undefined;
}

/** What came of a plan: every change of it, done or not. */
export interface Applied {
  readonly changes: readonly AppliedChange[];
  readonly problems: readonly Problem[];
}

/**
 * Does what a plan says, one step after the other. A step that fails does not stop the ones that do not need it; what
 * refers to it is skipped, and a second run mends it. Foreign things are never touched.
 * @param onStep told of each step when it has ended
 */
export async function applyPlan(scope: Scope, plan: Plan, onStep: (change: AppliedChange) => void): Promise<Applied> {
  const failed = new Set<string>();
  const changes: AppliedChange[] = [];
  const problems: Problem[] = [];
  for (const step of plan.steps) {
    const applied = await applyStep(scope, step, failed, problems);
    if (applied.status !== 'done') failed.add(step.change.id);
    changes.push(applied);
    onStep(applied);
  }
  return { changes, problems };
}

async function applyStep(scope: Scope, step: Step, failed: Set<string>, problems: Problem[]): Promise<AppliedChange> {
  const { kind, change, desired } = step;
  if (change.action === 'foreign') {
    const error = 'it carries no mark of ours, so it is left as it is';
    problems.push({
      message: `${change.kind}/${change.id}: ${error}`,
      hint: 'Rename or remove it, or keep it and leave ours out of the content.',
    });
    return { ...change, status: 'skipped', error };
  }
  const missing = desired === undefined ? undefined : kind.refs(desired.body).find((ref) => failed.has(ref));
  if (missing !== undefined) {
    return { ...change, status: 'skipped', error: `needs ${missing}, which is not there` };
  }
  try {
    if (desired === undefined) await kind.remove(scope, change.id);
    else await kind.put(scope, desired, change.action);
    return { ...change, status: 'done' };
  } catch (error) {
    if (!(error instanceof ProblemError)) throw error;
    problems.push(
      ...error.problems.map((problem) => ({ ...problem, message: `${change.kind}/${change.id}: ${problem.message}` })),
    );
    return { ...change, status: 'failed', error: redact(error.message) };
  }
}
