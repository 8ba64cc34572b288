import { canonicalJson, sha256, textAt, type JsonRecord } from '../json';
import { toIso } from '../text/time';
import type { Rule } from './rule';

/*
 * Which events are one alert. Every scheduler obeys this table:
 *
 *   what                       | rule
 *   ---------------------------|------------------------------------------------------------------------------------
 *   group                      | same rule, same UTC day, same value of each `group_by` field
 *   day of an event            | that of @timestamp, else of event.ingested, else 1970-01-01; years of four digits only
 *   where a value is           | in the field, nested, dotted or mixed, through lists; host.name and user.name fall back
 *                              | to host.id and user.id
 *   a value as text            | numbers and booleans as their text; an object is no value
 *   several values             | each once, sorted by code unit, joined with `, `
 *   absent, null, empty text   | no value, which is a value of its own: null
 *   `_id` of the alert         | SHA-256 of the canonical JSON of [rule UUID, day, [[field, value], …]]
 *
 * The local scheduler groups by this file. What runs inside the cluster says the same in Painless:
 * painless-values.ts (values), schedulers/watcher/painless-group.ts (the text that is hashed) and
 * schedulers/opensearch-alerting/bucket-scripts.ts (value and day, one key each). Tests compare them.
 */

/** Where a source has no name, its identifier stands in (FDR has neither host nor user name by itself). */
export const FALLBACKS: Readonly<Record<string, string>> = { 'host.name': 'host.id', 'user.name': 'user.id' };

/**
 * The value of a group field in an event (docs/design.md, "Fields and groups"): `host.name`, else `host.id`; `user.name`, else
 * `user.id`.
 * Several values count as one, sorted by code unit and joined with `, `. Numbers and booleans count as their text.
 * @param document an event's `_source`; nested, dotted, or mixed
 * @param field an ECS name
 * @returns null when there is no value: absent, null, an empty text or list, or an object
 */
export function groupValue(document: unknown, field: string): string | null {
  const own = textAt(document, field);
  const fallback = FALLBACKS[field];
  return own ?? (fallback === undefined ? null : textAt(document, fallback));
}

/** A group field and where its value may be, the best first. */
export function sourcesOf(field: string): string[] {
  const fallback = FALLBACKS[field];
  return fallback === undefined ? [field] : [field, fallback];
}

/** The ECS field that {@link groupValue} took its value from; `field` itself when there is none. */
export function groupSource(document: unknown, field: string): string {
  const fallback = FALLBACKS[field];
  if (fallback === undefined || textAt(document, field) !== null) return field;
  return textAt(document, fallback) === null ? field : fallback;
}

/** A document that a search found. */
export interface Hit {
  readonly _index: string;
  readonly _id: string;
  readonly _source?: JsonRecord;
  /** Values as the mapping understands them; here only dates, as ISO text. */
  readonly fields?: Readonly<Record<string, readonly unknown[]>>;
}

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
