import type { Path } from '../content/yaml-file';
import { suggestion } from '../text/suggest';
import type { FieldTypes } from '../sigma/field-types';
import type { Findings } from '../sigma/findings';
import type { RuleFile } from './rule-schema';

/**
 * Checks that the fields which a rule groups by, or lists for an analyst, are mapped: schedulers refuse to group by any
 * other, and an analyst's search on it would find nothing.
 */
export function checkNamedFields(frame: RuleFile, types: FieldTypes, findings: Findings): void {
  const check = (field: string, path: Path): void => {
    if (types.has(field)) return;
    findings.add(path, `field "${field}" is not mapped`, hint(field, types));
  };
  frame.wmi_detections.group_by.forEach((field, index) => {
    check(field, ['wmi_detections', 'group_by', index]);
  });
  frame.fields?.forEach((field, index) => {
    check(field, ['fields', index]);
  });
}

function hint(field: string, types: FieldTypes): string {
  const meant = suggestion(field, [...types.keys()]);
  return meant.startsWith('Did') ? meant : 'Mapped fields are those of mappings/component-templates.';
}
