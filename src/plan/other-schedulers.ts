import { ProblemError } from '../errors';
import { DEPLOYMENT_RECORD, type DeploymentRecord } from '../schedulers/deployment-record';
import { stateIndex } from '../detections/indices';
import type { SchedulerName } from '../settings';
import type { Deployment } from './deployment';

/** A scheduler on which rules of a namespace are. */
export interface Elsewhere {
  readonly scheduler: SchedulerName;
  /** In words: which rules run where. */
  readonly where: string;
  /** That they cannot be moved from here, because they are not seen: what to do then. */
  readonly unseen?: string | undefined;
  /** That there may be none: nobody wrote any down, and it cannot be seen. */
  readonly unsure?: boolean | undefined;
}

/**
 * The schedulers, beside that of the scope, that run rules of its namespace. Rules in a Kibana that is not connected cannot be
 * seen: what a deploy has recorded counts there.
 */
export async function schedulersBeside(deployment: Deployment): Promise<Elsewhere[]> {
  const { namespace } = deployment;
  const found: Elsewhere[] = [];
  for (const other of deployment.otherSchedulers()) {
    for (const { namespace: its, where, apart } of await other.findRules(deployment, namespace)) {
      if (its !== namespace) continue;
      const unseen = apart === undefined ? undefined : howToSee(deployment);
      found.push({ scheduler: other.name, where, unseen, unsure: apart === 'maybe' });
    }
  }
  for (const each of Object.values(deployment.schedulers)) {
    const recorded = await each.recordedElsewhere(deployment);
    if (recorded === undefined) continue;
    const { scheduler, url, spaces } = recorded;
    const where = `rules of namespace ${namespace} run in the Kibana ${url} (space ${spaces.join(', ')})`;
    found.push({ scheduler, where, unseen: howToReach(deployment, recorded) });
  }
  return found;
}

/**
 * One scheduler runs the rules of a namespace: two would alert twice.
 * @param others as {@link schedulersBeside} finds them
 * @param options.move whether the rules are to leave the others
 * @throws ProblemError UNSAFE when there is one that they do not leave
 */
export function refuseTwoSchedulers(
  deployment: Deployment,
  others: readonly Elsewhere[],
  options: { move: boolean },
): void {
  const first = others.find(({ unseen, unsure }) => unsure !== true && (!options.move || unseen !== undefined));
  if (first === undefined) return;
  throw new ProblemError('UNSAFE', [
    {
      message: `${first.where}; two schedulers would alert twice. Nothing was changed.`,
      hint: first.unseen ?? howToMove(deployment),
    },
  ]);
}

function howToMove({ scheduler, namespace }: Deployment, kibana = ''): string {
  const where = namespace === 'default' ? '' : ` --namespace ${namespace}`;
  return `To move them: \`wmi-detections deploy --scheduler ${scheduler.name}${where}${kibana} --move\`. Events stay, and alerts where they are.`;
}

function howToSee({ namespace }: Deployment): string {
  const gone = `If there are none any more: DELETE /${stateIndex(namespace)}/_doc/${DEPLOYMENT_RECORD}.`;
  return `Use credentials that may read the rules of that space. ${gone}`;
}

function howToReach(deployment: Deployment, { scheduler, url }: DeploymentRecord): string {
  const gone = `If there is no such Kibana any more: DELETE /${stateIndex(deployment.namespace)}/_doc/${DEPLOYMENT_RECORD}.`;
  if (deployment.scheduler.name !== scheduler) return `${howToMove(deployment, ` --kibana-url ${url}`)} ${gone}`;
  return `Name that one with --kibana-url ${url}, or destroy them there first. ${gone}`;
}
