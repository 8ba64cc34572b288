import { toIso } from '../text/time';
import { describeDuration, parseDuration } from '../text/duration';
import { hasFailed, type DeployedQuery } from '../schedulers/deployed-rule';
import type { Scheduler, ScheduledScope } from '../schedulers/scheduler';
import type { Rule } from '../detections/rule';
import { allAlerts } from './all-alerts';
import { ancestorsOf, storedIds, type Alert } from '../schedulers/alert-index-search';

/** An event of a group without alert. Times are milliseconds since 1970; null where the event does not say. */
export interface UnalertedEvent {
  readonly index: string;
  readonly id: string;
  readonly time: number | null;
  readonly ingested: number | null;
}

/** Why an alert may be missing; scripts may rely on the codes. */
export interface Reason {
  readonly code:
    | 'not_deployed'
    | 'disabled'
    | 'never_run'
    | 'not_run'
    | 'run_failed'
    | 'gap'
    | 'no_ingested'
    | 'no_timestamp'
    | 'late'
    | 'unknown';
  readonly message: string;
}

const DAY = 86_400_000;

/** When an event could be seen first. */
export function arrival({ ingested, time }: UnalertedEvent): number {
  return ingested ?? time ?? 0;
}

/**
 * What is known of why the events of a group have no alert, the surest first.
 *
 *   what                                                | code
 *   ----------------------------------------------------|-------------------------
 *   the rule is not on the scheduler, or not enabled    | not_deployed, disabled
 *   it never ran, or not since the event came in        | never_run, not_run
 *   its last run failed, or left a gap                  | run_failed, gap
 *   the event lacks what windows rest on                | no_ingested, no_timestamp
 *   it came in later than the rule looks back           | late
 *   none of these, or only the last                     | unknown
 */
export function reasonsOf(
  scheduler: Scheduler,
  deployedQuery: DeployedQuery,
  events: readonly UnalertedEvent[],
  now: number,
): Reason[] {
  const reasons = [...ofRule(scheduler, deployedQuery, events, now), ...ofEvents(deployedQuery, events)];
  // Windows rest on event.ingested: an event that is late is missed only by a scheduler that began later still.
  if (reasons.some(({ code }) => code !== 'late')) return reasons;
  const message = `nothing else says why: the alert may have been deleted${deployedQuery.state === null ? '' : scheduler.otherSilencers}, or the event was there before the rule, which looks back only so far`;
  return [...reasons, { code: 'unknown', message }];
}

function ofRule(
  scheduler: Scheduler,
  deployedQuery: DeployedQuery,
  events: readonly UnalertedEvent[],
  now: number,
): Reason[] {
  const { state } = deployedQuery;
  if (state === null) return [{ code: 'not_deployed', message: 'the rule is not on this scheduler' }];
  const reasons: Reason[] = [];
  if (!state.enabled) reasons.push({ code: 'disabled', message: 'the rule is disabled' });
  const upTo = scheduler.processedUntil(deployedQuery, now);
  const latest = most(events.map(arrival));
  if (upTo === undefined && scheduler.reportsRuns) {
    reasons.push({ code: 'never_run', message: 'the rule has never run to its end' });
  } else if (upTo !== undefined && latest > upTo) {
    const message = `came in at ${toIso(latest)}; the rule has looked up to ${toIso(upTo)}, and has not run since or failed`;
    reasons.push({ code: 'not_run', message });
  }
  const { result = '', message = '', gap = 0 } = state.execution ?? {};
  if (hasFailed(state.execution)) {
    const suffix = message === '' ? '' : `: ${message}`;
    reasons.push({ code: 'run_failed', message: `the last run of the rule ended in ${result}${suffix}` });
  }
  if (gap > 0) {
    reasons.push({ code: 'gap', message: `nothing ran for ${describeDuration(gap)} before the last run` });
  }
  return reasons;
}

/** Of a list that may be too long to be the arguments of a call. */
function most(numbers: readonly number[]): number {
  return numbers.reduce((one, other) => Math.max(one, other), 0);
}

function long(milliseconds: number): string {
  return milliseconds < 2 * DAY ? describeDuration(milliseconds) : `${Math.round(milliseconds / DAY)} days`;
}

function ofEvents({ rule }: DeployedQuery, events: readonly UnalertedEvent[]): Reason[] {
  const reasons: Reason[] = [];
  if (events.some(({ ingested }) => ingested === null)) {
    const message = 'has no event.ingested: it is looked for by its @timestamp, and only for a day';
    reasons.push({ code: 'no_ingested', message });
  }
  if (events.some(({ time }) => time === null)) {
    reasons.push({ code: 'no_timestamp', message: 'has no @timestamp' });
  }
  const lookback = parseDuration(rule.schedule.lookback) ?? 0;
  const delays = events.map(({ time, ingested }) => (time === null || ingested === null ? 0 : ingested - time));
  const delay = most(delays);
  if (delay > lookback) {
    const message = `came in ${long(delay)} after it happened, later than the look-back of ${rule.schedule.lookback}`;
    reasons.push({ code: 'late', message });
  }
  return reasons;
}

/** Whether an event has its alert: by its group, or by itself. */
interface Covered {
  /** `_id`s of the alerts of groups. */
  readonly groups: ReadonlySet<string>;
  /** `<index>/<id>` of events that alerts name. */
  readonly events: ReadonlySet<string>;
}

interface Period {
  readonly from: number;
  readonly to: number;
}

/**
 * The alerts that there are for some groups.
 *
 *   scheduler           | an event has its alert when
 *   --------------------|-----------------------------------------------------------------
 *   local, watcher      | the alert index has one of its group
 *   opensearch-alerting | the plugin holds one of its group, or the alert index has one
 *   kibana              | an alert names it among its ancestors
 * @param groups the `_id`s that the alerts of these groups have
 */
export async function findCovered(
  scope: ScheduledScope,
  rule: Rule,
  groups: readonly string[],
  { from, to }: Period,
): Promise<Covered> {
  const { cluster, namespace, scheduler } = scope;
  const stored = await storedIds(cluster, namespace, groups);
  if (!scheduler.keepsAlerts) return { groups: stored, events: new Set() };
  // An alert of a group lasts, so it may have begun before.
  const { kept } = await allAlerts(scope, [rule], { namespace, rule: rule.uuid, from, to });
  const own = kept.map(({ alert }) => alert);
  const events = own.flatMap(eventsOf);
  const named = own.map(({ _id }) => _id);
  return { groups: new Set([...stored, ...named]), events: new Set(events) };
}

function eventsOf(alert: Alert): string[] {
  return ancestorsOf(alert).map(({ index, id }) => `${index}/${id}`);
}
