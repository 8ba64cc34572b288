import {
  readDeployedTo,
  removeDeployedTo,
  writeDeployedTo,
  type DeployedTo,
  type Remembered,
} from '../deployment-record';
import { ruleKinds } from '../levels';
import { namespacesIn } from './rule-kind';
import type { Scope } from '../../resources/kind';
import { DEFAULT_SPACE, hasSpace, type Kibana } from '../../cluster/kibana';
import type { Plan } from '../../plan/plan';

type Named = NonNullable<Scope['kibana']>;

/**
 * A scope with the spaces to which the rules of its namespace were deployed and which it does not name. Where Kibana runs the
 * rules, these are former spaces; where another scheduler does, rules that leave Kibana leave them too. A space that was deleted
 * in Kibana went with its rules.
 * @param chosen whether somebody chose the spaces for this call only: what is in the others is to stay then
 */
export async function withUnnamedSpaces(scope: Scope, { chosen }: { chosen: boolean }): Promise<Scope> {
  if (scope.kibana === undefined) return scope;
  const { namespace } = scope;
  const remembered = await recall(scope, scope.kibana);
  const kibana = { ...scope.kibana, remembered };
  const known = remembered.isHere ? (remembered.at?.spaces ?? []) : [];
  const formerSpaces: string[] = [];
  const otherSpaces: string[] = [];
  for (const space of known.filter((name) => !kibana.spaces.includes(name))) {
    const found = await look(kibana.server, namespace, space);
    if (found === 'gone') continue;
    const isToStay = found === 'closed' || (chosen && scope.scheduler === 'kibana');
    (isToStay ? otherSpaces : formerSpaces).push(space);
  }
  if (scope.scheduler === 'kibana') return { ...scope, kibana: { ...kibana, formerSpaces, otherSpaces } };
  return { ...scope, kibana: { ...kibana, spaces: [...kibana.spaces, ...formerSpaces], otherSpaces } };
}

/** What a person has to know of spaces that are not named, a sentence each. */
export function unnamedNotes(scope: Scope, { leftovers }: Plan): string[] {
  const { formerSpaces = [], otherSpaces = [] } = scope.kibana ?? {};
  if (scope.scheduler !== 'kibana') return [];
  const kinds = new Set<string>(ruleKinds(scope).map(({ name }) => name));
  const ours = leftovers.filter(({ kind }) => kinds.has(kind)).map(({ id }) => id);
  return [
    ...formerSpaces.flatMap((space) => {
      const there = ours.filter((id) => (space === DEFAULT_SPACE ? !id.includes('/') : id.startsWith(`${space}/`)));
      if (there.length === 0) return [];
      return [
        `Space ${space} of Kibana is not named any more, and holds ${there.length} of ours; --prune deletes them.`,
      ];
    }),
    ...otherSpaces.map((space) => `Rules of ours are in space ${space} of Kibana, too; they are left as they are.`),
  ];
}

/** The Kibana that holds the rules of a namespace, where it is not the one that is named, and so cannot be looked at. */
export async function unseenKibana(scope: Scope): Promise<DeployedTo | undefined> {
  if (scope.kibana === undefined) return readDeployedTo(scope.cluster, scope.namespace);
  const { at, isHere } = await recall(scope, scope.kibana);
  return isHere ? undefined : at;
}

/**
 * Writes down which spaces of Kibana hold rules of a namespace, where that is not written already.
 * @param deleted whether some may have lost theirs since that was written
 */
export async function rememberSpaces(scope: Scope, { deleted }: { deleted: boolean }): Promise<void> {
  const { cluster, namespace, kibana } = scope;
  if (kibana === undefined) return;
  const { url } = kibana.server;
  const { at: known, isHere } = await recall(scope, kibana);
  // What is written of another Kibana is not ours to change.
  if (known !== undefined && !isHere) return;
  const all = [...new Set([...(known?.spaces ?? []), ...kibana.spaces])].sort();
  const isComplete = known?.url === url && all.length === known.spaces.length;
  if (isComplete && !deleted) return;
  const spaces: string[] = [];
  for (const space of all) {
    const found = await look(kibana.server, namespace, space);
    if (found === 'ours' || (found === 'closed' && known?.spaces.includes(space))) spaces.push(space);
  }
  if (spaces.length > 0) {
    const isSame = known?.url === url && known.spaces.join() === spaces.join();
    if (!isSame) await writeDeployedTo(cluster, namespace, { url, spaces });
  } else if (known !== undefined) await removeDeployedTo(cluster, namespace);
}

/** What is written down, read once: whether it is this Kibana can be told only while the rules are there. */
async function recall({ cluster, namespace }: Scope, kibana: Named): Promise<Remembered> {
  if (kibana.remembered !== undefined) return kibana.remembered;
  const at = await readDeployedTo(cluster, namespace);
  return { at, isHere: at !== undefined && (await isThat(kibana, namespace, at)) };
}

/** Whether a Kibana is the one that was written down: a server has many names, but only one has these rules. */
async function isThat({ server, spaces }: Named, namespace: string, known: DeployedTo): Promise<boolean> {
  if (known.url === server.url) return true;
  for (const space of new Set([...known.spaces, ...spaces])) {
    if ((await look(server, namespace, space)) === 'ours') return true;
  }
  return false;
}

/** Whether a space is there, may be looked at, and holds rules of a namespace. */
async function look(server: Kibana, namespace: string, space: string): Promise<'gone' | 'closed' | 'empty' | 'ours'> {
  if (!(await hasSpace(server, space))) return 'gone';
  const namespaces = await namespacesIn(server, space);
  if (namespaces === undefined) return 'closed';
  return namespaces.has(namespace) ? 'ours' : 'empty';
}
