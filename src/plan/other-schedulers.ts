import { ProblemError } from '../errors';
import { leavingKinds } from '../schedulers/levels';
import { DEPLOYED_TO } from '../schedulers/deployment-record';
import type { Scheduler, Scope } from '../resources/kind';
import { findDeployedRules } from '../schedulers/find-deployed-rules';
import { stateIndex } from '../detections/indices';
import { SCHEDULERS } from '../settings';
import { unseenKibana } from '../schedulers/kibana/spaces';
import { makePlan, type Plan } from './plan';

/** A scheduler on which rules of a namespace are. */
export interface Elsewhere {
  readonly scheduler: Scheduler;
  /** In words: which rules run where. */
  readonly where: string;
  /** That they cannot be moved from here, because they are not seen: what to do then. */
  readonly unseen?: string | undefined;
  /** That there may be none: nobody wrote any down, and it cannot be seen. */
  readonly unsure?: boolean | undefined;
}

/**
 * The schedulers, beside that of the scope, that run rules of its namespace. Rules in a Kibana that is not connected cannot be
 * seen: there counts what a deploy has written down.
 */
export async function schedulersBeside(scope: Scope): Promise<Elsewhere[]> {
  const { scheduler = 'local' } = scope;
  const found: Elsewhere[] = [];
  for (const other of SCHEDULERS.filter((each) => each !== scheduler)) {
    for (const { where, apart } of await findDeployedRules(other, scope, scope.namespace)) {
      const unseen = apart === undefined ? undefined : howToSee(scope);
      found.push({ scheduler: other, where, unseen, unsure: apart === 'maybe' });
    }
  }
  const unseen = await unseenKibana(scope);
  if (unseen !== undefined) {
    const where = `rules of namespace ${scope.namespace} run in the Kibana ${unseen.url} (space ${unseen.spaces.join(', ')})`;
    found.push({ scheduler: 'kibana', where, unseen: howToReach(scope, unseen.url) });
  }
  return found;
}

/**
 * One scheduler runs the rules of a namespace: two would alert twice.
 * @param others as {@link schedulersBeside} finds them
 * @param options.move whether the rules are to leave the others
 * @throws ProblemError UNSAFE when there is one that they do not leave
 */
export function refuseTwoSchedulers(scope: Scope, others: readonly Elsewhere[], options: { move: boolean }): void {
  const first = others.find(({ unseen, unsure }) => unsure !== true && (!options.move || unseen !== undefined));
  if (first === undefined) return;
  throw new ProblemError('UNSAFE', [
    {
      message: `${first.where}; two schedulers would alert twice. Nothing was changed.`,
      hint: first.unseen ?? howToMove(scope),
    },
  ]);
}

function howToMove({ scheduler = 'local', namespace }: Scope, kibana = ''): string {
  const where = namespace === 'default' ? '' : ` --namespace ${namespace}`;
  return `To move them: \`wmi-detections deploy --scheduler ${scheduler}${where}${kibana} --move\`. Events stay, and alerts where they are.`;
}

function howToSee({ namespace }: Scope): string {
  const gone = `If there are none any more: DELETE /${stateIndex(namespace)}/_doc/${DEPLOYED_TO}.`;
  return `Use credentials that may read the rules of that space. ${gone}`;
}

function howToReach(scope: Scope, url: string): string {
  const gone = `If there is no such Kibana any more: DELETE /${stateIndex(scope.namespace)}/_doc/${DEPLOYED_TO}.`;
  if (scope.scheduler !== 'kibana') return `${howToMove(scope, ` --kibana-url ${url}`)} ${gone}`;
  return `Name that one with --kibana-url ${url}, or destroy them there first. ${gone}`;
}

/**
 * What takes the rules of a scope's namespace from its scheduler, and leaves everything else as it is: open alerts as well,
 * where a scheduler keeps its alerts with its rules.
 */
export async function planToLeave(scope: Scope): Promise<Plan> {
  return makePlan(scope, { resources: [], rules: [] }, { prune: true, kinds: leavingKinds(scope) });
}
