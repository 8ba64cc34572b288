import type { YamlFile } from '../content/yaml-file';
import { parseDuration } from '../text/duration';
import { checkTactics, checkAttackTags } from './attack-tags';
import { parseDetection } from '../sigma/detection';
import { checkFieldTypes, type FieldTypes, coerceValues } from '../sigma/field-types';
import { Findings } from '../sigma/findings';
import { isRecord } from '../json';
import { type RuleFile, checkRuleSchema, checkNamedFields } from './rule-schema';
import { unknownTokens, SPLUNK_FIELDS } from './message';
import { type Rule, type Upstream, severityOf } from './rule';

/**
 * Reads one Sigma rule.
 * @param slug the file's name without its ending
 * @param fieldTypes the fields that can be searched, see `readFieldTypes`; without them fields are not checked
 * @throws ProblemError RULE_INVALID with everything that is wrong in the file
 */
export function parseRule(yaml: YamlFile, slug: string, fieldTypes?: FieldTypes): Rule {
  const findings = new Findings(yaml);
  const file = checkRuleSchema(yaml.value, findings);
  const detection = isRecord(yaml.value) ? yaml.value.detection : undefined;
  // A missing detection is reported once, by its own parser.
  const condition = parseDetection(detection, findings);
  if (fieldTypes !== undefined) checkFieldTypes(detection, fieldTypes, findings);
  if (fieldTypes !== undefined && file !== undefined) checkNamedFields(file, fieldTypes, findings);
  if (file !== undefined) checkConsistency(file, findings);
  findings.throwIfFound('RULE_INVALID');
  if (file === undefined || condition === undefined) throw new Error(`${yaml.file}: refused without a reason`);
  const own = file.wmi_detections;
  return {
    slug,
    uuid: file.id,
    name: file.title,
    status: file.status ?? null,
    description: file.description,
    license: file.license ?? null,
    references: file.references ?? [],
    authors: file.author.split(/\s*,\s*/),
    date: file.date ?? null,
    modified: file.modified ?? null,
    tags: file.tags,
    logsource: { category: file.logsource.category, product: file.logsource.product },
    condition: fieldTypes === undefined ? condition : coerceValues(condition, fieldTypes),
    fields: file.fields ?? [],
    falsePositives: [file.falsepositives ?? []].flat(),
    level: file.level,
    version: own.version,
    type: own.type,
    groupBy: own.group_by,
    risk: own.risk,
    schedule: own.schedule,
    kibana: own.kibana ?? {},
    analyticStories: own.analytic_stories,
    assetType: own.asset_type,
    securityDomain: own.security_domain,
    killChainPhases: own.kill_chain_phases,
    dataSources: own.data_sources,
    setup: own.setup,
    triage: own.triage,
    upstream: upstreamOf(own.upstream),
  };
}

/** Checks what the schema cannot: values that contradict each other, unknown tokens and tags. */
function checkConsistency(file: RuleFile, findings: Findings): void {
  const own = file.wmi_detections;
  const at = (...path: (string | number)[]): (string | number)[] => ['wmi_detections', ...path];
  const severity = severityOf(own.risk.score).word;
  if (file.level !== severity) {
    findings.add(
      ['level'],
      `level ${file.level} does not agree with a risk score of ${own.risk.score}, which is ${severity}`,
      'Scores: 0-21 low, 22-47 medium, 48-73 high, 74-100 critical.',
    );
  }
  if ((parseDuration(own.schedule.lookback) ?? 0) < (parseDuration(own.schedule.interval) ?? 0)) {
    findings.add(
      at('schedule', 'lookback'),
      `a look-back of ${own.schedule.lookback} is shorter than the interval of ${own.schedule.interval}`,
      'Events between two runs would be missed: make it at least as long.',
    );
  }
  checkAttackTags(file.tags, findings);
  checkTactics(file.tags, findings);
  const repeated = own.group_by.findIndex((field, index) => own.group_by.indexOf(field) < index);
  if (repeated >= 0) findings.add(at('group_by', repeated), `"${own.group_by[repeated] ?? ''}" is in group_by twice`);
  for (const token of unknownTokens(own.risk.message)) {
    findings.add(
      at('risk', 'message'),
      `the message has an unknown token $${token}$`,
      `Known: ${Object.keys(SPLUNK_FIELDS).join(', ')}.`,
    );
  }
  own.risk.objects.forEach(({ name }, index) => {
    if (Object.hasOwn(SPLUNK_FIELDS, name)) return;
    findings.add(
      at('risk', 'objects', index, 'name'),
      `there is no field "${name}" to carry a risk`,
      `Known: ${Object.keys(SPLUNK_FIELDS).join(', ')}.`,
    );
  });
}

function upstreamOf(upstream: RuleFile['wmi_detections']['upstream']): Upstream {
  return {
    source: upstream.source,
    status: upstream.status,
    lastUpdated: upstream.last_updated,
    datamodel: upstream.datamodel,
    products: upstream.products,
    search: upstream.search,
    groupBy: upstream.group_by,
    requiredFields: upstream.required_fields,
    mitreAttackIds: upstream.mitre_attack_ids,
    drilldownSearches: upstream.drilldown_searches,
    tests: upstream.tests.map(({ name, attack_data }) => ({ name, attackData: attack_data })),
    testDataset: upstream.test_dataset,
    manualTest: upstream.manual_test,
  };
}
