import { isRecord } from '../json';
import type { Findings } from '../sigma/findings';
import { ruleSchema, TOP_LEVEL, type RuleFile } from './rule-schema';
import { nearest } from '../text/suggest';
import { validateSchema } from '../sigma/validate-schema';

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
