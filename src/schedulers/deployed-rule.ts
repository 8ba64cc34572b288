import type { JsonRecord } from '../json';
import type { Rule } from '../detections/rule';
import type { SchedulerName } from '../settings';
import { SPANS } from '../detections/windows';
import { parseDuration } from '../text/duration';
import { defaultIndices } from '../detections/indices';
import type { Content, Scope } from '../resources/kind';
import { subFieldsFor } from '../visibility/fields';
import { toQueryDsl } from '../sigma/compile/query-dsl';
import { activeExceptions } from '../sigma/exceptions';

/** A compiled rule: all that it takes to find its events. */
export interface ExecutableRule {
  readonly rule: Rule;
  /** One Query DSL clause that every matching event meets, exceptions included. */
  readonly query: JsonRecord;
  /** Index names and patterns to read. */
  readonly indices: readonly string[];
}

/** A rule, and what it looks for as it is deployed. */
export interface DeployedQuery extends ExecutableRule {
  /** How it is doing; null where it is not on the scheduler. */
  readonly state: RuleState | null;
}

/** How a deployed rule is doing; the same shape on every scheduler. Times are ISO 8601, spans milliseconds. */
export interface RuleState {
  readonly uuid: string;
  readonly name: string;
  readonly version: number;
  /** `5m`; null where it runs by a schedule of somebody else's. */
  readonly interval: string | null;
  readonly scheduler: SchedulerName;
  /** Of Kibana; null on other schedulers. */
  readonly space: string | null;
  readonly enabled: boolean;
  /** Up to where events have been read; null before the first run, and on schedulers that do not say. */
  readonly watermark: string | null;
  /** Age of the watermark, or of the last execution; null before the first. */
  readonly behind: number | null;
  /** It is enabled, and has never run, or not for two intervals; false where the scheduler does not say. */
  readonly overdue: boolean;
  /** What the local scheduler's last run did. */
  readonly lastRun: LastRun | null;
  /** The last run by a scheduler of the cluster's own. */
  readonly execution: Execution | null;
  /** When it should run next; null where nobody knows. */
  readonly nextRun: string | null;
  /** Why nobody here can know whether it runs; absent where that is known. */
  readonly runsUnknown?: string | undefined;
}

export interface Execution {
  readonly at: string;
  /** As the scheduler says it: `succeeded`, `partial failure`, `failed`. */
  readonly result: string;
  readonly message: string;
  /** How long before it nothing was looked at: events of that time may have been missed. */
  readonly gap: number;
}

/** What the last run of a rule by the local scheduler did. */
export interface LastRun {
  readonly from: string | null;
  readonly to: string | null;
  readonly events: number;
  readonly alerts: number;
  readonly new: number;
}

type Cadence = Pick<
  RuleState,
  'interval' | 'enabled' | 'watermark' | 'behind' | 'overdue' | 'lastRun' | 'execution' | 'nextRun'
>;

/**
 * How a rule keeps its schedule on a scheduler of the cluster's own. The next run is counted from the start of the last one;
 * of a schedule without interval nobody here knows when it should run.
 * @param now milliseconds since 1970
 */
export function cadenceOf(
  { interval, enabled, execution }: Pick<RuleState, 'interval' | 'enabled' | 'execution'>,
  now: number,
): Cadence {
  const every = interval === null ? undefined : parseDuration(interval);
  const last = execution === null ? null : Date.parse(execution.at);
  const behind = last === null ? null : Math.max(0, now - last);
  const next = enabled && last !== null && every !== undefined ? new Date(last + every).toISOString() : null;
  const overdue = enabled && every !== undefined && isOverdue(behind, every);
  return { interval, enabled, watermark: null, behind, overdue, lastRun: null, execution, nextRun: next };
}

/** A rule that is late by one interval may be running now; by two, nothing runs it. */
const MISSED_INTERVALS = 2;

/**
 * Whether a rule that should run does not. All in milliseconds.
 * @param behind since it last ran; null when it never has
 */
export function isOverdue(behind: number | null, interval: number): boolean {
  return behind === null || behind > MISSED_INTERVALS * interval + SPANS.settle;
}

/** Whether a run ended in a failure, in whole or in part. */
export function hasFailed(execution: Execution | null): boolean {
  return execution !== null && /fail/.test(execution.result);
}

/**
 * Up to when a rule has read what came in; a run that failed counts as one, for nothing says how long it has been failing.
 * @returns milliseconds since 1970; undefined where it has never run
 */
export function readUntil({ watermark, execution }: RuleState): number | undefined {
  const time = Date.parse(watermark ?? execution?.at ?? '');
  return Number.isNaN(time) ? undefined : time;
}

/**
 * Up to when all of these rules have read what came in; those that are disabled do not count.
 * @returns milliseconds since 1970; undefined where none has run yet
 */
export function allReadUntil(rules: readonly RuleState[]): number | undefined {
  const times = rules.filter(({ enabled }) => enabled).map(readUntil);
  const known = times.filter((time) => time !== undefined);
  return known.length === 0 ? undefined : Math.min(...known);
}

/**
 * What rules look for as the content says, with the exceptions that are active: for a scheduler that does not keep the query in
 * a form that can be read back.
 * @param now milliseconds since 1970
 * @param idOf the id by which a state knows a rule
 * @throws ProblemError when the cluster does not say which fields the indices have
 */
export async function queriesOfContent(
  scope: Scope,
  content: Content,
  now: number,
  states: readonly RuleState[],
  idOf: (uuid: string) => string = (uuid) => uuid,
): Promise<DeployedQuery[]> {
  const { namespace, indices } = scope;
  const { rules, exceptions = [] } = content;
  const subFields = await subFieldsFor(scope, content);
  return rules.map((rule) => ({
    rule,
    query: toQueryDsl(rule, activeExceptions(exceptions, rule.slug, now), subFields),
    indices: indices ?? defaultIndices(namespace),
    state: states.find(({ uuid }) => uuid === idOf(rule.uuid)) ?? null,
  }));
}
