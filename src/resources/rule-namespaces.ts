import { stateIndex } from '../rules/indices';
import { seesAlerting } from '../target/alerting';
import { request } from '../target/target';
import { detectionRule } from './detection-rule';
import { namespacesIn, spacesOf } from './kibana-rule';
import type { Scheduler, Scope } from './kind';
import { monitorNamespaces } from './monitor-find';
import { namespacesOfWatches } from './watch';

/** The namespaces with rules on each scheduler, as far as they can be seen from a scope. */
export const RULE_NAMESPACES: Readonly<Record<Scheduler, (scope: Scope) => Promise<Iterable<string>>>> = {
  local: localNamespaces,
  kibana: kibanaNamespaces,
  watcher: ({ target }) => namespacesOfWatches(target),
  'opensearch-alerting': alertingNamespaces,
};

/** The namespaces with rules of the local scheduler. */
async function localNamespaces({ target }: Scope): Promise<Iterable<string>> {
  const { body } = await request<Record<string, unknown>>(target, {
    method: 'GET',
    path: `/${stateIndex('*')}/_mapping`,
    query: { ignore_unavailable: true, allow_no_indices: true },
    allow: [404],
  });
  const found: string[] = [];
  for (const index of Object.keys(body).filter((name) => name.startsWith(stateIndex('')))) {
    const namespace = index.slice(stateIndex('').length);
    const rules = await detectionRule.list({ target, namespace }, []);
    if (rules.some(({ ours }) => ours)) found.push(namespace);
  }
  return found;
}

/** The namespaces with rules in the spaces of Kibana; none where no Kibana is connected. */
async function kibanaNamespaces(scope: Scope): Promise<Iterable<string>> {
  const found: string[] = [];
  for (const space of spacesOf(scope)) {
    if (scope.kibana !== undefined) found.push(...(await namespacesIn(scope.kibana.server, space)));
  }
  return new Set(found);
}

/** The namespaces whose rules are monitors; none where the plugin is missing or closed to us. */
async function alertingNamespaces({ target }: Scope): Promise<Iterable<string>> {
  return (await seesAlerting(target)) ? monitorNamespaces(target) : [];
}
