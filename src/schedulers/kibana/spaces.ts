import type { RequestContext } from '../../cluster/connection';
import { namespacesIn } from './rule-ownership';
import { DEFAULT_SPACE, hasSpace, type Kibana, connectKibana } from '../../cluster/kibana';
import type { Scope } from '../../resources/kind';
import {
  readDeploymentRecord,
  removeDeploymentRecord,
  writeDeploymentRecord,
  type DeploymentRecord,
} from '../deployment-record';
import { type NotedCommand, type Check, failedCheck } from '../scheduler';
import { ProblemError } from '../../errors';
import type { Settings } from '../../settings';

/** A Kibana that answered, and the spaces that the settings name. */
export interface KibanaConnection {
  readonly server: Kibana;
  /** At least one. */
  readonly spaces: readonly string[];
}

/** The spaces of a connection, and those that hold rules of ours beside them. */
export interface KibanaSpaces extends KibanaConnection {
  /** Spaces that are no longer named and hold what is ours: all of it is left over. */
  readonly formerSpaces: readonly string[];
  /** Spaces that hold rules of ours and are not to be changed. */
  readonly otherSpaces: readonly string[];
  /** What was recorded before anything was changed; read again where it was not yet. */
  readonly recorded?: Recorded | undefined;
}

/** What a deploy recorded, as seen by somebody who names a Kibana. */
interface Recorded {
  /** Undefined where nothing is recorded. */
  readonly record: DeploymentRecord | undefined;
  /** Whether it is the Kibana that is named, under whatever name. */
  readonly isHere: boolean;
}

/**
 * Finds the spaces to which the rules of a namespace were deployed and which the settings do not name. Where Kibana runs the
 * rules, these are former spaces; where another scheduler does, rules that leave Kibana leave them too. A space that was deleted
 * in Kibana went with its rules.
 * @param options.chosen whether somebody chose the spaces for this call only: the others are left unchanged then
 * @param options.runsRules whether Kibana is the scheduler of this call
 */
export async function locateSpaces(
  scope: Scope,
  connection: KibanaConnection,
  { chosen, runsRules }: { readonly chosen: boolean; readonly runsRules: boolean },
): Promise<KibanaSpaces> {
  const recorded = await readRecorded(scope, connection);
  const known = recorded.isHere ? (recorded.record?.spaces ?? []) : [];
  const formerSpaces: string[] = [];
  const otherSpaces: string[] = [];
  for (const space of known.filter((name) => !connection.spaces.includes(name))) {
    const found = await lookInto(connection.server, scope.namespace, space);
    if (found === 'gone') continue;
    const isToStay = found === 'closed' || (chosen && runsRules);
    (isToStay ? otherSpaces : formerSpaces).push(space);
  }
  if (runsRules) return { ...connection, formerSpaces, otherSpaces, recorded };
  return { ...connection, spaces: [...connection.spaces, ...formerSpaces], formerSpaces: [], otherSpaces, recorded };
}

/** All spaces that are ours to change: those that are named, and those in which something of ours is left over. */
export function allSpaces({ spaces, formerSpaces }: KibanaSpaces): readonly string[] {
  return [...spaces, ...formerSpaces];
}

/** What a person has to know of spaces that are not named, a sentence each. */
export function spaceNotes({ formerSpaces, otherSpaces }: KibanaSpaces, noted: NotedCommand): string[] {
  if (noted.command === 'destroy') {
    return otherSpaces.map((space) => `Rules of ours are in space ${space} of Kibana, too; name it to destroy them.`);
  }
  const kinds: readonly string[] = ['exception_list', 'exception_item', 'detection_rule'];
  const ours = noted.leftovers.filter(({ kind }) => kinds.includes(kind)).map(({ id }) => id);
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

/** Where the rules of a namespace are recorded, if that is a Kibana that is not connected and so cannot be looked at. */
export async function recordedElsewhere(
  scope: Scope,
  connection: KibanaSpaces | undefined,
): Promise<DeploymentRecord | undefined> {
  if (connection === undefined) return readDeploymentRecord(scope, 'kibana');
  const { record, isHere } = await readRecorded(scope, connection);
  return isHere ? undefined : record;
}

/**
 * Records which spaces hold rules of a namespace, where that is not recorded already.
 * @param deleted whether some may have lost theirs since that was recorded
 */
export async function recordSpaces(
  scope: Scope,
  connection: KibanaSpaces,
  { deleted }: { readonly deleted: boolean },
): Promise<void> {
  const { server } = connection;
  const { record: known, isHere } = await readRecorded(scope, connection);
  // What is recorded of another Kibana is not ours to change.
  if (known !== undefined && !isHere) return;
  const all = [...new Set([...(known?.spaces ?? []), ...connection.spaces])].sort();
  const isComplete = known?.url === server.url && all.length === known.spaces.length;
  if (isComplete && !deleted) return;
  const spaces: string[] = [];
  for (const space of all) {
    const found = await lookInto(server, scope.namespace, space);
    if (found === 'ours' || (found === 'closed' && known?.spaces.includes(space))) spaces.push(space);
  }
  if (spaces.length > 0) {
    const isSame = known?.url === server.url && known.spaces.join() === spaces.join();
    if (!isSame) await writeDeploymentRecord(scope, { scheduler: 'kibana', url: server.url, spaces });
  } else if (known !== undefined) await removeDeploymentRecord(scope);
}

/** Read once: whether it is this Kibana can be told only while the rules are there. */
async function readRecorded(
  scope: Scope,
  connection: KibanaConnection & { readonly recorded?: Recorded | undefined },
): Promise<Recorded> {
  if (connection.recorded !== undefined) return connection.recorded;
  const record = await readDeploymentRecord(scope, 'kibana');
  return { record, isHere: record !== undefined && (await isThat(connection, scope.namespace, record)) };
}

/** Whether a Kibana is the one that was recorded: a server has many names, but only one has these rules. */
async function isThat(
  { server, spaces }: KibanaConnection,
  namespace: string,
  known: DeploymentRecord,
): Promise<boolean> {
  if (known.url === server.url) return true;
  for (const space of new Set([...known.spaces, ...spaces])) {
    if ((await lookInto(server, namespace, space)) === 'ours') return true;
  }
  return false;
}

/** Whether a space is there, may be looked at, and holds rules of a namespace. */
async function lookInto(
  server: Kibana,
  namespace: string,
  space: string,
): Promise<'gone' | 'closed' | 'empty' | 'ours'> {
  if (!(await hasSpace(server, space))) return 'gone';
  const namespaces = await namespacesIn(server, space);
  if (namespaces === undefined) return 'closed';
  return namespaces.has(namespace) ? 'ours' : 'empty';
}

/**
 * Connects to the Kibana that the settings name.
 * @param options.needed why one is needed; undefined where none is
 * @returns undefined where they name none and none is needed
 * @throws ProblemError SETTINGS when one is needed and not named, and whatever `connectKibana` throws
 */
export async function connectNamedKibana(
  { kibana }: Settings,
  { signal, retryPolicy }: RequestContext,
  options: { readonly needed?: 'scheduler' | 'live test' | undefined } = {},
): Promise<KibanaConnection | undefined> {
  const { url, spaces, ...access } = kibana;
  if (url !== undefined)
    return { server: await connectKibana({ url, ...access }, spaces, { signal, retryPolicy }), spaces };
  if (options.needed === undefined) return undefined;
  const [why, otherwise] =
    options.needed === 'live test'
      ? ['in a live test Kibana runs the rules', 'without --live our own scheduler runs them']
      : ['the scheduler is kibana', 'or use --scheduler local'];
  const name = 'Give --kibana-url URL, set WMI_DETECTIONS_KIBANA_URL, or write kibana.url into wmi-detections.yml';
  throw new ProblemError('SETTINGS', [{ message: `${why}, and no Kibana is named`, hint: `${name}; ${otherwise}.` }]);
}

interface KibanaPrivileges {
  readonly has_encryption_key?: boolean;
  readonly has_all_requested?: boolean;
}

/** Whether rules can run in the spaces that the settings name. */
export async function checkKibana({ kibana }: Settings, context: RequestContext): Promise<Check> {
  const about = 'scheduler kibana';
  const { url, spaces, ...access } = kibana;
  if (url === undefined) {
    const fix = 'Give --kibana-url, or use --scheduler local.';
    return { about, state: 'missing', message: 'no Kibana is named', fix };
  }
  try {
    const server = await connectKibana({ url, ...access }, spaces, context);
    for (const space of spaces) {
      const path = '/api/detection_engine/privileges';
      const { body } = await server.ask<KibanaPrivileges>({ method: 'GET', path, space });
      if (body.has_encryption_key === false) {
        const message = 'Kibana has no key to encrypt with, and runs no rules without';
        const fix = 'Set xpack.encryptedSavedObjects.encryptionKey in kibana.yml.';
        return { about, state: 'missing', message, fix };
      }
      if (body.has_all_requested === false) {
        const message = `in space ${space} you may not do everything with alerts`;
        return { about, state: 'warning', message, fix: '`wmi-detections doctor --roles` prints what is needed.' };
      }
    }
    return { about, state: 'ok', message: `Kibana ${server.version} at ${server.url}` };
  } catch (error) {
    return failedCheck(about, error);
  }
}
