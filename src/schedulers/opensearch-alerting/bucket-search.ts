import { ProblemError } from '../../errors';
import { canonicalJson, sha256, type JsonRecord } from '../../json';
import { SPANS } from '../../detections/windows';
import { parseDuration } from '../../text/duration';
import { threatOf } from '../../detections/attack';
import { ABSENT, DAY, GROUP_VALUE, HAS_FIELD } from './bucket-scripts';
import { anyOf, toQueryDsl, type SubFields } from '../../sigma/compile/query-dsl';
import type { Exception } from '../../sigma/exceptions';
import { FALLBACKS, sourcesOf } from '../../detections/group';
import type { Rule } from '../../detections/rule';

/** What the names of our aggregations and keys begin with: alerts of all monitors share one dynamic mapping. */
const PREFIX = 'wmi_detections';

/** The aggregation whose buckets are the groups. */
export const GROUPS = PREFIX;

/** Keys that say the same in every group, so that an alert carries its rule. */
export const CONSTANT_KEYS = {
  uuid: `${PREFIX}_rule_uuid`,
  technique: `${PREFIX}_technique`,
  tactic: `${PREFIX}_tactic`,
  risk: `${PREFIX}_risk_score`,
} as const;
export const DAY_KEY = `${PREFIX}_day`;
export const FIRST_TIME = `${PREFIX}_first_time`;
export const LAST_TIME = `${PREFIX}_last_time`;

/**
 * A metric that is the same number in every group: which search found it. The plugin keeps an alert while its group is found
 * again, and renews nothing of it but the bucket, so this alone tells whether the monitor as it now stands has stored an alert.
 */
export const STAMP = `${PREFIX}_search`;

/** Buckets of a page; the plugin asks for page after page. */
const PAGE = 1_000;

/** One format for all indices: a second one would not fit the mapping that the first alert makes. */
const TIME_FORMAT = 'strict_date_time';

/** A search body: in its query first the window, then what the rule looks for. */
export interface BucketSearch {
  readonly size: 0;
  readonly query: { readonly bool: { readonly filter: readonly [JsonRecord, JsonRecord] } };
  readonly aggregations: JsonRecord;
}

/** The name of a group field's key: flat, because a name cannot be an object and a value at once. */
export function keyName(field: string): string {
  return `${PREFIX}_${field.replaceAll('@', '').replaceAll('.', '_')}`;
}

/** The name of the metric that is 1 where an event of the group has this field itself, and not only its fallback. */
export function namedMetric(field: string): string {
  return `${keyName(field)}_named`;
}

/**
 * The search of a bucket-level monitor of OpenSearch Alerting, which finds the groups that the local scheduler finds: every
 * matching event that came in within the look-back, in pages of 1,000 groups, by the rule's fields and the UTC day.
 *
 *   documents                | chosen by       | from                             | to
 *   -------------------------|-----------------|----------------------------------|----------------
 *   with event.ingested      | event.ingested  | end of the run - look-back - 60 s | end of the run
 *   without                  | @timestamp      | end of the run - 24 h (or more)  | open
 *
 * The look-back is the interval at least, and an event may be stamped before the end of a run and seen only after it; so windows
 * overlap by a minute or more. A group that was seen before is the same alert.
 * @param exceptions those that are active
 * @param indices that it is to read; they count for its stamp
 * @param subFields of those indices
 * @returns a search body; only `{{period_end}}` in it is for the plugin to fill in
 * @throws ProblemError RULE_INVALID when a text of the rule would be taken for a template
 */
export function toBucketSearch(
  rule: Rule,
  exceptions: readonly Exception[] = [],
  indices: readonly string[] = [],
  subFields?: SubFields,
): BucketSearch {
  const matches = toQueryDsl(rule, exceptions, subFields);
  const query = { bool: { filter: [windowOf(rule), matches] as const } };
  const composite = { size: PAGE, sources: keysOf(rule) };
  const stamp = stampOf({ indices, query, composite });
  const aggregations = {
    [GROUPS]: { composite, aggregations: { ...metrics(rule), [STAMP]: max('params.value', stamp) } },
  };
  refuseTemplates(rule, { matches, aggregations });
  return { size: 0, query, aggregations };
}

/** 48 bits: a number of JSON holds them exactly. */
function stampOf(search: JsonRecord): { value: number } {
  return { value: Number.parseInt(sha256(canonicalJson(search)).slice(0, 12), 16) };
}

function windowOf({ schedule }: Rule): JsonRecord {
  const lookback = ((parseDuration(schedule.lookback) ?? 0) + SPANS.settle) / 1_000;
  const ingested = between('event.ingested', lookback, { lt: '{{period_end}}' });
  const late = between('@timestamp', Math.max(lookback, SPANS.lookbackWithoutIngested / 1_000));
  const withoutIngested = { bool: { filter: [late], must_not: [{ exists: { field: 'event.ingested' } }] } };
  return anyOf([ingested, withoutIngested]);
}

function between(field: string, seconds: number, end: JsonRecord = {}): JsonRecord {
  return { range: { [field]: { gte: `{{period_end}}||-${seconds}s`, ...end, format: 'epoch_millis' } } };
}

/** Scripts, because a document that lacks the field of a plain source is in no bucket, and a null key stops the trigger. */
function keysOf(rule: Rule): JsonRecord[] {
  const { tactic, technique } = threatOf(rule);
  const constants = [
    [CONSTANT_KEYS.uuid, rule.uuid],
    [CONSTANT_KEYS.technique, technique.id.join(', ') || ABSENT],
    [CONSTANT_KEYS.tactic, tactic.id.join(', ') || ABSENT],
    [CONSTANT_KEYS.risk, String(rule.risk.score)],
  ] as const;
  return [
    ...constants.map(([name, value]) => source(name, 'params.value', { value })),
    source(DAY_KEY, DAY),
    ...rule.groupBy.map((field) => source(keyName(field), GROUP_VALUE, { fields: sourcesOf(field) })),
  ];
}

function source(name: string, text: string, params?: JsonRecord): JsonRecord {
  return { [name]: { terms: { script: painless(text, params) } } };
}

function painless(source: string, params?: JsonRecord): JsonRecord {
  return { lang: 'painless', source, ...(params !== undefined && { params }) };
}

function metrics({ groupBy }: Rule): JsonRecord {
  const named = groupBy.filter((field) => Object.hasOwn(FALLBACKS, field));
  return {
    [FIRST_TIME]: { min: { field: '@timestamp', format: TIME_FORMAT } },
    [LAST_TIME]: { max: { field: '@timestamp', format: TIME_FORMAT } },
    ...Object.fromEntries(named.map((field) => [namedMetric(field), max(HAS_FIELD, { field })])),
  };
}

function max(script: string, params: JsonRecord): JsonRecord {
  return { max: { script: painless(script, params) } };
}

/** The plugin fills the whole search in as a Mustache template before it runs it: a rule's own braces would be gone. */
function refuseTemplates({ slug, name }: Rule, parts: JsonRecord): void {
  if (!JSON.stringify(parts).includes('{{')) return;
  throw new ProblemError('RULE_INVALID', [
    {
      where: { file: `rules/${slug}.yml` },
      message: `“${name}” or one of its exceptions looks for {{, which OpenSearch Alerting takes for a template`,
      hint: 'Write it with a wildcard, {?, or run this rule on another scheduler.',
    },
  ]);
}
