import { ProblemError } from '../errors';
import { detectionRule } from '../resources/detection-rule';
import { namespacesIn, spacesOf } from '../resources/kibana-rule';
import type { Scheduler, Scope } from '../resources/kind';
import { namespacesOfWatches } from '../resources/watch';

/**
 * One scheduler runs the rules of a namespace: two would alert twice. Where no Kibana is connected, rules in it cannot be
 * seen.
 * @throws ProblemError UNSAFE when rules of ours are on another scheduler than that of the scope
 */
export async function refuseTwoSchedulers(scope: Scope): Promise<void> {
  const { scheduler = 'local' } = scope;
  for (const [other, find] of Object.entries(FIND)) {
    const message = other === scheduler ? undefined : await find(scope);
    if (message === undefined) continue;
    throw new ProblemError('UNSAFE', [
      {
        message: `${message}; two schedulers would alert twice. Nothing was changed.`,
        hint: `To move them: \`wmi-detections destroy --scheduler ${other}${namespaceFlag(scope)}\`, then deploy again. Events and alerts stay.`,
      },
    ]);
  }
}

/** Where rules of a namespace run, in words; undefined where there are none, or none can be seen. */
const FIND: Readonly<Record<Scheduler, (scope: Scope) => Promise<string | undefined>>> = {
  local: onLocal,
  kibana: onKibana,
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

async function onWatcher({ target, namespace }: Scope): Promise<string | undefined> {
  const there = (await namespacesOfWatches(target)).has(namespace);
  return there ? `rules of namespace ${namespace} run as watches of this cluster` : undefined;
}

function namespaceFlag({ namespace }: Scope): string {
  return namespace === 'default' ? '' : ` --namespace ${namespace}`;
}
