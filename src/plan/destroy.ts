import { ourStreams } from '../resources/data-stream';
import type { Deployment } from './deployment';
import type { Applied } from './apply';
import { recordDeployment, type Operator } from './deploy';
import { openAlerts, refuseUnsafe } from './guard';
import { planFrom, type Plan, type Step } from './plan';

/** What stays, and why. */
export interface Kept {
  readonly kind: string;
  readonly id: string;
  readonly reason: string;
}

export interface Destroyed {
  readonly plan: Plan;
  readonly applied: Applied;
  readonly kept: readonly Kept[];
}

/**
 * Removes what is ours from a namespace. Events and alerts stay unless `withData`; so do the pipelines and templates that
 * they, or another namespace, need.
 * @throws ProblemError UNSAFE when nobody said yes
 */
export async function destroy(
  deployment: Deployment,
  operator: Operator,
  options: { withData: boolean; yes: boolean },
): Promise<Destroyed> {
  const { plan, kept } = await makeDestroyPlan(deployment, options);
  if (plan.steps.length > 0 && !options.yes) {
    const data = options.withData ? ', its events and alerts included' : '';
    const things = `This deletes ${plan.steps.length} things of ours from namespace ${deployment.namespace}${data}.`;
    const question = [things, ...(await openAlerts(deployment, plan))].join(' ');
    if (!(await operator.confirm(`${question} Go on?`))) refuseUnsafe(question);
  }
  const applied = await deployment.apply(plan, (change) => {
    operator.progress(`${change.kind}/${change.id}`);
  });
  await recordDeployment(deployment, applied, operator);
  return { plan, applied, kept };
}

/**
 * What `destroy` would remove from a namespace: its rules; with `withData` its events, alerts and state as well.
 *
 * Pipelines and templates are shared by all namespaces, and a data stream whose pipeline is gone refuses every event. So
 * they go only when no data stream of ours and no other namespace with rules is left.
 * @throws ProblemError when the cluster cannot be read
 */
export async function makeDestroyPlan(
  deployment: Deployment,
  options: { withData: boolean },
): Promise<{ plan: Plan; kept: Kept[] }> {
  const all = await deployment.plan({ resources: [], rules: [] }, { prune: true });
  const data = options.withData ? await dataSteps(deployment) : [];
  const doomed = new Set(data.map(({ change }) => change.id));
  const users = (await usersOfShared(deployment)).filter((user) => !doomed.has(user));
  const isShared = ({ kind }: Step): boolean => kind.shared === true;
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

async function dataSteps(deployment: Deployment): Promise<Step[]> {
  const steps: Step[] = [];
  for (const kind of deployment.kinds()) {
    for (const { id, refs } of (await kind.dataOf?.(deployment)) ?? []) {
      const change = { kind: kind.name, id, action: 'delete', diff: '' } as const;
      steps.push({ kind, namespace: deployment.namespace, change, refs });
    }
  }
  return steps;
}

/**
 * What needs the shared pipelines and templates: the rules that stay, on any scheduler that can be seen from here, then data
 * streams of ours. Only the first few are told, and there may be hundreds of streams.
 */
async function usersOfShared(deployment: Deployment): Promise<string[]> {
  const users = new Set<string>();
  for (const scheduler of Object.values(deployment.schedulers)) {
    for (const { namespace, apart } of await scheduler.findDeployedRules(deployment)) {
      if (namespace !== deployment.namespace) users.add(`the rules of namespace ${namespace}`);
      else if (scheduler !== deployment.scheduler) users.add(`the rules of scheduler ${scheduler.name}`);
      else if (apart !== undefined) users.add(`the rules in other spaces of Kibana`);
    }
  }
  return [...users, ...(await ourStreams(deployment.cluster))];
}
