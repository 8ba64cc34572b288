import type { JsonRecord } from '../json';
import { anyOf } from '../sigma/compile/query-dsl';
import type { ExecutableRule } from './deployed-rule';
import type { Cluster } from '../cluster/cluster';
import { groupOf, timeOf, TIME_FIELDS, type Group, type Hit } from '../detections/group';
import { readMatches } from '../cluster/search-all';
import { onDay } from '../detections/windows';

/** What is known of a group over all its events. Times are milliseconds since 1970. */
export interface GroupSummary {
  readonly group: Group;
  readonly count: number;
  readonly first: number;
  readonly last: number;
  /** `_source` of the first event, as far as it is fetched. */
  readonly source: JsonRecord;
  /** The first events, at most 100. */
  readonly ancestors: readonly Ancestor[];
}

/** One of the events of an alert. */
export interface Ancestor {
  readonly index: string;
  readonly id: string;
}

interface Seen extends Ancestor {
  readonly time: number;
}

interface Tally {
  count: number;
  last: number;
  first: Seen;
  source: JsonRecord;
  earliest: Seen[];
}

const MOST_ANCESTORS = 100;

/** Above this many groups a prefilter costs more than it saves. */
const MOST_TERMS = 1_000;

/** The one field of a process that tells most groups apart, and whose values mean the same as number and as text. */
const PREFILTER = 'process.pid';

/** Of a document only what makes up a group, its message, its risk objects and the alert. */
export function sourceFields({ rule }: Pick<ExecutableRule, 'rule'>): string[] {
  return [...new Set([...rule.groupBy, '@timestamp', 'host.id', 'host.name', 'process', 'user'])];
}

/**
 * Reads all events of some groups of one day, not only those of a window, and counts them.
 * @param groups by id, all of the same day
 */
export async function readGroupSummaries(
  cluster: Cluster,
  stored: ExecutableRule,
  groups: ReadonlyMap<string, Group>,
): Promise<GroupSummary[]> {
  const [any] = groups.values();
  if (any === undefined) return [];
  const tallies = new Map<string, Tally>();
  const query = { bool: { filter: [stored.query, onDay(any.day), ...prefilter(stored, groups)] } };
  const search = { indices: stored.indices, query, source: sourceFields(stored), dates: TIME_FIELDS };
  for await (const hits of readMatches(cluster, search)) {
    for (const hit of hits) {
      // The search finds more than these groups: whether an event belongs to one is decided here, by the same code as ever.
      const { id } = groupOf(stored.rule, hit);
      if (groups.has(id)) tallies.set(id, add(tallies.get(id), hit));
    }
  }
  return [...groups.values()].flatMap((group) => {
    const tally = tallies.get(group.id);
    return tally === undefined ? [] : [summaryOf(group, tally)];
  });
}

function add(tally: Tally | undefined, hit: Hit): Tally {
  const seen: Seen = { time: timeOf(hit) ?? 0, index: hit._index, id: hit._id };
  if (tally === undefined) {
    return { count: 1, last: seen.time, first: seen, source: hit._source ?? {}, earliest: [seen] };
  }
  tally.count += 1;
  tally.last = Math.max(tally.last, seen.time);
  if (compare(seen, tally.first) < 0) {
    tally.first = seen;
    tally.source = hit._source ?? {};
  }
  tally.earliest.push(seen);
  if (tally.earliest.length > 4 * MOST_ANCESTORS) tally.earliest = earliest(tally.earliest);
  return tally;
}

function summaryOf(group: Group, tally: Tally): GroupSummary {
  const ancestors = earliest(tally.earliest).map(({ index, id }) => ({ index, id }));
  return { group, count: tally.count, first: tally.first.time, last: tally.last, source: tally.source, ancestors };
}

function earliest(seen: readonly Seen[]): Seen[] {
  return [...seen].sort(compare).slice(0, MOST_ANCESTORS);
}

/** By time; then by something that does not depend on the order in which the engine gives them. */
function compare(left: Seen, right: Seen): number {
  const [a, b] = [`${left.index}/${left.id}`, `${right.index}/${right.id}`];
  return left.time - right.time || (a < b ? -1 : a > b ? 1 : 0);
}

/**
 * A clause that all events of these groups meet, and few others; none where there is no safe one. It may only ever let too
 * many through: so it takes in every document in which the field is not indexed, and is left out when a value is no plain
 * number (an empty text, for one, is no value to us and a value to a keyword field).
 */
function prefilter({ rule }: ExecutableRule, groups: ReadonlyMap<string, Group>): Record<string, unknown>[] {
  const position = rule.groupBy.indexOf(PREFILTER);
  if (position < 0 || groups.size > MOST_TERMS) return [];
  const values = [...groups.values()].map((group) => group.values[position] ?? '');
  if (!values.every((value) => /^(0|[1-9]\d{0,8})$/.test(value))) return [];
  const terms = { terms: { [PREFILTER]: [...new Set(values)].map(Number) } };
  const notIndexed = { bool: { must_not: [{ exists: { field: PREFILTER } }] } };
  return [anyOf([terms, notIndexed])];
}

/**
 * The events of groups that another scheduler found. It names groups and not, or not all of, their events; an event is one of
 * them when the rule asks for it and it is of such a group.
 * @param rule as that scheduler was given it
 * @param messages what the alert of each group says, by the group's id
 * @returns what the alert says of each event, by the event's id
 */
export async function eventsOfGroups(
  cluster: Cluster,
  rule: ExecutableRule,
  messages: ReadonlyMap<string, string>,
): Promise<Map<string, string>> {
  const events = new Map<string, string>();
  const search = { indices: rule.indices, query: rule.query, source: sourceFields(rule), dates: TIME_FIELDS };
  for await (const hits of readMatches(cluster, search)) {
    for (const hit of hits) {
      const message = messages.get(groupOf(rule.rule, hit).id);
      if (message !== undefined) events.set(hit._id, message);
    }
  }
  return events;
}
