import type { JsonRecord } from '../json';
import type { DeployedQuery } from '../schedulers/deployed-rule';
import type { Content } from '../resources/kind';
import { anyOf, toQueryDsl } from '../sigma/compile/query-dsl';
import { sourceFields } from '../schedulers/group-summary';
import { groupOf, TIME_FIELDS, type Group, type Hit } from '../detections/group';
import { readMatches } from '../cluster/search-all';
import { toIso } from '../text/time';
import { type Cluster } from '../cluster/cluster';
import { findCovered, arrival, reasonsOf, type UnalertedEvent, type Reason } from './missing';
import type { ScheduledScope, Scheduler } from '../schedulers/scheduler';
import { untyped } from '../cluster/untyped';

/** A group that should have an alert. */
export interface MissingAlert {
  /** The group's fields; null where its events have none. */
  readonly group: Readonly<Record<string, string | null>>;
  /** Its events without alert: how many, and the first of them. */
  readonly events: number;
  readonly first: { readonly index: string; readonly id: string; readonly time: string | null };
  /** When the last of them happened. */
  readonly last: string | null;
  readonly reasons: readonly Reason[];
}

export interface RuleReconciliation {
  readonly uuid: string;
  readonly name: string;
  readonly slug: string;
  /** Events of the period that match, exceptions left out. */
  readonly events: number;
  /** Groups that they make: those with alert, those that the next run will see, and those that are missing. */
  readonly groups: number;
  readonly alerted: number;
  readonly pending: number;
  /** Events that an exception silences, which are to have no alert. */
  readonly silenced: number;
  readonly missing: readonly MissingAlert[];
}

/** Event time, milliseconds since 1970, half-open. */
export interface Period {
  readonly from: number;
  readonly to: number;
}

/**
 * Holds the events of a period that match each rule against the alerts that there are, whatever runs the rules. Nothing is
 * written.
 *
 * An event that came in after the rule last looked, while that keeps its schedule, is pending and not missing.
 * @param now the cluster's time, milliseconds since 1970
 */
export async function reconcile(
  scope: ScheduledScope,
  content: Content,
  { from, to, now }: Period & { now: number },
): Promise<RuleReconciliation[]> {
  const found: RuleReconciliation[] = [];
  // One after the other: a question by a person must not crowd out what the cluster is there for.
  for (const deployedQuery of await scope.scheduler.deployedQueries(scope, content, now)) {
    found.push(await reconcileRule(scope, deployedQuery, { from, to }, now));
  }
  return found;
}

interface Seen {
  readonly group: Group;
  readonly events: UnalertedEvent[];
}

async function reconcileRule(
  scope: ScheduledScope,
  deployedQuery: DeployedQuery,
  period: Period,
  now: number,
): Promise<RuleReconciliation> {
  const { rule } = deployedQuery;
  const { events, groups } = await groupsOf(scope.cluster, deployedQuery, period);
  const { groups: alertedGroups, events: alertedEvents } = await findCovered(scope, rule, [...groups.keys()], period);
  const upTo = scope.scheduler.processedUntil(deployedQuery, now);
  const onTime = deployedQuery.state?.enabled === true && !deployedQuery.state.overdue;
  const willBeSeen = (event: UnalertedEvent): boolean => onTime && (upTo === undefined || arrival(event) > upTo);
  let [alerted, pending] = [0, 0];
  const missing: MissingAlert[] = [];
  for (const [id, { group, events: all }] of groups) {
    const lone = alertedGroups.has(id)
      ? []
      : all.filter(({ index, id: event }) => !alertedEvents.has(`${index}/${event}`));
    const lost = lone.filter((event) => !willBeSeen(event));
    if (lone.length === 0) alerted += 1;
    else if (lost.length === 0) pending += 1;
    else missing.push(missingOf(scope.scheduler, deployedQuery, group, lost, now));
  }
  return {
    uuid: rule.uuid,
    name: rule.name,
    slug: rule.slug,
    events,
    groups: groups.size,
    alerted,
    pending,
    silenced: await silenced(scope.cluster, deployedQuery, period),
    missing: missing.sort((left, right) => ((left.first.time ?? '') < (right.first.time ?? '') ? -1 : 1)),
  };
}

function missingOf(
  scheduler: Scheduler,
  deployedQuery: DeployedQuery,
  { values }: Group,
  lost: readonly UnalertedEvent[],
  now: number,
): MissingAlert {
  const sorted = [...lost].sort((left, right) => (left.time ?? 0) - (right.time ?? 0));
  const [first, last] = [sorted[0], sorted.at(-1)];
  return {
    group: Object.fromEntries(deployedQuery.rule.groupBy.map((field, index) => [field, values[index] ?? null])),
    events: lost.length,
    first: { index: first?.index ?? '', id: first?.id ?? '', time: first?.time == null ? null : toIso(first.time) },
    last: last?.time == null ? null : toIso(last.time),
    reasons: reasonsOf(scheduler, deployedQuery, lost, now),
  };
}

async function groupsOf(
  cluster: Cluster,
  { rule, query: deployedQuery, indices }: DeployedQuery,
  period: Period,
): Promise<{ events: number; groups: Map<string, Seen> }> {
  const groups = new Map<string, Seen>();
  let events = 0;
  const query = { bool: { filter: [deployedQuery, within(period)] } };
  for await (const hits of readMatches(cluster, {
    indices,
    query,
    source: sourceFields({ rule }),
    dates: TIME_FIELDS,
  })) {
    events += hits.length;
    for (const hit of hits) {
      const group = groupOf(rule, hit);
      const seen = groups.get(group.id) ?? { group, events: [] };
      seen.events.push(unalertedEventOf(hit));
      groups.set(group.id, seen);
    }
  }
  return { events, groups };
}

function unalertedEventOf(hit: Hit): UnalertedEvent {
  const [time, ingested] = TIME_FIELDS.map((field) => {
    const read = Date.parse(String(hit.fields?.[field]?.[0]));
    return Number.isNaN(read) ? null : read;
  });
  return { index: hit._index, id: hit._id, time: time ?? null, ingested: ingested ?? null };
}

/** Events that the rule without its exceptions would find. */
async function silenced(cluster: Cluster, { rule, query, indices }: DeployedQuery, period: Period): Promise<number> {
  const { hits } = await cluster.client.search({
    index: [...indices],
    ignore_unavailable: true,
    allow_no_indices: true,
    allow_partial_search_results: false,
    size: 0,
    track_total_hits: true,
    query: untyped({ bool: { filter: [toQueryDsl(rule), within(period)], must_not: [query] } }),
  });
  return typeof hits.total === 'number' ? hits.total : (hits.total?.value ?? 0);
}

/** What has no @timestamp happened when it came in. */
function within({ from, to }: Period): JsonRecord {
  const range = (field: string) => ({ range: { [field]: { gte: toIso(from), lt: toIso(to) } } });
  const timeless = { bool: { filter: [range('event.ingested')], must_not: [{ exists: { field: '@timestamp' } }] } };
  return anyOf([range('@timestamp'), timeless]);
}
