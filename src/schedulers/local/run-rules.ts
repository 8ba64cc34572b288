import { checkPeriod } from '../../detections/windows';
import type { Cluster } from '../../cluster/cluster';
import { ProblemError, stoppedAfter } from '../../errors';
import type { RuleRun } from '../execute-window';
import { chosenRules, withRuleName } from './choose-rules';
import { runScheduled, type RunScheduledOptions } from './run-scheduled';
import { readStoredRules } from './state';

export interface RunOptions extends RunScheduledOptions {
  /** UUIDs, names or slugs of rules; all stored rules where not given. */
  readonly rules?: readonly string[] | undefined;
}

export interface RunResult {
  readonly rules: readonly RuleRun[];
}

/**
 * Runs the stored rules now: each over what came in since its last run, or over a period of event time.
 * @throws ProblemError USAGE when no rule is stored or one that is asked for is not; what went wrong with each rule, after
 *   the others have run. The watermark of a rule that failed stays where it was, so that its next run covers this one.
 */
export async function runRules(cluster: Cluster, options: RunOptions): Promise<RunResult> {
  checkPeriod(options);
  const stored = chosenRules(await readStoredRules(cluster, options.namespace), options.rules);
  const rules: RuleRun[] = [];
  const failures: ProblemError[] = [];
  for (const rule of stored) {
    try {
      rules.push(await runScheduled(cluster, rule, options));
    } catch (error) {
      if (!(error instanceof ProblemError)) throw error;
      if (error.code === 'INTERRUPTED') throw stoppedAfter(error, leftAt(stored.length, rules.length));
      failures.push(withRuleName(error, rule));
    }
  }
  const [first] = failures;
  if (first !== undefined) {
    throw new ProblemError(
      first.code,
      failures.flatMap((failure) => failure.problems),
      { cause: first },
    );
  }
  return { rules };
}

/** What an interrupted run has done. Failed rules are among those that were not run: their watermarks stay as well. */
function leftAt(all: number, done: number): string {
  return `${done} of ${all} rules were run; the watermarks of the others stay, and their next run covers this one`;
}
