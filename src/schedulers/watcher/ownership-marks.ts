import { isRecord } from '../../json';
import type { Body } from '../../resources/kind';
import { digestOf, MANAGED_BY } from '../../resources/ownership';

/**
 * Ownership of watches (docs/design.md, "Ownership"): a watch is ours when `metadata` says so for its own id and this namespace. A copy
 * under another id, and a watch of another namespace, are not.
 */

/** The id of the watch of a rule. */
export function watchId(uuid: string, namespace: string): string {
  return `${MANAGED_BY}-${namespace}-${uuid}`;
}

/** The rule of a watch; see {@link watchId}. */
export function uuidOfWatch(id: string, namespace: string): string {
  return id.slice(watchId('', namespace).length);
}

/** The namespace that our mark names; undefined on what is not ours. */
export function namespaceOfWatch(id: string, { metadata }: Body): string | undefined {
  if (!isRecord(metadata) || metadata.managed_by !== MANAGED_BY || metadata.id !== id) return undefined;
  return typeof metadata.namespace === 'string' ? metadata.namespace : undefined;
}

const MARK: readonly string[] = ['managed_by', 'id', 'namespace', 'digest'];

/** A watch with our mark; what else its metadata holds stays. */
export function withWatchMark(id: string, namespace: string, watch: Body): Body {
  const metadata = Object.entries(isRecord(watch.metadata) ? watch.metadata : {});
  const others = Object.fromEntries(metadata.filter(([key]) => !MARK.includes(key)));
  const digest = digestOf('watch', id, { ...watch, metadata: others });
  return { ...watch, metadata: { ...others, managed_by: MANAGED_BY, id, namespace, digest } };
}
