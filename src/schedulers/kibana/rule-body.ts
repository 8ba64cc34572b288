import { nameIn } from '../../resources/ownership';
import { ProblemError } from '../../errors';
import { fieldsOf, conditionOf } from '../../sigma/condition';
import { toEql } from '../../sigma/compile/eql';
import { type Exception, activeExceptions } from '../../sigma/exceptions';
import { subtechniqueOf, tacticOf, tacticsOf, techniqueOf, wordOf, type AttackEntry } from '../../detections/attack';
import { type Rule, severityOf } from '../../detections/rule';
import { SPANS } from '../../detections/windows';
import { parseDuration } from '../../text/duration';
import { kibanaRuleId, MANAGED_TAG } from './rule-ownership';
import type { Content } from '../../resources/kind';
import { canonicalJson, type JsonRecord } from '../../json';
import type { Exported, ExportOptions } from '../scheduler';
import { defaultIndices } from '../../detections/indices';

/** Most alerts of one run; more than Kibana's `xpack.alerting.rules.run.alerts.max` has no effect. */
const MOST_ALERTS = 1_000;

/** Elastic's integrations that bring the events of the three sources. */
const INTEGRATIONS: readonly JsonRecord[] = [
  { package: 'windows', version: '^3.0.0' },
  { package: 'system', version: '^2.0.0' },
  { package: 'crowdstrike', version: '^2.0.0' },
];

/** What a rule is put together from, beside its file. */
interface RuleParts {
  readonly namespace: string;
  readonly indices: readonly string[];
  /** Mapping types by the full name of a field. */
  readonly types: ReadonlyMap<string, string>;
  /** Exceptions that become part of the query. */
  readonly compiled: readonly Exception[];
  /** `list_id`s of our exception lists. */
  readonly lists: readonly string[];
}

/**
 * A rule as Kibana's Detection Engine takes it (API 2023-10-31, `RuleCreateProps`), without ownership mark. The entries of
 * `exceptions_list` lack the `id` that only Kibana knows; `enabled` and `actions` are in it where the file says them.
 * @throws ProblemError RULE_INVALID when EQL cannot express the rule
 */
export function ruleBody(rule: Rule, parts: RuleParts): JsonRecord {
  const { namespace } = parts;
  return {
    rule_id: kibanaRuleId(rule.uuid, namespace),
    name: nameIn(rule.name, namespace),
    description: rule.description,
    ...queryOf(rule, parts),
    risk_score: rule.risk.score,
    severity: severityOf(rule.risk.score).word,
    threat: threatOf(rule),
    tags: tagsOf(rule),
    author: rule.authors,
    ...(rule.license !== null && { license: rule.license }),
    references: rule.references,
    false_positives: rule.falsePositives,
    setup: rule.setup,
    ...(rule.triage !== null && { note: rule.triage }),
    required_fields: requiredFields(rule, parts.types),
    related_integrations: INTEGRATIONS,
    ...(rule.fields.length > 0 && { investigation_fields: { field_names: rule.fields } }),
    interval: rule.schedule.interval,
    from: `now-${lookback(rule)}s`,
    to: 'now',
    timestamp_override: 'event.ingested',
    max_signals: MOST_ALERTS,
    version: rule.version,
    ...(rule.kibana.enabled !== undefined && { enabled: rule.kibana.enabled }),
    ...(rule.kibana.actions !== undefined && { actions: rule.kibana.actions }),
    exceptions_list: parts.lists.map((list) => ({ list_id: list, type: 'detection', namespace_type: 'single' })),
  };
}

function queryOf(rule: Rule, { indices, compiled }: RuleParts): JsonRecord {
  try {
    return { type: 'eql', language: 'eql', index: indices, query: toEql(rule, compiled) };
  } catch (error) {
    if (!(error instanceof ProblemError)) throw error;
    const where = { file: `rules/${rule.slug}.yml` };
    throw new ProblemError(
      error.code,
      error.problems.map((problem) => ({ ...problem, where: problem.where ?? where })),
    );
  }
}

/** Seconds from the start of a run back to the oldest event that it reads; more than the interval, so that no event is missed. */
function lookback({ schedule }: Rule): number {
  const [interval = 0, back = 0] = [schedule.interval, schedule.lookback].map(
    (text) => (parseDuration(text) ?? 0) / 1_000,
  );
  return Math.max(back, interval + SPANS.settle / 1_000);
}

function tagsOf(rule: Rule): string[] {
  const product = rule.logsource.product;
  const tactics = rule.tags.map(tacticOf).filter((tactic) => tactic !== undefined);
  const tags = [
    MANAGED_TAG,
    ...(rule.securityDomain === null ? [] : [`Domain: ${capital(rule.securityDomain)}`]),
    `OS: ${capital(product)}`,
    ...tactics.map(({ name }) => `Tactic: ${name}`),
    ...rule.dataSources.map((source) => `Data Source: ${source}`),
    ...rule.analyticStories.map((story) => `Analytic Story: ${story}`),
    `Type: ${rule.type}`,
  ];
  return [...new Set(tags)];
}

function capital(word: string): string {
  return word.slice(0, 1).toUpperCase() + word.slice(1);
}

/** Each tactic with those of the rule's techniques that ATT&CK counts to it. */
function threatOf({ tags }: Rule): JsonRecord[] {
  const techniques = distinct(tags.map(techniqueOf)).map((technique) => {
    const below = distinct(tags.map(subtechniqueOf)).filter(({ id }) => id.startsWith(`${technique.id}.`));
    return { ...technique, ...(below.length > 0 && { subtechnique: below }) };
  });
  const tactics = new Map(tags.map((tag) => [wordOf(tag), tacticOf(tag)]));
  return [...tactics].flatMap(([word, tactic]) => {
    if (tactic === undefined) return [];
    const served = techniques.filter(({ id }) => tacticsOf(id).includes(word));
    return [{ framework: 'MITRE ATT&CK', tactic, ...(served.length > 0 && { technique: served }) }];
  });
}

function distinct(entries: readonly (AttackEntry | undefined)[]): AttackEntry[] {
  const known = entries.filter((entry) => entry !== undefined);
  return known.filter(({ id }, index) => known.findIndex((entry) => entry.id === id) === index);
}

/** The fields that the query reads, with their types. */
function requiredFields(rule: Rule, types: ReadonlyMap<string, string>): JsonRecord[] {
  const names = [...new Set(fieldsOf(conditionOf(rule)))].sort();
  return names.map((name) => ({ name, type: types.get(name) ?? 'keyword' }));
}

/**
 * The rules as Kibana's Detection Engine exports and imports them. A file can hold no reference to an exception list that
 * is not there, so the exceptions that are switched on become part of the queries, with the same meaning.
 * @throws ProblemError RULE_INVALID when a query cannot say what a rule says
 */
export function exportKibana(content: Content, rules: readonly Rule[], options: ExportOptions): Exported {
  const { namespace, types, now } = options;
  const indices = options.indices ?? defaultIndices(namespace);
  const data = rules.map((rule) => ({
    enabled: true,
    ...ruleBody(rule, {
      namespace,
      indices,
      types,
      compiled: activeExceptions(content.exceptions ?? [], rule.slug, now),
      lists: [],
    }),
  }));
  return { text: toNdjson(data), data };
}

/** One rule a line and a last line that counts them, keys sorted: the same content gives the same bytes. */
function toNdjson(bodies: readonly object[]): string {
  const summary = {
    exported_count: bodies.length,
    exported_rules_count: bodies.length,
    missing_rules: [],
    missing_rules_count: 0,
    exported_exception_list_count: 0,
    exported_exception_list_item_count: 0,
    missing_exception_lists: [],
    missing_exception_lists_count: 0,
    missing_exception_list_items: [],
    missing_exception_list_items_count: 0,
    exported_action_connector_count: 0,
    missing_action_connection_count: 0,
    missing_action_connections: [],
    excluded_action_connection_count: 0,
    excluded_action_connections: [],
  };
  return [...bodies, summary].map((line) => canonicalJson(line)).join('\n');
}
