import { Deployment } from '../../src/plan/deployment';
import type { Scope } from '../../src/resources/kind';
import { SCHEDULERS, schedulersFor, type SchedulerConnections } from '../../src/schedulers';
import type { SchedulerName } from '../../src/settings';
import type { Applied } from '../../src/plan/apply';
import type { Plan } from '../../src/plan/plan';

/** A scope of which the tests say only what they are about. */
export type Here = Pick<Scope, 'cluster' | 'namespace'> & Partial<Scope>;

/** A deployment whose rules the local scheduler runs; no other scheduler is connected. */
export function localDeployment(here: Here): Deployment {
  return deploymentOn(here, 'local');
}

/** A deployment on a scheduler that needs no connection of its own. */
export function deploymentOn({ cluster, namespace, ...scope }: Here, scheduler: SchedulerName): Deployment {
  return new Deployment({ now: Date.now(), ...scope, cluster, namespace }, SCHEDULERS, scheduler);
}

/** A deployment with schedulers on connections that are made already, as a command makes one. */
export async function connectedDeployment(
  { cluster, namespace, ...rest }: Here,
  connections: SchedulerConnections,
  options: { readonly runs: SchedulerName; readonly chosen?: boolean },
): Promise<Deployment> {
  const scope = { now: Date.now(), ...rest, cluster, namespace };
  const { runs, chosen = false } = options;
  return new Deployment(scope, await schedulersFor(scope, connections, { runs, chosen }), runs);
}

/** `create detection_rule/<id>` of each step. */
export function actions({ steps }: Plan): string[] {
  return steps.map(({ change }) => `${change.action} ${change.kind}/${change.id}`);
}

/** `done` or what was said, of each change. */
export function results({ changes }: Applied): string[] {
  return changes.map(({ action, kind, id, status }) => `${action} ${kind}/${id}: ${status}`);
}
