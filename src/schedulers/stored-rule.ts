import type { Rule } from '../detections/rule';

/**
 * A rule as `deploy` stores it for the local scheduler: a document of the state index. `run` executes what is stored,
 * not what is on the disk of whoever types it.
 */
export interface StoredRule extends ExecutableRule {
  readonly kind: 'rule';
  readonly managed_by: 'wmi-detections';
  readonly digest: string;
}

/** A compiled rule: all that it takes to find its events. */
export interface ExecutableRule {
  readonly rule: Rule;
  /** One Query DSL clause that every matching event meets, exceptions included. */
  readonly query: Readonly<Record<string, unknown>>;
  /** Index names and patterns to read. */
  readonly indices: readonly string[];
}

/** The `_id` of a stored rule in the state index. */
export function storedRuleId(uuid: string): string {
  return `rule:${uuid}`;
}
