import { isRecord, type JsonRecord } from '../../json';
import type { Rule } from '../../detections/rule';
import { MANAGED_BY, nameIn } from '../../resources/ownership';
import { listOf } from '../../lists';

/**
 * Ownership of monitors (docs/design.md, "Ownership"): the id of a monitor is the server's, so ours are found again by name
 * and mark.
 *
 *   name begins with `wmi-detections/` | and `ui_metadata`                | or, where that holds no mark of ours
 *   -----------------------------------|----------------------------------|----------------------------------------------
 *                                      | names this rule and namespace    | the trigger's id is the rule's and the name is
 *                                      |                                  | of the namespace (Dashboards writes
 *                                      |                                  | `ui_metadata` anew when a monitor is saved there)
 *
 * So a monitor that an analyst gave a name of their own is theirs. Of several for one rule only those with the very name of
 * ours are ours, see `find-monitors.ts`.
 */
export const NAME_PREFIX = `${MANAGED_BY}/`;

/** Longer names are not indexed whole, and could not be found by their beginning. */
const LONGEST_NAME = 256;

/** The member of `ui_metadata` that is ours. */
const MARK = 'wmi_detections';

export interface MonitorMark {
  /** The rule's UUID. */
  readonly id: string;
  readonly namespace: string;
  readonly digest: string;
}

/** The name of a rule's monitor; it carries the namespace where that is not the default one. */
export function monitorName({ name }: Pick<Rule, 'name'>, namespace: string): string {
  const rest = nameIn('', namespace);
  const room = LONGEST_NAME - NAME_PREFIX.length - rest.length;
  return `${NAME_PREFIX}${name.slice(0, room)}${rest}`;
}

/** Whether a monitor has exactly the name that we gave it: that of the rule in its mark, else of its trigger. */
export function hasOurName(monitor: JsonRecord, namespace: string): boolean {
  const name = ruleOf(monitor)?.name ?? triggerOf(monitor).name;
  return typeof name === 'string' && monitor.name === monitorName({ name }, namespace);
}

/** Whose a monitor is: the rule and namespace; undefined when it is not ours. */
export function ownerOf(monitor: JsonRecord): Pick<MonitorMark, 'id' | 'namespace'> | undefined {
  const { name } = monitor;
  if (typeof name !== 'string' || !name.startsWith(NAME_PREFIX)) return undefined;
  const mark = monitorMark(monitor);
  if (mark !== undefined) return mark;
  const id = triggerOf(monitor).id;
  const [, namespace = 'default'] = / \[([^\]\s]+)\]$/.exec(name) ?? [];
  return typeof id === 'string' && UUID.test(id) ? { id, namespace } : undefined;
}

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** Our mark in `ui_metadata`; undefined where there is none. */
export function monitorMark({ ui_metadata: metadata }: JsonRecord): MonitorMark | undefined {
  const mark = isRecord(metadata) ? metadata[MARK] : undefined;
  if (!isRecord(mark) || mark.managed_by !== MANAGED_BY) return undefined;
  const { id, namespace, digest } = mark;
  if (typeof id !== 'string' || typeof namespace !== 'string') return undefined;
  return { id, namespace, digest: typeof digest === 'string' ? digest : '' };
}

/** The rule that a monitor was made from, as it was then; undefined where somebody took it away. */
export function ruleOf({ ui_metadata: metadata }: JsonRecord): Rule | undefined {
  const mark = isRecord(metadata) ? metadata[MARK] : undefined;
  return isRecord(mark) && isRecord(mark.rule) ? (mark.rule as unknown as Rule) : undefined;
}

/** Whether this is the canonical form that the server made of what we wrote, see `normalizedDigest`. */
export function isStoredAs({ ui_metadata: metadata }: JsonRecord, digest: string): boolean {
  const mark = isRecord(metadata) ? metadata[MARK] : undefined;
  return isRecord(mark) && mark.stored === digest;
}

/** Whether we marked a monitor as left behind by its rule, which runs on another scheduler now. */
export function isMarkedLeft({ ui_metadata: metadata }: JsonRecord): boolean {
  const mark = isRecord(metadata) ? metadata[MARK] : undefined;
  return isRecord(mark) && mark.left === true;
}

/** Whether it is, and nobody has switched it on since. */
export function isLeft(monitor: JsonRecord): boolean {
  return isMarkedLeft(monitor) && monitor.enabled === false;
}

/** The monitor with our mark, beside what else `ui_metadata` holds. */
export function withMonitorMark(monitor: JsonRecord, mark: MonitorMark, more: JsonRecord = {}): JsonRecord {
  const metadata = isRecord(monitor.ui_metadata) ? monitor.ui_metadata : {};
  return { ...monitor, ui_metadata: { ...metadata, [MARK]: { managed_by: MANAGED_BY, ...mark, ...more } } };
}

/** The first trigger of a bucket-level monitor; empty where there is none. */
export function triggerOf({ triggers }: JsonRecord): JsonRecord {
  const [first] = listOf(triggers);
  const trigger = isRecord(first) ? first.bucket_level_trigger : undefined;
  return isRecord(trigger) ? trigger : {};
}
