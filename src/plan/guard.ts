import { ProblemError } from '../errors';
import type { Scope } from '../resources/kind';
import type { Plan } from './plan';
import { DEPLOYMENT_RECORD, type DeploymentRecord } from '../schedulers/deployment-record';
import { stateIndex } from '../detections/indices';
import type { SchedulerName } from '../settings';
import type { Deployment } from './deployment';

/** A plan that deletes more than this share of what is ours needs a yes. */
const MOST_DELETIONS = 0.3;

/**
 * Why a plan needs a yes from a person: it deletes much, or a rule with open alerts.
 * @returns a sentence each; none when it needs no yes
 * @throws ProblemError when the alerts cannot be counted
 */
export async function unsafeReasons(scope: Scope, plan: Plan): Promise<string[]> {
  return [...manyDeletions(plan), ...(await openAlerts(scope, plan))];
}

function manyDeletions({ counts }: Plan): string[] {
  const ours = counts.update + counts.delete + counts.put_mapping + counts.rollover + counts.unchanged;
  if (counts.delete === 0 || counts.delete / ours <= MOST_DELETIONS) return [];
  return [`This deletes ${counts.delete} of ${ours} things of ours on the cluster.`];
}

/** The rules that a plan deletes although alerts of theirs are open, a sentence each. */
export async function openAlerts(scope: Scope, { steps }: Plan): Promise<string[]> {
  const sentences: string[] = [];
  for (const { kind, change } of steps) {
    if (change.action !== 'delete' || kind.openAlerts === undefined) continue;
    const open = await kind.openAlerts(scope, change.id);
    const alerts = open === 1 ? '1 open alert' : `${open} open alerts`;
    if (open === 0) continue;
    const sentence = `This deletes the rule “${change.title ?? change.id}”, which has ${alerts}.`;
    sentences.push(kind.onDelete === undefined ? sentence : `${sentence} ${kind.onDelete}`);
  }
  return sentences;
}

/** @throws ProblemError UNSAFE, always: nobody said yes */
export function refuseUnsafe(reason: string): never {
  throw new ProblemError('UNSAFE', [
    { message: `${reason} Nothing was changed.`, hint: 'Answer yes on a terminal, or give --yes.' },
  ]);
}

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
    for (const { namespace: its, where, apart } of await other.findDeployedRules(deployment, namespace)) {
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
