import type { Cluster } from '../cluster/cluster';
import { alertIndex, stateIndex } from '../detections/indices';
import { isNamed, type Rule } from '../detections/rule';
import { ProblemError } from '../errors';
import type { ScheduledScope } from '../schedulers/scheduler';
import { suggestion } from '../text/suggest';
import { readIndexStates, stateSpots } from '../visibility/index-states';

/**
 * Makes sure that there is something to ask for alerts: "no alerts" would be no answer in a namespace that is mistyped, or where
 * the index is closed, which a search passes over.
 * @throws ProblemError USAGE when nothing was ever deployed there; REFUSED when an index is closed
 */
export async function requireNamespace(scope: ScheduledScope): Promise<void> {
  const { cluster, namespace, scheduler } = scope;
  const states = await readIndexStates(cluster, [alertIndex(namespace), stateIndex(namespace)]);
  const closed = stateSpots(states).filter(({ code }) => code === 'closed_index');
  if (closed.length > 0) {
    const problems = closed.map(({ index, fix }) => ({
      where: { url: `${cluster.url}/${index}` },
      message: `${index} is closed, so that its alerts cannot be read`,
      hint: fix,
    }));
    throw new ProblemError('REFUSED', problems);
  }
  if (states.size > 0) return;
  // Rules that are stored on the cluster would be in one of the two; others may be anywhere.
  const isElsewhere = scheduler.storedRules === undefined;
  if (isElsewhere && (await scheduler.findDeployedRules(scope, namespace)).length > 0) return;
  const known = await knownNamespaces(cluster);
  const hint = known.length === 0 ? 'Run `wmi-detections deploy` first.' : suggestion(namespace, known);
  throw new ProblemError('USAGE', [
    { where: { url: cluster.url }, message: `nothing was ever deployed in namespace "${namespace}"`, hint },
  ]);
}

/** The namespaces with state or alerts, as far as this user may see them. */
async function knownNamespaces({ client }: Cluster): Promise<string[]> {
  const [alerts, state] = [alertIndex(''), stateIndex('')];
  const { statusCode, body } = await client.indices.getMapping(
    {
      index: [`${alerts}*`, `${state}*`],
      ignore_unavailable: true,
      allow_no_indices: true,
      filter_path: '*.mappings.dynamic',
    },
    { ignore: [403, 404], meta: true },
  );
  const names = statusCode === 200 ? Object.keys(body) : [];
  return [...new Set(names.map((name) => name.slice((name.startsWith(alerts) ? alerts : state).length)))].sort();
}

/**
 * What a filter by rule compares with: alerts have the id and the name of their rule.
 * @param word id, name or file name of a rule, in any case
 */
export function ruleFilter(word: string | undefined, rules: readonly Rule[]): string | undefined {
  const lower = word?.toLowerCase();
  return rules.find(({ slug }) => slug.toLowerCase() === lower)?.uuid ?? word;
}

/**
 * Makes sure that a filter by rule that found nothing names a rule at all.
 * @throws ProblemError USAGE where neither a rule nor an alert has that name
 */
export function requireRule(word: string, rules: readonly Rule[]): void {
  if (rules.some((rule) => isNamed(rule, word))) return;
  throw new ProblemError('USAGE', [
    {
      message: `there is no rule "${word}", and no alert of such a rule`,
      hint: suggestion(
        word,
        rules.map(({ slug }) => slug),
      ),
    },
  ]);
}
