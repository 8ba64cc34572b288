import { ProblemError } from '../errors';
import { leavingKinds } from '../resources';
import { detectionRule } from '../resources/detection-rule';
import { namespacesIn, spacesOf } from '../resources/kibana-rule';
import type { Scheduler, Scope } from '../resources/kind';
import { monitorNamespaces } from '../resources/monitor-find';
import { namespacesOfWatches } from '../resources/watch';
import { seesAlerting } from '../target/alerting';
import { makePlan, type Plan } from './plan';

/** A scheduler on which rules of a namespace are. */
export interface Elsewhere {
  readonly scheduler: Scheduler;
  /** In words: which rules run where. */
  readonly where: string;
}

/** The schedulers, beside that of the scope, that run rules of its namespace. Where no Kibana is connected, rules in it cannot be seen. */
export async function schedulersBeside(scope: Scope): Promise<Elsewhere[]> {
  const { scheduler = 'local' } = scope;
  const found: Elsewhere[] = [];
  for (const [other, find] of Object.entries(FIND) as [Scheduler, (typeof FIND)[Scheduler]][]) {
    const where = other === scheduler ? undefined : await find(scope);
    if (where !== undefined) found.push({ scheduler: other, where });
  }
  return found;
}

/**
 * One scheduler runs the rules of a namespace: two would alert twice.
 * @param others as {@link schedulersBeside} finds them
 * @throws ProblemError UNSAFE when there is one
 */
export function refuseTwoSchedulers(scope: Scope, others: readonly Elsewhere[]): void {
  const { scheduler = 'local', namespace } = scope;
  const [first] = others;
  if (first === undefined) return;
  const where = namespace === 'default' ? '' : ` --namespace ${namespace}`;
  throw new ProblemError('UNSAFE', [
    {
      message: `${first.where}; two schedulers would alert twice. Nothing was changed.`,
      hint: `To move them: \`wmi-detections deploy --scheduler ${scheduler}${where} --move\`. Events stay, and alerts where they are.`,
    },
  ]);
}

/**
 * What takes the rules of a scope's namespace from its scheduler, and leaves everything else as it is: open alerts as well,
 * where a scheduler keeps its alerts with its rules.
 */
export async function planToLeave(scope: Scope): Promise<Plan> {
  return makePlan(scope, { resources: [], rules: [] }, { prune: true, kinds: leavingKinds(scope) });
}

/** Where rules of a namespace run, in words; undefined where there are none, or none can be seen. */
const FIND: Readonly<Record<Scheduler, (scope: Scope) => Promise<string | undefined>>> = {
  local: onLocal,
  kibana: onKibana,
  'opensearch-alerting': onAlerting,
  watcher: onWatcher,
};

async function onLocal({ target, namespace }: Scope): Promise<string | undefined> {
  const ours = (await detectionRule.list({ target, namespace }, [])).filter((rule) => rule.ours);
  if (ours.length === 0) return undefined;
  return `rules of namespace ${namespace} (${ours.length}) run on the scheduler local of this cluster`;
}

async function onKibana(scope: Scope): Promise<string | undefined> {
  const spaces: string[] = [];
  for (const space of spacesOf(scope)) {
    if (scope.kibana === undefined) return undefined;
    if ((await namespacesIn(scope.kibana.server, space)).has(scope.namespace)) spaces.push(space);
  }
  if (spaces.length === 0) return undefined;
  return `rules of namespace ${scope.namespace} run in Kibana (space ${spaces.join(', ')})`;
}

async function onAlerting({ target, namespace }: Scope): Promise<string | undefined> {
  if (!(await seesAlerting(target)) || !(await monitorNamespaces(target)).has(namespace)) return undefined;
  return `rules of namespace ${namespace} run as monitors of OpenSearch Alerting on this cluster`;
}

async function onWatcher({ target, namespace }: Scope): Promise<string | undefined> {
  const there = (await namespacesOfWatches(target)).has(namespace);
  return there ? `rules of namespace ${namespace} run as watches of this cluster` : undefined;
}
