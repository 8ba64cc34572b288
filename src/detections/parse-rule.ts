import type { YamlFile } from '../content/yaml-file';
import type { Problem } from '../errors';
import { parseDuration } from '../text/duration';
import { checkTactics, checkAttackTags } from './attack-tags';
import { hasTooManyClauses } from '../sigma/compile/long-lists';
import { namesOfDetection, parseDetection } from '../sigma/detection';
import { type FieldTypes, coerceValues } from '../sigma/field-types';
import { Findings } from '../sigma/findings';
import type { Placeholders } from '../sigma/placeholders';
import { SIGMA_FIELDS, type Taxonomy } from '../sigma/taxonomy';
import { isRecord } from '../json';
import { blockOf, idOf, levelOf, shownFields } from './rule-defaults';
import { type RuleFile, checkRuleSchema, checkNamedFields } from './rule-schema';
import { unknownTokens, SPLUNK_FIELDS } from './message';
import { type Rule, severityOf } from './rule';

/** What a rule is read with, besides its file. */
export interface RuleSurroundings {
  /** The values of placeholders. */
  readonly placeholders?: Placeholders | undefined;
  /** Gets what the author should know, and what is no error. */
  readonly warnings?: Problem[] | undefined;
}

/**
 * Reads one Sigma rule.
 * @param slug the file's name without its ending
 * @param fieldTypes the fields that can be searched, see `readFieldTypes`; without them fields are not checked
 * @throws ProblemError RULE_INVALID with everything that is wrong in the file
 */
export function parseRule(
  yaml: YamlFile,
  slug: string,
  fieldTypes?: FieldTypes,
  { placeholders, warnings = [] }: RuleSurroundings = {},
): Rule {
  const findings = new Findings(yaml);
  const file = checkRuleSchema(yaml.value, findings);
  const written = isRecord(yaml.value) ? yaml.value : {};
  const taxonomy: Taxonomy = written.taxonomy === 'ecs' ? 'ecs' : 'sigma';
  // A missing detection is reported once, by its own parser.
  const condition = usesEcs(written, taxonomy, findings)
    ? undefined
    : parseDetection(written.detection, findings, { taxonomy, types: fieldTypes, placeholders });
  if (condition !== undefined && !findings.found && hasTooManyClauses(condition)) {
    findings.add(
      ['detection'],
      'the rule asks for more than engines take in one query',
      'Split it into several rules.',
    );
  }
  if (fieldTypes !== undefined && file !== undefined) checkNamedFields(file, fieldTypes, findings);
  if (file !== undefined) checkConsistency(file, findings);
  findings.throwIfFound('RULE_INVALID');
  warnings.push(...findings.warnings);
  if (file === undefined || condition === undefined) throw new Error(`${yaml.file}: refused without a reason`);
  return {
    slug,
    uuid: idOf(file),
    name: file.title,
    status: file.status ?? null,
    description: file.description ?? file.title,
    license: file.license ?? null,
    references: file.references ?? [],
    authors: file.author?.split(/\s*,\s*/) ?? [],
    date: file.date ?? null,
    modified: file.modified ?? null,
    tags: file.tags ?? [],
    logsource: { category: file.logsource.category, product: file.logsource.product },
    condition: fieldTypes === undefined ? condition : coerceValues(condition, fieldTypes),
    fields: shownFields(file),
    falsePositives: [file.falsepositives ?? []].flat(),
    level: levelOf(file),
    ...blockOf(file),
  };
}

/** A rule that is all in ECS names and does not say so is told once, and not for each field. */
function usesEcs(written: Record<string, unknown>, taxonomy: Taxonomy, findings: Findings): boolean {
  const names = namesOfDetection(written.detection);
  const isEcs = names.some((name) => name.includes('.')) && !names.some((name) => SIGMA_FIELDS.has(name));
  if (taxonomy === 'ecs' || !isEcs) return false;
  findings.add(
    ['detection'],
    `the rule uses the names of ECS fields (${[...new Set(names)].slice(0, 3).join(', ')}) without "taxonomy: ecs"`,
    'Add `taxonomy: ecs`, or use the fields of Sigma (docs/sigma.md).',
  );
  return true;
}

/** Checks what the schema cannot: values that contradict each other, unknown tokens and tags. */
function checkConsistency(file: RuleFile, findings: Findings): void {
  const own = file.wmi_detections ?? {};
  const at = (...path: (string | number)[]): (string | number)[] => ['wmi_detections', ...path];
  const score = own.risk?.score;
  if (score !== undefined && file.level !== undefined && !agrees(file.level, score)) {
    findings.add(
      ['level'],
      `level ${file.level} does not agree with a risk score of ${score}, which is ${severityOf(score).word}`,
      'Scores: 0-21 low or informational, 22-47 medium, 48-73 high, 74-100 critical.',
    );
  }
  const { interval, lookback } = blockOf(file).schedule;
  if ((parseDuration(lookback) ?? 0) < (parseDuration(interval) ?? 0)) {
    findings.add(
      at('schedule', own.schedule?.lookback === undefined ? 'interval' : 'lookback'),
      `a look-back of ${lookback} is shorter than the interval of ${interval}`,
      'Events between two runs would be missed: make it at least as long.',
    );
  }
  if (file.id === undefined) {
    const message = 'the rule has no id: its alerts are known by its title, and a new title makes a new rule';
    findings.warn([], message, `Add \`id: ${idOf(file)}\`.`);
  }
  checkAttackTags(file.tags ?? [], findings);
  checkTactics(file.tags ?? [], findings);
  const groupBy = own.group_by ?? [];
  const repeated = groupBy.findIndex((field, index) => groupBy.indexOf(field) < index);
  if (repeated >= 0) findings.add(at('group_by', repeated), `"${groupBy[repeated] ?? ''}" is in group_by twice`);
  for (const token of unknownTokens(own.risk?.message ?? '')) {
    findings.add(
      at('risk', 'message'),
      `the message has an unknown token $${token}$`,
      `Known: ${Object.keys(SPLUNK_FIELDS).join(', ')}.`,
    );
  }
  own.risk?.objects?.forEach(({ name }, index) => {
    if (Object.hasOwn(SPLUNK_FIELDS, name)) return;
    findings.add(
      at('risk', 'objects', index, 'name'),
      `there is no field "${name}" to carry a risk`,
      `Known: ${Object.keys(SPLUNK_FIELDS).join(', ')}.`,
    );
  });
}

function agrees(level: Rule['level'], score: number): boolean {
  return severityOf(score).word === (level === 'informational' ? 'low' : level);
}
