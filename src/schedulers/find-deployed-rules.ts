import { stateIndex } from '../detections/indices';
import { seesAlerting } from './opensearch-alerting/plugin';
import { request, type Cluster } from '../cluster/cluster';
import { detectionRule } from './local/rule-kind';
import { namespacesIn, spacesOf } from './kibana/rule-kind';
import type { Scheduler, Scope } from '../resources/kind';
import { monitorNamespaces } from './opensearch-alerting/find-monitors';
import { namespacesOfWatches } from './watcher/watch-kind';

/** The rules of one namespace on one scheduler. */
export interface RulesFound {
  readonly namespace: string;
  /** In words: which rules run where. */
  readonly where: string;
  /** That they stand where they are not touched from the scope: it leaves the space out, or may not look into it. */
  readonly apart?: 'written down' | 'maybe' | undefined;
}

type Find = (scope: Scope, only: string | undefined) => Promise<readonly RulesFound[]>;

const FIND: Readonly<Record<Scheduler, Find>> = {
  local: onLocal,
  kibana: onKibana,
  'opensearch-alerting': onAlerting,
  watcher: onWatcher,
};

/**
 * The rules on a scheduler, as far as they can be seen from a scope.
 * @param only the namespace that is asked for; all where not given
 */
export async function findDeployedRules(scheduler: Scheduler, scope: Scope, only?: string): Promise<RulesFound[]> {
  const found = await FIND[scheduler](scope, only);
  return found.filter(({ namespace }) => only === undefined || namespace === only);
}

async function onLocal({ cluster }: Scope, only: string | undefined): Promise<RulesFound[]> {
  const found: RulesFound[] = [];
  for (const namespace of only === undefined ? await namespacesWithState(cluster) : [only]) {
    const ours = (await detectionRule.list({ cluster, namespace }, [])).filter((rule) => rule.ours);
    const where = `rules of namespace ${namespace} (${ours.length}) run on the scheduler local of this cluster`;
    if (ours.length > 0) found.push({ namespace, where });
  }
  return found;
}

async function namespacesWithState(cluster: Cluster): Promise<string[]> {
  const { body } = await request<Record<string, unknown>>(cluster, {
    method: 'GET',
    path: `/${stateIndex('*')}/_mapping`,
    query: { ignore_unavailable: true, allow_no_indices: true },
    allow: [404],
  });
  const indices = Object.keys(body).filter((name) => name.startsWith(stateIndex('')));
  return indices.map((name) => name.slice(stateIndex('').length));
}

/** None where no Kibana is connected. A space that is closed to us may hold rules. */
async function onKibana(scope: Scope): Promise<RulesFound[]> {
  const { namespace, kibana } = scope;
  if (kibana === undefined) return [];
  const spaces = new Map<string, string[]>();
  const apart: RulesFound[] = (kibana.otherSpaces ?? []).map((space) => ({
    namespace,
    where: `rules of namespace ${namespace} were deployed to Kibana (space ${space}), where they are not seen from here`,
    apart: 'written down',
  }));
  for (const space of spacesOf(scope)) {
    const found = await namespacesIn(kibana.server, space);
    const where = `whether rules of namespace ${namespace} run in Kibana (space ${space}) cannot be seen: it is closed to this user`;
    if (found === undefined) apart.push({ namespace, where, apart: 'maybe' });
    for (const each of found ?? []) spaces.set(each, [...(spaces.get(each) ?? []), space]);
  }
  const seen = [...spaces].map(([each, names]) => ({
    namespace: each,
    where: `rules of namespace ${each} run in Kibana (space ${names.join(', ')})`,
  }));
  return [...seen, ...apart];
}

/** None where the plugin is missing or closed to us. */
async function onAlerting({ cluster }: Scope): Promise<RulesFound[]> {
  if (!(await seesAlerting(cluster))) return [];
  return [...(await monitorNamespaces(cluster))].map((namespace) => ({
    namespace,
    where: `rules of namespace ${namespace} run as monitors of OpenSearch Alerting on this cluster`,
  }));
}

async function onWatcher({ cluster }: Scope): Promise<RulesFound[]> {
  return [...(await namespacesOfWatches(cluster))].map((namespace) => ({
    namespace,
    where: `rules of namespace ${namespace} run as watches of this cluster`,
  }));
}
