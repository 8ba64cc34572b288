import { z } from 'zod';
import { parseDuration } from '../text/duration';
import { isRecord } from '../json';
import { type Findings, validateSchema } from '../sigma/findings';
import { nearest, suggestion } from '../text/suggest';
import type { Path } from '../content/yaml-file';
import type { FieldTypes } from '../sigma/field-types';

/*
 * How a rule is kept in Kibana, as its file may say it. What the file says is kept in step; what it leaves out is the analysts'.
 * An action has the form of the API (`RuleAction`); what its `params` hold is the business of the connector.
 */

const text = z.string().trim().min(1);
const map = z.record(z.string(), z.unknown());

const frequency = z
  .strictObject({
    summary: z.boolean(),
    notifyWhen: z.enum(['onActiveAlert', 'onThrottleInterval', 'onActionGroupChange']),
    throttle: z
      .string()
      .regex(/^(no_actions|rule|[1-9]\d*[smhd])$/, 'must be a duration such as 1h, or null')
      .nullable(),
  })
  .refine(({ notifyWhen, throttle }) => notifyWhen !== 'onThrottleInterval' || throttle !== null, {
    path: ['throttle'],
    message: 'must be a duration such as 1h where notifyWhen is onThrottleInterval',
  });

const action = z.strictObject({
  action_type_id: text.regex(/^\./, 'must be the type of a connector, such as .email or .slack'),
  id: text,
  group: text.optional(),
  params: map,
  frequency: frequency.optional(),
  alerts_filter: map.optional(),
  uuid: text.optional(),
});

export const kibanaSchema = z.strictObject({
  enabled: z.boolean().optional(),
  actions: z.array(action).optional(),
});

/** What Kibana does when a rule alerts: `RuleAction` of its API. */
export type RuleAction = z.infer<typeof action>;

/**
 * The form of a rule file, but for its detection: which keys there are and what each holds. What is left out of our block
 * has a default (rule-defaults.ts).
 */

const texts = z.array(text);
const optional = text.nullish();
const percent = z.number().int().min(0).max(100);
const day = z.iso.date();
const duration = text.refine(
  (value) => (parseDuration(value) ?? 0) > 0,
  'must be a duration such as 30s, 5m, 1h or 1d',
);

const upstream = z.strictObject({
  source: text.optional(),
  status: optional,
  last_updated: day.nullish(),
  datamodel: optional,
  products: texts.optional(),
  search: text.optional(),
  group_by: texts.optional(),
  required_fields: texts.optional(),
  mitre_attack_ids: texts.optional(),
  drilldown_searches: texts.optional(),
  tests: z
    .array(
      z.strictObject({
        name: text,
        attack_data: z.array(z.strictObject({ data: text, source: text, sourcetype: text })),
      }),
    )
    .optional(),
  test_dataset: optional,
  manual_test: optional,
});

const extension = z.strictObject({
  version: z.number().int().min(1).optional(),
  type: z.enum(['Hunting', 'TTP', 'Anomaly', 'Baseline', 'Correlation']).optional(),
  group_by: texts.min(1).optional(),
  risk: z
    .strictObject({
      score: percent.optional(),
      impact: percent.optional(),
      confidence: percent.optional(),
      message: text.optional(),
      objects: z.array(z.strictObject({ name: text, type: text, roles: texts.min(1) })).optional(),
    })
    .optional(),
  schedule: z.strictObject({ interval: duration.optional(), lookback: duration.optional() }).optional(),
  kibana: kibanaSchema.optional(),
  analytic_stories: texts.optional(),
  asset_type: optional,
  security_domain: optional,
  kill_chain_phases: texts.optional(),
  data_sources: texts.optional(),
  setup: text.optional(),
  triage: optional,
  upstream: upstream.optional(),
});

/** Our block of a rule, as it is written. */
export type WrittenBlock = z.infer<typeof extension>;

/** Sigma 2.0's own attributes, and our block. */
export const ruleSchema = z.looseObject({
  title: text.max(256),
  id: z.guid().optional(),
  related: z.array(z.looseObject({ id: z.guid(), type: text })).optional(),
  name: text.max(256).optional(),
  taxonomy: z.enum(['sigma', 'ecs']).optional(),
  status: z.enum(['stable', 'test', 'experimental', 'deprecated', 'unsupported']).optional(),
  description: text.max(65_535).optional(),
  license: text.optional(),
  references: texts.optional(),
  author: text.optional(),
  date: day.optional(),
  modified: day.optional(),
  tags: texts.optional(),
  logsource: z.strictObject({
    category: z.literal('process_creation'),
    product: z.literal('windows'),
    definition: text.optional(),
  }),
  detection: z.unknown(),
  fields: texts.optional(),
  falsepositives: z.union([texts, text]).optional(),
  level: z.enum(['informational', 'low', 'medium', 'high', 'critical']).optional(),
  scope: texts.optional(),
  wmi_detections: extension.optional(),
});

/** Sigma's top-level keys and ours; others are custom attributes, which Sigma allows. */
export const TOP_LEVEL: readonly string[] = Object.keys(ruleSchema.shape);

export type RuleFile = z.infer<typeof ruleSchema>;

/**
 * Checks the form of a rule file.
 * @returns undefined when something is wrong; it is in `findings` then
 */
export function checkRuleSchema(value: unknown, findings: Findings): RuleFile | undefined {
  if (!isRecord(value)) {
    findings.add([], 'a rule must be a map of Sigma attributes');
    return undefined;
  }
  for (const key of Object.keys(value)) {
    const meant = TOP_LEVEL.includes(key) ? undefined : nearest(key, TOP_LEVEL);
    if (meant !== undefined) findings.add([key], `there is no attribute "${key}"`, `Did you mean "${meant}"?`);
  }
  return validateSchema({ schema: ruleSchema, name: 'the rule' }, value, findings);
}

/**
 * Checks that the fields which a rule groups by, or lists for an analyst, are mapped: schedulers refuse to group by any
 * other, and an analyst's search on it would find nothing.
 */
export function checkNamedFields(file: RuleFile, types: FieldTypes, findings: Findings): void {
  const isSigma = file.taxonomy !== 'ecs';
  const check = (field: string, path: Path): void => {
    if (types.has(field)) return;
    findings.add(path, `field "${field}" is not mapped`, hint(field, types));
  };
  file.wmi_detections?.group_by?.forEach((field, index) => {
    check(field, ['wmi_detections', 'group_by', index]);
  });
  // Authors list what they want to see, and sources have not all of it: of Sigma's names those that are known are shown.
  if (isSigma) return;
  file.fields?.forEach((field, index) => {
    check(field, ['fields', index]);
  });
}

function hint(field: string, types: FieldTypes): string {
  const meant = suggestion(field, [...types.keys()]);
  return meant.startsWith('Did') ? meant : 'Mapped fields are those of mappings/component-templates.';
}
