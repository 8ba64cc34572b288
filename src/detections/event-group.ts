import { canonicalJson, sha256 } from '../json';
import { groupValue } from './group';
import type { Rule } from './rule';
import type { Hit } from '../cluster/search-all';
import { toIso } from './windows';

/** Events of one day that a rule counts as one: its alert. */
export interface Group {
  /** The `_id` of the alert. */
  readonly id: string;
  /** UTC, `2026-01-31`. */
  readonly day: string;
  /** One for each group-by field of the rule, in its order; null where the event has none. */
  readonly values: readonly (string | null)[];
}

/** Date fields that a search must fetch for {@link timeOf}. */
export const TIME_FIELDS: readonly string[] = ['@timestamp', 'event.ingested'];

/**
 * When an event happened, in milliseconds since 1970, as the engine understood its @timestamp; when it came in where it has
 * none; undefined where it has neither.
 */
export function timeOf(hit: Hit): number | undefined {
  for (const field of TIME_FIELDS) {
    const time = Date.parse(sixDigits(String(hit.fields?.[field]?.[0])));
    if (!Number.isNaN(time)) return time;
  }
  return undefined;
}

/** A year that four digits cannot hold has a sign: as many digits as it needs from the engine, six for Date.parse. */
function sixDigits(time: string): string {
  return time.replace(/^([+-])(\d+)/, (_, sign: string, year: string) => sign + year.padStart(6, '0'));
}

/**
 * The group of an event. Its id rests on the rule, the day of the event and the values only: not on when the event came in,
 * nor on the window or the version of the rule that found it (docs/design.md, "Alert document").
 */
export function groupOf(rule: Rule, hit: Hit): Group {
  const source = hit._source ?? {};
  const day = toIso(timeOf(hit) ?? 0).slice(0, 10);
  const values = rule.groupBy.map((field) => groupValue(source, field));
  return { id: alertId(rule, day, values), day, values };
}

/**
 * The `_id` of a group's alert, on every scheduler.
 * @param day UTC, `2026-01-31`
 * @param values one for each group-by field of the rule, in its order
 */
export function alertId(rule: Pick<Rule, 'uuid' | 'groupBy'>, day: string, values: readonly (string | null)[]): string {
  const pairs = rule.groupBy.map((field, index) => [field, values[index] ?? null]);
  return sha256(canonicalJson([rule.uuid, day, pairs]));
}
