import { type Cluster, unstoppable } from '../../cluster/cluster';
import { ProblemError, stoppedAfter, type Problem } from '../../errors';
import { type RuleRun, executeWindow } from '../execute-window';
import { listStoredRules, readStoredRules, moveWatermark, readWatermark, type StoredRule } from './state';
import { ownStreams } from '../../detections/indices';
import { parseDuration } from '../../text/duration';
import { clusterTime } from '../../cluster/clock';
import { chunk } from '../../lists';
import { runQuietRules, RULES_AT_ONCE } from './quiet-rules';
import { checkPeriod, eventWindow, nextWindow } from '../../detections/windows';
import type { BlindSpot } from '../../visibility/blind-spot';
import { isRemote, readIndexStates, stateSpots } from '../../visibility/index-states';
import { isNamed } from '../../detections/rule';
import { deliverAlerts, type Delivery } from '../../notify/deliver';
import type { Webhook } from '../../settings';

export interface RunOptions extends RunScheduledOptions {
  /** UUIDs, names or slugs of rules; all stored rules where not given. */
  readonly rules?: readonly string[] | undefined;
}

interface RunResult {
  readonly rules: readonly RuleRun[];
  /** What each webhook got; absent where there is none. */
  readonly notified?: readonly Delivery[];
}

interface EachRun extends RunResult {
  readonly failures: readonly RuleFailure[];
  /** Closed or frozen indices, and those that keep no `_source`. */
  readonly unread: readonly BlindSpot[];
  /** Why alerts could not be sent, where the cluster failed. */
  readonly lost: readonly ProblemError[];
}

/** A rule whose run failed. */
export interface RuleFailure {
  readonly uuid: string;
  readonly name: string;
  /** Each problem begins with the rule's name. */
  readonly error: ProblemError;
}

/**
 * Runs the stored rules now: each over what came in since its last run, or over a period of event time.
 * @throws ProblemError as {@link runEachRule}, and what went wrong with each rule, after the others have run
 */
export async function runRules(cluster: Cluster, options: RunOptions): Promise<RunResult> {
  const run = await runEachRule(cluster, options);
  const { rules, notified } = run;
  const errors = errorsOf(run);
  const [first] = errors;
  if (first === undefined) return { rules, ...(notified !== undefined && { notified }) };
  throw new ProblemError(
    first.code,
    errors.flatMap(({ problems }) => problems),
    { cause: first },
  );
}

/**
 * The same, with a rule that fails beside the results of the others. Its watermark stays where it was, so that its next run covers
 * this one.
 * @throws ProblemError USAGE when no rule is stored or one that is asked for is not; INTERRUPTED
 */
export async function runEachRule(cluster: Cluster, options: RunOptions): Promise<EachRun> {
  checkPeriod(options);
  const stored = chosenRules(await readStoredRules(cluster, options.namespace), options.rules);
  const unread = await unreadIndices(cluster, stored);
  const rules: RuleRun[] = [];
  const failures: RuleFailure[] = [];
  for (const some of chunk(stored, RULES_AT_ONCE)) {
    try {
      const quiet = await runQuietRules(cluster, some, options);
      for (const rule of some) {
        const run = quiet.get(rule.rule.uuid) ?? (await runOne(cluster, rule, options, failures));
        if (run !== undefined) rules.push(run);
      }
    } catch (error) {
      if (!(error instanceof ProblemError) || error.code !== 'INTERRUPTED') throw error;
      throw stoppedAfter(error, leftAt(stored.length, rules.length));
    }
  }
  const lost: ProblemError[] = [];
  const notified = await deliver(cluster, options, lost);
  return { rules, failures, unread, lost, ...(notified !== undefined && { notified }) };
}

/** Everything that went wrong in a run. */
export function errorsOf({ failures, lost }: Pick<EachRun, 'failures' | 'lost'>): readonly ProblemError[] {
  return [...failures.map(({ error }) => error), ...lost];
}

/** What the rules read and a search leaves out without an error. Who may not look at indices may run the rules all the same. */
async function unreadIndices(cluster: Cluster, stored: readonly StoredRule[]): Promise<BlindSpot[]> {
  const names = [...new Set(stored.flatMap(({ indices }) => indices))].filter((name) => !isRemote(name));
  try {
    return stateSpots(await readIndexStates(cluster, names));
  } catch (error) {
    if (error instanceof ProblemError && error.code === 'FORBIDDEN') return [];
    throw error;
  }
}

/** @returns undefined where it failed, which is in `failures` then */
async function runOne(
  cluster: Cluster,
  rule: StoredRule,
  options: RunOptions,
  failures: RuleFailure[],
): Promise<RuleRun | undefined> {
  try {
    return await runScheduled(cluster, rule, options);
  } catch (error) {
    if (!(error instanceof ProblemError) || error.code === 'INTERRUPTED') throw error;
    const { uuid, name } = rule.rule;
    failures.push({ uuid, name, error: withRuleName(error, rule) });
    return undefined;
  }
}

/** Sends what waits, also where a rule failed. An alert that could not be sent for a failure of the cluster waits for the next run. */
async function deliver(
  cluster: Cluster,
  { namespace, webhooks = [], dryRun = false, now }: RunOptions,
  failures: ProblemError[],
): Promise<Delivery[] | undefined> {
  if (webhooks.length === 0 || dryRun) return undefined;
  try {
    return await deliverAlerts(cluster, { namespace, webhooks, now });
  } catch (error) {
    if (!(error instanceof ProblemError)) throw error;
    if (error.code === 'INTERRUPTED') throw stoppedAfter(error, 'all rules were run; the next run sends what waits');
    failures.push(error);
    return undefined;
  }
}

/** What an interrupted run has done. Failed rules are among those that were not run: their watermarks stay as well. */
function leftAt(all: number, done: number): string {
  return `${done} of ${all} rules were run; the watermarks of the others stay, and their next run covers this one`;
}

interface RunScheduledOptions {
  readonly namespace: string;
  /** Event time, milliseconds since 1970, inclusive. With it or `to` the run reads that period and moves no watermark. */
  readonly from?: number | undefined;
  /** Event time, milliseconds since 1970, exclusive. */
  readonly to?: number | undefined;
  /** Finds and counts the same, and writes nothing. */
  readonly dryRun?: boolean | undefined;
  /** A clock that stands in for the cluster's; milliseconds since 1970. */
  readonly now?: (() => number) | undefined;
  /** What new alerts are to be sent to. */
  readonly webhooks?: readonly Webhook[] | undefined;
}

/**
 * Runs a rule now: over what came in since its last run, or over a period of event time. The cluster's signal ends it with the
 * window untouched; once its first alert is written, the window is finished.
 * @throws ProblemError when anything could not be read or written; the watermark stays, so that the next run covers this one
 */
export async function runScheduled(
  cluster: Cluster,
  stored: StoredRule,
  options: RunScheduledOptions,
): Promise<RuleRun> {
  const { namespace, from, to, dryRun = false, webhooks } = options;
  const { uuid, schedule } = stored.rule;
  // The watermark before the clock: so a run beside this one cannot have left a watermark that is later than our now.
  const watermark = await readWatermark(cluster, namespace, uuid);
  const now = options.now?.() ?? (await clusterTime(cluster, namespace));
  await refresh(cluster, namespace);
  const scope = { namespace, now, dryRun, webhooks };
  if (from !== undefined || to !== undefined) {
    return executeWindow(cluster, stored, eventWindow(from ?? null, to ?? null), scope);
  }
  const lookback = parseDuration(schedule.lookback) ?? 0;
  const window = nextWindow({ watermark: watermark?.at ?? null, now, lookback, namespace });
  const result = await executeWindow(cluster, stored, window, scope);
  if (window.watermark !== null && !dryRun) {
    await moveWatermark(unstoppable(cluster), namespace, uuid, watermark, window.watermark, result);
  }
  return result;
}

/**
 * Makes what has been written to our own streams visible, so that nothing stamped before now can appear after it. Who may
 * not do that is served by the overlap of the windows.
 */
async function refresh(cluster: Cluster, namespace: string): Promise<void> {
  await cluster.client.indices.refresh(
    { index: ownStreams(namespace), ignore_unavailable: true, allow_no_indices: true },
    { ignore: [403, 404] },
  );
}

/**
 * The rules that somebody names by UUID, name or slug, without regard to case; all where nobody names any.
 * @throws ProblemError USAGE when one that is named is not there
 */
export function chosenRules(
  stored: readonly StoredRule[],
  wanted: readonly string[] | undefined,
): readonly StoredRule[] {
  const unknown = (wanted ?? []).filter((name) => !stored.some(({ rule }) => isNamed(rule, name)));
  if (unknown.length > 0) {
    const known = stored.map(({ rule }) => `${rule.uuid} (${rule.name})`).join(', ');
    throw new ProblemError(
      'USAGE',
      unknown.map((name) => ({ message: `no rule "${name}" is stored`, hint: `Stored are: ${known}.` })),
    );
  }
  return stored.filter((rule) => isWanted(rule, wanted));
}

/** Whether a rule is one of those that somebody names; each is where nobody names any. */
export function isWanted(stored: StoredRule, wanted: readonly string[] | undefined): boolean {
  return wanted === undefined || wanted.length === 0 || wanted.some((name) => isNamed(stored.rule, name));
}

/** A warning for each rule that a webhook names and that is not stored: its alerts would be sent to nobody. */
export async function unknownRules(
  cluster: Cluster,
  namespace: string,
  webhooks: readonly Webhook[],
): Promise<readonly string[]> {
  if (webhooks.every(({ rules }) => rules === undefined)) return [];
  const stored = await listStoredRules(cluster, namespace);
  return webhooks.flatMap(({ name, rules = [] }) =>
    rules
      .filter((word) => !stored.some(({ rule }) => isNamed(rule, word)))
      .map((word) => `warning: notify.${name}.rules: no stored rule is called "${word}"`),
  );
}

/** What went wrong with a rule, each problem beginning with its name. */
export function withRuleName(error: ProblemError, { rule }: StoredRule): ProblemError {
  const problems: Problem[] = error.problems.map((problem) => ({
    ...problem,
    message: `rule "${rule.name}": ${problem.message}`,
  }));
  return new ProblemError(error.code, problems, { cause: error });
}
