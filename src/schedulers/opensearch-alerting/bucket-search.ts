import { ProblemError } from '../../errors';
import { canonicalJson, sha256, type JsonRecord } from '../../json';
import { SPANS } from '../../detections/windows';
import { parseDuration } from '../../text/duration';
import { threatOf } from '../../detections/attack';
import { DAY, GROUP_VALUE, HAS_FIELD } from './bucket-scripts';
import { ABSENT } from './key-text';
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
 * again, and renews nothing of it but the bucket, so this alone tells whether the monitor in its present form has stored an alert.
 * The name also tells the form of the keys: version 0.1.0 called it `wmi_detections_search`, and escaped less (key-text.ts).
 */
export const STAMP = `${PREFIX}_stamp`;

/**
 * Buckets of a page. The plugin asks for page after page, each time with a search text of its own, which it compiles; so many
 * groups are one page that there is seldom a second.
 */
const PAGE = 10_000;

/** Bytes of a search with the key of a group in it: the plugin renders it as a script (`script.max_size_in_bytes`). */
const MOST_BYTES = 65_535;

/** Bytes that a command line may have in a key, the most first: steps, so that few changes of a rule change the keys of long ones. */
const KEY_SIZES = [8_000, 6_000, 4_000, 3_000, 2_000, 1_000, 500] as const;

/** Bytes that any other group value may have in a key. */
const SHORT_KEY = 600;

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
 * @param indices that it is to read, without the namespace; they count for its stamp. Monitors of one rule in many namespaces
 *   have one search text, which the plugin compiles once
 * @param subFields of those indices
 * @returns a search body; only `{{period_end}}` in it is for the plugin to fill in
 * @throws ProblemError RULE_INVALID when a text of the rule would be taken for a template, or the search is too long for one
 */
export function toBucketSearch(
  rule: Rule,
  exceptions: readonly Exception[] = [],
  indices: readonly string[] = [],
  subFields?: SubFields,
): BucketSearch {
  const matches = toQueryDsl(rule, exceptions, subFields);
  const query = { bool: { filter: [windowOf(rule), matches] as const } };
  const withKeys = (most: number): BucketSearch => {
    const composite = { size: PAGE, sources: keysOf(rule, most) };
    const stamp = stampOf({ indices, query, composite });
    const groups = { composite, aggregations: { ...metrics(rule), [STAMP]: max('params.value', stamp) } };
    return { size: 0, query, aggregations: { [GROUPS]: groups } };
  };
  const [largest] = KEY_SIZES;
  refuseTemplates(rule, { matches, aggregations: withKeys(largest).aggregations });
  const room = MOST_BYTES - bytesOf(withKeys(largest), rule);
  const sizeOfKeys = (most: number): number => rule.groupBy.reduce((sum, field) => sum + keySize(field, most), 0);
  const most = KEY_SIZES.find((size) => sizeOfKeys(size) <= room);
  if (most === undefined) throw tooLong(rule, room);
  return withKeys(most);
}

/**
 * Bytes of a search as the plugin renders it, without the group values: it writes every clause with the server's defaults, every
 * source with an order, the selector of the trigger, and every key by its name.
 */
function bytesOf(search: BucketSearch, rule: Rule): number {
  const query = JSON.stringify(search.query);
  const defaults = 8 * query.split('{').length + 40 * query.split('"bool"').length;
  const names = keysOf(rule, 0).flatMap((each) => Object.keys(each));
  const texts = [JSON.stringify(search), JSON.stringify(names), JSON.stringify(threatOf(rule))];
  return texts.reduce((sum, text) => sum + Buffer.byteLength(text), 1_000 + defaults + 48 * names.length);
}

function keySize(field: string, most: number): number {
  return field.endsWith('command_line') ? most : Math.min(most, SHORT_KEY);
}

function tooLong({ slug, name }: Rule, room: number): ProblemError {
  const message = `the search of “${name}” and its exceptions is too long for OpenSearch Alerting, which renders at most ${MOST_BYTES} bytes (script.max_size_in_bytes) and needs ${KEY_SIZES.at(-1)} for each group field: ${MOST_BYTES - room} are taken`;
  const hint = 'Split the rule, group by fewer fields, or run it on another scheduler.';
  return new ProblemError('RULE_INVALID', [{ where: { file: `rules/${slug}.yml` }, message, hint }]);
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

/**
 * Scripts, because a document that lacks the field of a plain source is in no bucket, and a null key stops the trigger.
 * @param most bytes that a command line may have in a key
 */
function keysOf(rule: Rule, most: number): JsonRecord[] {
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
    ...rule.groupBy.map((field) => {
      const params = { fields: sourcesOf(field), most: keySize(field, most) };
      return source(keyName(field), GROUP_VALUE, params);
    }),
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
