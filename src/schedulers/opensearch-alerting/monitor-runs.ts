import type { Cluster } from '../../cluster/cluster';
import { isRecord, type JsonRecord } from '../../json';
import { parseDuration } from '../../text/duration';
import { toIso } from '../../text/time';
import type { Scope } from '../../resources/kind';
import { cadenceOf, isOverdue, type Execution, type RuleState } from '../deployed-rule';
import { ourMonitors, type Found } from './find-monitors';
import { isLeft, ownerOf, ruleOf } from './monitor-ownership';
import { LOCKS } from './plugin';
import { newestAlert } from './plugin-alerts';

/** After this the plugin takes a lock away from a run (LOCK_EXPIRED_MINUTES of its source). Milliseconds. */
const LOCK_EXPIRES = 5 * 60_000;

/** As many as there may be monitors. */
const MOST_LOCKS = 10_000;

interface Lock {
  /** When the run began, milliseconds since 1970. */
  readonly time: number;
  readonly released: boolean;
}

/**
 * The locks by monitor.
 * @returns none where no monitor has run by its schedule yet; undefined where they are hidden from this user: the security plugin
 *   answers a search in its system indices with nothing
 */
async function readLocks({ client }: Cluster): Promise<ReadonlyMap<string, Lock> | undefined> {
  const { statusCode, body } = await client.search<JsonRecord>(
    { index: LOCKS, size: MOST_LOCKS },
    { ignore: [400, 401, 403, 404, 503], meta: true },
  );
  if (statusCode === 404) return new Map();
  const hits = statusCode === 200 ? body.hits.hits : [];
  const locks = hits.flatMap(({ _source: lock }): [string, Lock][] => {
    const { scheduled_job_id: id, lock_time: seconds, released } = lock ?? {};
    if (typeof id !== 'string' || typeof seconds !== 'number') return [];
    return [[id, { time: seconds * 1_000, released: released === true }]];
  });
  return locks.length === 0 ? undefined : new Map(locks);
}

/**
 * How the monitors of a namespace are doing. The plugin says nothing of a run but by its lock, which tells when it began and
 * whether it ended; that a run failed is in no place that can be read, see `tryDeployed`.
 *
 *   lock                                   | state
 *   ---------------------------------------|-----------------------------------------------------------
 *   given back                             | ran at that time
 *   taken, older than two intervals        | failed: the run has not ended
 *   none, while other monitors have theirs | never run, once the monitor is older than two intervals
 *   hidden                                 | ran when it raised its newest alert, if that is no older than two intervals;
 *                                          | else not known
 * @param now milliseconds since 1970
 */
export async function monitorRuleStates({ cluster, namespace }: Scope, now: number): Promise<RuleState[]> {
  const found = (await ourMonitors(cluster)).filter(
    ({ monitor }) => ownerOf(monitor)?.namespace === namespace && !isLeft(monitor),
  );
  if (found.length === 0) return [];
  const locks = await readLocks(cluster);
  const states: RuleState[] = [];
  for (const each of found) {
    const newest = locks === undefined ? await newestAlert(cluster, each.id) : undefined;
    states.push(stateOf(each, { locks, newest }, now));
  }
  return states;
}

/** What there is to tell the runs of a monitor by. */
interface Traces {
  readonly locks: ReadonlyMap<string, Lock> | undefined;
  /** When its newest alert was raised, milliseconds since 1970. */
  readonly newest: number | undefined;
}

function stateOf({ id, monitor }: Found, { locks, newest }: Traces, now: number): RuleState {
  const rule = ruleOf(monitor);
  const interval = intervalOf(monitor);
  const enabled = monitor.enabled !== false;
  const lock = locks?.get(id);
  const alerted = newest !== undefined && !isOverdue(now - newest, every(interval)) ? newest : undefined;
  const execution =
    lock !== undefined
      ? executionOf(lock, interval, now)
      : alerted === undefined
        ? null
        : { at: toIso(alerted), result: 'raised an alert', message: '', gap: 0 };
  const cadence = cadenceOf({ interval, enabled, execution }, now);
  const isNew = now - Number(monitor.enabled_time ?? 0) < 2 * every(interval) + LOCK_EXPIRES;
  return {
    uuid: ownerOf(monitor)?.id ?? '',
    name: rule?.name ?? String(monitor.name),
    version: rule?.version ?? 0,
    scheduler: 'opensearch-alerting',
    space: null,
    ...cadence,
    overdue: cadence.overdue && locks !== undefined && !(lock === undefined && isNew),
    ...(locks === undefined && alerted === undefined && enabled && { runsUnknown: hidden(newest) }),
  };
}

function hidden(newest: number | undefined): string {
  const last = newest === undefined ? 'it has no alert' : `its newest alert is of ${toIso(newest)}`;
  return `whether it runs is not known: ${LOCKS} cannot be read with these credentials, and ${last}. \`status --try-rules\` runs it once without storing an alert`;
}

function executionOf({ time, released }: Lock, interval: string | null, now: number): Execution {
  const at = toIso(time);
  const stuck = !released && isOverdue(now - time, Math.max(every(interval), LOCK_EXPIRES));
  if (!stuck) return { at, result: released ? 'ended' : 'running', message: '', gap: 0 };
  const message = 'this run has not ended; if none does, only a restart of the node that it runs on ends it';
  return { at, result: 'failed', message, gap: 0 };
}

/** Milliseconds. */
function every(interval: string | null): number {
  return interval === null ? 0 : (parseDuration(interval) ?? 0);
}

function intervalOf({ schedule }: JsonRecord): string | null {
  const period = isRecord(schedule) ? schedule.period : undefined;
  if (!isRecord(period)) return null;
  return `${String(period.interval)}${String(period.unit).charAt(0).toLowerCase()}`;
}
