import { ProblemError } from '../errors';
import { detectionRule } from '../resources/detection-rule';
import { namespacesIn, spacesOf } from '../resources/kibana-rule';
import type { Scheduler, Scope } from '../resources/kind';
import { monitorNamespaces } from '../resources/monitor-find';
import { seesAlerting } from '../target/alerting';

/** How rules of the scope's namespace are found on each scheduler: what is said of them; undefined where there are none. */
const RULES_ON: Readonly<Record<Scheduler, (scope: Scope) => Promise<string | undefined>>> = {
  local: onLocal,
  kibana: onKibana,
  'opensearch-alerting': onAlerting,
};

/**
 * One scheduler runs the rules of a namespace: two would alert twice. Where no Kibana is connected, rules in it cannot be
 * seen; nor can monitors where the plugin is closed to us.
 * @throws ProblemError UNSAFE when rules of ours are on another scheduler than that of the scope
 */
export async function refuseTwoSchedulers(scope: Scope): Promise<void> {
  const { scheduler = 'local' } = scope;
  const others = (Object.keys(RULES_ON) as Scheduler[]).filter((other) => other !== scheduler);
  for (const other of others) {
    const message = await RULES_ON[other](scope);
    if (message !== undefined) refuse(scope, other, message);
  }
}

function refuse(scope: Scope, other: Scheduler, message: string): never {
  throw new ProblemError('UNSAFE', [
    {
      message: `${message}; two schedulers would alert twice. Nothing was changed.`,
      hint: `To move them: \`wmi-detections destroy --scheduler ${other}${namespaceFlag(scope)}\`, then deploy again. Events and alerts stay.`,
    },
  ]);
}

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

function namespaceFlag({ namespace }: Scope): string {
  return namespace === 'default' ? '' : ` --namespace ${namespace}`;
}
