import { ProblemError } from '../errors';
import { detectionRule } from '../resources/detection-rule';
import { namespacesIn, spacesOf } from '../resources/kibana-rule';
import type { Scheduler, Scope } from '../resources/kind';

/**
 * One scheduler runs the rules of a namespace: two would alert twice. Where no Kibana is connected, rules in it cannot be
 * seen.
 * @throws ProblemError UNSAFE when rules of ours are on another scheduler than that of the scope
 */
export async function refuseTwoSchedulers(scope: Scope): Promise<void> {
  const { scheduler = 'local' } = scope;
  const elsewhere = scheduler === 'local' ? await onKibana(scope) : await onLocal(scope);
  if (elsewhere === undefined) return;
  const [other, message] = elsewhere;
  throw new ProblemError('UNSAFE', [
    {
      message: `${message}; two schedulers would alert twice. Nothing was changed.`,
      hint: `To move them: \`wmi-detections destroy --scheduler ${other}${namespaceFlag(scope)}\`, then deploy again. Events and alerts stay.`,
    },
  ]);
}

async function onLocal({ target, namespace }: Scope): Promise<[Scheduler, string] | undefined> {
  const ours = (await detectionRule.list({ target, namespace }, [])).filter((rule) => rule.ours);
  if (ours.length === 0) return undefined;
  return ['local', `rules of namespace ${namespace} (${ours.length}) run on the scheduler local of this cluster`];
}

async function onKibana(scope: Scope): Promise<[Scheduler, string] | undefined> {
  const spaces: string[] = [];
  for (const space of spacesOf(scope)) {
    if (scope.kibana === undefined) return undefined;
    if ((await namespacesIn(scope.kibana.server, space)).has(scope.namespace)) spaces.push(space);
  }
  if (spaces.length === 0) return undefined;
  return ['kibana', `rules of namespace ${scope.namespace} run in Kibana (space ${spaces.join(', ')})`];
}

function namespaceFlag({ namespace }: Scope): string {
  return namespace === 'default' ? '' : ` --namespace ${namespace}`;
}
