import { ProblemError, stoppedAfter, type Problem } from '../errors';
import { ownStreams } from '../rules/indices';
import type { StoredRule } from '../rules/stored-rule';
import { clusterTime } from '../schedule/clock';
import { runRule, type RuleRun } from '../schedule/run-rule';
import { moveWatermark, readStoredRules, readWatermark } from '../schedule/state';
import { eventWindow, nextWindow } from '../schedule/window';
import { request, type Target } from '../target/target';
import { parseDuration } from '../text/duration';
import { runText } from '../report/run';
import { declare, settingsOf, targetOf } from './command';
import { timeOf } from './time-flag';

export interface RunOptions {
  readonly namespace: string;
  /** UUIDs, names or slugs of rules; all stored rules where not given. */
  readonly rules?: readonly string[] | undefined;
  /** Event time, milliseconds since 1970, inclusive. With it or `to` the run reads that period and moves no watermark. */
  readonly from?: number | undefined;
  /** Event time, milliseconds since 1970, exclusive. */
  readonly to?: number | undefined;
  /** A clock that stands in for the cluster's; milliseconds since 1970. */
  readonly now?: (() => number) | undefined;
  /** Ends the run with an INTERRUPTED error; the watermark of the rule that was running stays. */
  readonly signal?: AbortSignal | undefined;
}

export interface RunResult {
  readonly rules: readonly RuleRun[];
}

/**
 * Runs the stored rules now: each over what came in since its last run, or over a period of event time.
 * @throws ProblemError USAGE when no rule is stored or one that is asked for is not; what went wrong with each rule, after
 *   the others have run. The watermark of a rule that failed stays where it was, so that its next run covers this one.
 */
export async function run(target: Target, options: RunOptions): Promise<RunResult> {
  const { from, to } = options;
  if (from !== undefined && to !== undefined && from >= to) {
    throw new ProblemError('USAGE', [
      { message: '--from is not before --to', hint: 'The period begins at --from and ends just before --to.' },
    ]);
  }
  const stored = chosen(await readStoredRules(target, options.namespace), options.rules);
  const rules: RuleRun[] = [];
  const failures: ProblemError[] = [];
  for (const rule of stored) {
    try {
      rules.push(await runOne(target, rule, options));
    } catch (error) {
      if (!(error instanceof ProblemError)) throw error;
      if (error.code === 'INTERRUPTED') throw stoppedAfter(error, leftAt(stored, rules.length));
      failures.push(named(error, rule));
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
function leftAt(stored: readonly StoredRule[], done: number): string {
  return `${done} of ${stored.length} rules were run; the watermarks of the others stay, and their next run covers this one`;
}

async function runOne(target: Target, stored: StoredRule, options: RunOptions): Promise<RuleRun> {
  const { namespace, from, to, signal } = options;
  const { uuid, schedule } = stored.rule;
  // The watermark before the clock: so a run beside this one cannot have left a watermark that is later than our now.
  const watermark = await readWatermark(target, namespace, uuid);
  const now = options.now?.() ?? (await clusterTime(target, namespace));
  await refresh(target, namespace);
  if (from !== undefined || to !== undefined) {
    return runRule(target, stored, eventWindow(from ?? null, to ?? null), { namespace, now, signal });
  }
  const lookback = parseDuration(schedule.lookback) ?? 0;
  const window = nextWindow({ watermark: watermark?.at ?? null, now, lookback, namespace });
  const result = await runRule(target, stored, window, { namespace, now, signal });
  if (window.watermark !== null) {
    await moveWatermark(target, namespace, uuid, watermark, window.watermark, result);
  }
  return result;
}

/**
 * Makes what has been written to our own streams visible, so that nothing stamped before now can appear after it. Who may
 * not do that is served by the overlap of the windows.
 */
async function refresh(target: Target, namespace: string): Promise<void> {
  await request(target, {
    method: 'POST',
    path: `/${ownStreams(namespace).join(',')}/_refresh`,
    query: { ignore_unavailable: true, allow_no_indices: true },
    allow: [403, 404],
  });
}

function chosen(stored: readonly StoredRule[], wanted: readonly string[] | undefined): readonly StoredRule[] {
  if (wanted === undefined || wanted.length === 0) return stored;
  const matches = (name: string, { rule }: StoredRule): boolean =>
    [rule.uuid, rule.name, rule.slug].some((own) => own.toLowerCase() === name.toLowerCase());
  const unknown = wanted.filter((name) => !stored.some((rule) => matches(name, rule)));
  if (unknown.length > 0) {
    const known = stored.map(({ rule }) => `${rule.uuid} (${rule.name})`).join(', ');
    throw new ProblemError(
      'USAGE',
      unknown.map((name) => ({ message: `no rule "${name}" is stored`, hint: `Stored are: ${known}.` })),
    );
  }
  return stored.filter((rule) => wanted.some((name) => matches(name, rule)));
}

function named(error: ProblemError, { rule }: StoredRule): ProblemError {
  const problems: Problem[] = error.problems.map((problem) => ({
    ...problem,
    message: `rule "${rule.name}": ${problem.message}`,
  }));
  return new ProblemError(error.code, problems, { cause: error });
}

export const runCommand = declare({
  name: 'run',
  describe: 'run the stored rules now, over what came in since the last run',
  positionals: {},
  options: {
    rule: {
      type: 'string',
      array: true,
      describe: 'only this rule: its id, name or file name; may be repeated',
    },
    from: { type: 'string', describe: 'run over event time from here on: 2026-01-31T08:00Z, now-24h' },
    to: { type: 'string', describe: 'run over event time up to here, exclusive' },
  },
  run: async (context, argv) => {
    const settings = settingsOf(context, argv);
    const result = await run(await targetOf(settings, context), {
      namespace: settings.namespace,
      rules: argv.rule,
      from: timeOf('from', argv.from),
      to: timeOf('to', argv.to),
    });
    return { json: result, text: runText(result.rules), exit: 0 };
  },
});
