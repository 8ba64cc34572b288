import { ProblemError } from '../../errors';
import { canonicalJson } from '../../json';
import { isPermanent } from '../../cluster/failure';
import { withSignal, type Cluster } from '../../cluster/cluster';
import { chosenRules, isWanted, withRuleName, runScheduled } from './run-rules';
import { runQuietRules, RULES_AT_ONCE } from './quiet-rules';
import { pauseAfter, TIMER, type Timer, Timetable } from './timetable';
import type { Webhook } from '../../settings';
import type { RuleRun } from '../execute-window';
import { listStoredRules, readStoredRules, type StoredRule } from './state';

export interface RunLoopOptions {
  readonly namespace: string;
  /** UUIDs, names or slugs of rules; all stored rules where not given. */
  readonly rules?: readonly string[] | undefined;
  /** Ends the watch. A window of which an alert is written is finished first, any other is left untouched. */
  readonly signal: AbortSignal;
  /** A clock that stands in for the cluster's; milliseconds since 1970. */
  readonly now?: (() => number) | undefined;
  /** What new alerts are to be sent to; the caller sends them. */
  readonly webhooks?: readonly Webhook[] | undefined;
  /** The world's where not given. */
  readonly pace?: Timer | undefined;
}

/** What a watch tells, as it happens. */
export type RunLoopEvent =
  | { readonly kind: 'run'; readonly run: RuleRun }
  /**
   * Of a rule, or of the cluster; `again` is in how many milliseconds it is tried again. What the engine refuses for good is reported
   * once, and not again until something about it changes.
   */
  | { readonly kind: 'failure'; readonly error: unknown; readonly again: number; readonly once?: true }
  | { readonly kind: 'change'; readonly name: string; readonly change: 'new' | 'edited' | 'gone' };

/** New rules are found within this time, however long the intervals of the others; so is a cluster that is back. */
const LOOK = 60_000;

/**
 * Runs each stored rule in its own interval until the signal is aborted.
 *
 * Nothing is remembered that a run does not find on the cluster: what a failed or interrupted run did not do, the next one
 * does, and a second watch beside this one does the same work again and no harm. The rules are read anew before every
 * window, so that it is the rule as it was deployed last that runs.
 * @throws ProblemError what is wrong before the first window (no rule is stored, or not one that is named; the cluster
 *   does not answer); what goes wrong later is told, and does not end the watch
 */
export async function* runLoop(
  connected: Cluster,
  options: RunLoopOptions,
): AsyncGenerator<RunLoopEvent, void, undefined> {
  const { signal, pace = TIMER } = options;
  const cluster = withSignal(connected, signal);
  const timetable = new Timetable(pace);
  const refusals = new Map<string, string>();
  let known: readonly StoredRule[] | undefined;
  let outages = 0;
  while (!signal.aborted) {
    try {
      const stored = await look(cluster, options, known === undefined);
      outages = 0;
      yield* changes(known ?? stored, stored);
      known = stored;
      timetable.keep(stored);
      const due = timetable.allDue(stored);
      if (due.length === 0) await pace.wait(Math.min(timetable.untilNext(stored), LOOK), signal);
      else yield* turns(cluster, due.slice(0, RULES_AT_ONCE), timetable, refusals, options);
    } catch (error) {
      if (isInterruption(error, signal)) return;
      if (known === undefined) throw error;
      outages += 1;
      const again = pauseAfter(outages, LOOK, pace.chance());
      yield { kind: 'failure', error, again };
      await pace.wait(again, signal);
    }
  }
}

/** The rules to run, as they are now. Only the first look minds when there is none, or not one that is named. */
async function look(
  cluster: Cluster,
  { namespace, rules }: RunLoopOptions,
  isFirst: boolean,
): Promise<readonly StoredRule[]> {
  if (isFirst) return chosenRules(await readStoredRules(cluster, namespace), rules);
  return (await listStoredRules(cluster, namespace)).filter((rule) => isWanted(rule, rules));
}

/**
 * Windows of rules that are due: first all of those that find nothing, then the others. Where none could be asked about together,
 * one of them has its turn, so that the rules are read anew before the next.
 * @param refusals what was reported of rules that the engine refuses for good, by UUID
 */
async function* turns(
  cluster: Cluster,
  due: readonly StoredRule[],
  timetable: Timetable,
  refusals: Map<string, string>,
  options: RunLoopOptions,
): AsyncGenerator<RunLoopEvent, void, undefined> {
  const { namespace, now, pace = TIMER } = options;
  const began = pace.now();
  const quiet = await runQuietRules(cluster, due, { namespace, now });
  for (const rule of due) {
    const run = quiet.get(rule.rule.uuid);
    if (run === undefined) continue;
    timetable.ran(rule, began);
    yield { kind: 'run', run };
  }
  const others = due.filter(({ rule }) => !quiet.has(rule.uuid));
  for (const rule of quiet.size === 0 ? others.slice(0, 1) : others)
    yield* turn(cluster, rule, timetable, refusals, options);
}

/** One window of one rule. */
async function* turn(
  cluster: Cluster,
  rule: StoredRule,
  timetable: Timetable,
  refusals: Map<string, string>,
  { namespace, now, signal, webhooks, pace = TIMER }: RunLoopOptions,
): AsyncGenerator<RunLoopEvent, void, undefined> {
  const began = pace.now();
  try {
    const run = await runScheduled(cluster, rule, { namespace, now, webhooks });
    timetable.ran(rule, began);
    refusals.delete(rule.rule.uuid);
    yield { kind: 'run', run };
  } catch (error) {
    if (isInterruption(error, signal)) throw error;
    if (isOutage(error)) timetable.lost(rule, began);
    else timetable.ran(rule, began);
    const named = error instanceof ProblemError ? withRuleName(error, rule) : error;
    const again = Math.max(0, timetable.untilDue(rule));
    if (!(named instanceof ProblemError) || !isPermanent(named)) yield { kind: 'failure', error: named, again };
    else if (refusals.get(rule.rule.uuid) !== named.message) {
      refusals.set(rule.rule.uuid, named.message);
      yield { kind: 'failure', error: named, again, once: true };
    }
  }
}

/** The client says so of an answer that is too large as well: that is a failure like another. */
function isInterruption(error: unknown, signal: AbortSignal): boolean {
  return signal.aborted && error instanceof ProblemError && error.code === 'INTERRUPTED';
}

/** Whether the cluster was not well, and not something wrong with the rule. */
function isOutage(error: unknown): boolean {
  if (!(error instanceof ProblemError) || isPermanent(error)) return false;
  const statuses = error.problems.map(({ where }) =>
    where !== undefined && 'url' in where ? where.status : undefined,
  );
  return error.code === 'UNREACHABLE' || statuses.some((status = 0) => status === 429 || status >= 500);
}

function* changes(before: readonly StoredRule[], after: readonly StoredRule[]): Generator<RunLoopEvent> {
  const byUuid = new Map(before.map((stored) => [stored.rule.uuid, stored]));
  for (const stored of after) {
    const { uuid, name } = stored.rule;
    const earlier = byUuid.get(uuid);
    if (earlier === undefined) yield { kind: 'change', name, change: 'new' };
    else if (canonicalJson(earlier) !== canonicalJson(stored)) yield { kind: 'change', name, change: 'edited' };
    byUuid.delete(uuid);
  }
  for (const { rule } of byUuid.values()) yield { kind: 'change', name: rule.name, change: 'gone' };
}
