import type { ExecutableRule } from './stored-rule';
import type { Cluster } from '../cluster/cluster';
import { sourceFields } from './group-summary';
import { groupOf, TIME_FIELDS } from '../detections/group';
import { readMatches } from '../cluster/search-all';

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
