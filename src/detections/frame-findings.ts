import { isRecord } from '../json';
import type { Findings } from '../sigma/findings';
import { frame, TOP_LEVEL, type Frame } from './rule-schema';
import { nearest } from '../text/suggest';
import { checkForm } from '../sigma/validate-schema';

/**
 * Checks the form of a rule file.
 * @returns undefined when something is wrong; it is in `findings` then
 */
export function checkFrame(value: unknown, findings: Findings): Frame | undefined {
  if (!isRecord(value)) {
    findings.add([], 'a rule must be a map of Sigma attributes');
    return undefined;
  }
  for (const key of Object.keys(value)) {
    const meant = TOP_LEVEL.includes(key) ? undefined : nearest(key, TOP_LEVEL);
    if (meant !== undefined) findings.add([key], `there is no attribute "${key}"`, `Did you mean "${meant}"?`);
  }
  return checkForm({ schema: frame, name: 'the rule' }, value, findings);
}
