import { dataStream, streamNames } from '../resources/data-stream';
import { detectionRule } from '../resources/detection-rule';
import { namespacesIn, spacesOf } from '../resources/kibana-rule';
import type { Kind, KindName, Scope } from '../resources/kind';
import { monitorNamespaces } from '../resources/monitor-find';
import { plainIndex } from '../resources/plain-index';
import { namespacesOfWatches } from '../resources/watch';
import { alertIndex, OWN_DATASETS, stateIndex, UNRECOGNISED_DATASET } from '../rules/indices';
import { seesAlerting } from '../target/alerting';
import { request } from '../target/target';
import { makePlan, planFrom, type Plan, type Step } from './plan';

/** What stays, and why. */
export interface Kept {
  readonly kind: string;
  readonly id: string;
  readonly reason: string;
}

/** Patterns, because a server answers 404 to a list of names as soon as one of them is not there. */
const OUR_STREAMS = [...OWN_DATASETS, UNRECOGNISED_DATASET].map((dataset) => `logs-${dataset}-*`);

/** Kinds that all namespaces share. */
const SHARED: readonly KindName[] = ['index_template', 'ingest_pipeline', 'component_template'];

/**
 * What `destroy` would remove from a namespace: its rules; with `withData` its events, alerts and state as well.
 *
 * Pipelines and templates are shared by all namespaces, and a data stream whose pipeline is gone refuses every event. So
 * they go only when no data stream of ours and no other namespace with rules is left.
 * @throws ProblemError when the cluster cannot be read
 */
export async function makeDestroyPlan(
  scope: Scope,
  options: { withData: boolean },
): Promise<{ plan: Plan; kept: Kept[] }> {
  const all = await makePlan(scope, { resources: [], rules: [] }, { prune: true });
  const data = options.withData ? await dataSteps(scope) : [];
  const doomed = new Set(data.map(({ change }) => change.id));
  const users = (await usersOfShared(scope)).filter((user) => !doomed.has(user));
  const isShared = ({ kind }: Step): boolean => SHARED.includes(kind.name);
  const kept = users.length === 0 ? [] : all.steps.filter(isShared);
  const rest = all.steps.filter((step) => !kept.includes(step));
  const reason = `used by ${users.slice(0, 3).join(', ')}${users.length > 3 ? ` and ${users.length - 3} more` : ''}`;
  // Data before the templates that it is made from: a template in use is not deleted by any server.
  const steps = [...rest.filter((step) => !isShared(step)), ...data, ...rest.filter(isShared)];
  return {
    plan: planFrom(steps, kept.length, []),
    kept: kept.map(({ change: { kind, id } }) => ({ kind, id, reason })),
  };
}

async function dataSteps({ target, namespace }: Scope): Promise<Step[]> {
  const own = [...OWN_DATASETS, UNRECOGNISED_DATASET].map((dataset) => `logs-${dataset}-${namespace}`);
  const streams = (await streamNames(target, OUR_STREAMS)).filter((name) => own.includes(name));
  const indices = await plainIndex.list({ target, namespace }, [alertIndex(namespace), stateIndex(namespace)]);
  const made = indices.filter(({ ours }) => ours);
  return [
    ...streams.map((id) => deletion(dataStream, namespace, id)),
    ...made.map(({ id }) => deletion(plainIndex, namespace, id)),
  ];
}

function deletion(kind: Kind, namespace: string, id: string): Step {
  return { kind, namespace, change: { kind: kind.name, id, action: 'delete', diff: '' } };
}

/**
 * What needs the shared pipelines and templates: data streams of ours, and the rules that stay, on any scheduler that can be
 * seen from here.
 */
async function usersOfShared(scope: Scope): Promise<string[]> {
  const streams = await streamNames(scope.target, OUR_STREAMS);
  const rules = [
    ...(await localNamespaces(scope)).map((namespace) => ({ namespace, scheduler: 'local' })),
    ...(await kibanaNamespaces(scope)).map((namespace) => ({ namespace, scheduler: 'kibana' })),
    ...[...(await namespacesOfWatches(scope.target))].map((namespace) => ({ namespace, scheduler: 'watcher' })),
    ...(await alertingNamespaces(scope)).map((namespace) => ({ namespace, scheduler: 'opensearch-alerting' })),
  ];
  const doomed = scope.scheduler ?? 'local';
  const stay = rules.filter(({ namespace, scheduler }) => namespace !== scope.namespace || scheduler !== doomed);
  const named = stay.map(({ namespace, scheduler }) =>
    namespace === scope.namespace ? `the rules of scheduler ${scheduler}` : `the rules of namespace ${namespace}`,
  );
  return [...streams, ...new Set(named)];
}

/** The namespaces with rules of the local scheduler. */
async function localNamespaces({ target }: Scope): Promise<string[]> {
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
async function kibanaNamespaces(scope: Scope): Promise<string[]> {
  const found: string[] = [];
  for (const space of spacesOf(scope)) {
    if (scope.kibana !== undefined) found.push(...(await namespacesIn(scope.kibana.server, space)));
  }
  return [...new Set(found)];
}

/** The namespaces whose rules are monitors; none where the plugin is missing or closed to us. */
async function alertingNamespaces({ target }: Scope): Promise<string[]> {
  return (await seesAlerting(target)) ? [...(await monitorNamespaces(target))] : [];
}
