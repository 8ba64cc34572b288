import { presentUser } from '../cluster/privileges';
import type { Cluster } from '../cluster/cluster';
import { ProblemError } from '../errors';
import { namesOf, type Verb } from '../schedulers/request-table';
import { elasticsearchNeeds, requestsOfVerb, type For } from './roles';

/** Without them Elasticsearch does not refuse a request with patterns, or one that ignores what is not there: it answers that there is nothing. */
const HIDING: ReadonlySet<string> = new Set(['read', 'view_index_metadata']);

/**
 * Makes sure that Elasticsearch does not hide from the present user what a command reads.
 *
 *   what is hidden                                  | what happens
 *   ------------------------------------------------|------------------------------
 *   our own data streams, alerts and state          | an error: the command would take them for empty
 *   other indices that the rules read               | a note: they may not be there at all
 *
 * @param note told of what rules do not see
 * @throws ProblemError FORBIDDEN with every privilege that is missing
 */
export async function requireVisible(
  cluster: Cluster,
  verb: Verb,
  asked: For,
  note: (line: string) => void,
): Promise<void> {
  if (cluster.product !== 'elasticsearch') return;
  const needs = elasticsearchNeeds(requestsOfVerb(verb, asked.scheduler), asked).indices;
  const indices = needs.flatMap(({ names, privileges }) => {
    const hiding = privileges.filter((privilege) => HIDING.has(privilege));
    return hiding.length === 0 ? [] : [{ names, privileges: hiding }];
  });
  if (indices.length === 0) return;
  const { missing } = (await presentUser(cluster, { cluster: [], indices })) ?? { missing: [] };
  const own = new Set((['streams', 'alerts', 'state'] as const).flatMap((names) => namesOf(names, asked)));
  const events = new Set(namesOf('events', asked).filter((name) => !own.has(name)));
  const problems = missing.flatMap(({ privilege, names }) => {
    const ours = names.filter((name) => !events.has(name));
    const message = `you do not have the privilege ${privilege} on ${ours.join(', ')}; Elasticsearch would show nothing there`;
    const hint = 'Compare your role with the one that `wmi-detections doctor --roles` prints.';
    return ours.length === 0 ? [] : [{ where: { url: cluster.url }, message, hint }];
  });
  if (problems.length > 0) throw new ProblemError('FORBIDDEN', problems);
  const unseen = [...new Set(missing.flatMap(({ names }) => names))];
  if (unseen.length > 0) note(`You may not read ${unseen.join(', ')}: nothing that is there is seen.`);
}
