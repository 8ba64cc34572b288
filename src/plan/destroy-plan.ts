import { levelsOf } from '../schedulers/levels';
import { ourStreams } from '../resources/data-stream';
import type { Kind, Scope } from '../resources/kind';
import { findDeployedRules } from '../schedulers/find-deployed-rules';
import { SCHEDULERS } from '../settings';
import { makePlan, planFrom, type Plan, type Step } from './plan';

/** What stays, and why. */
export interface Kept {
  readonly kind: string;
  readonly id: string;
  readonly reason: string;
}

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

async function dataSteps(scope: Scope): Promise<Step[]> {
  const steps: Step[] = [];
  for (const kind of levelsOf(scope).flat()) {
    for (const id of (await kind.dataOf?.(scope)) ?? []) steps.push(deletion(kind, scope.namespace, id));
  }
  return steps;
}

function deletion(kind: Kind, namespace: string, id: string): Step {
  return { kind, namespace, change: { kind: kind.name, id, action: 'delete', diff: '' } };
}

/**
 * What needs the shared pipelines and templates: the rules that stay, on any scheduler that can be seen from here, then data
 * streams of ours. Only the first few are told, and there may be hundreds of streams.
 */
async function usersOfShared(scope: Scope): Promise<string[]> {
  const { namespace: own, scheduler: doomed = 'local' } = scope;
  const users = new Set<string>();
  for (const scheduler of SCHEDULERS) {
    for (const { namespace, apart } of await findDeployedRules(scheduler, scope)) {
      if (namespace !== own) users.add(`the rules of namespace ${namespace}`);
      else if (scheduler !== doomed) users.add(`the rules of scheduler ${scheduler}`);
      else if (apart !== undefined) users.add(`the rules in other spaces of Kibana`);
    }
  }
  return [...users, ...(await ourStreams(scope.cluster))];
}
