import { listRuleFolder } from '../content/rule-folder';
import { readYaml } from '../content/yaml-file';
import { ProblemError, type Problem } from '../errors';
import type { FieldTypes } from '../sigma/field-types';
import type { Rule } from './rule';
import { parseRule } from './parse-rule';

/**
 * Reads every rule of a folder, see `listRuleFolder`, in the order of the files' paths.
 * @param folder where the rules are
 * @param fieldTypes the fields that can be searched, see `readFieldTypes`; without them fields are not checked
 * @throws ProblemError RULE_INVALID with every problem of every file (two files with one id, and files that look like rules
 *   and are not read, included), INPUT when the folder cannot be read or holds no rule
 */
export function readRules(folder: string, fieldTypes?: FieldTypes): Rule[] {
  const listed = listRuleFolder(folder);
  const problems: Problem[] = [...listed.problems];
  if (listed.rules.length === 0 && problems.length === 0) {
    throw new ProblemError('INPUT', [{ where: { file: folder }, message: 'holds no rule (*.yml)' }]);
  }
  const rules: Rule[] = [];
  const fileOf = new Map<string, string>();
  for (const { path, slug } of listed.rules) {
    try {
      const yaml = readYaml(path);
      const rule = parseRule(yaml, slug, fieldTypes);
      const twin = fileOf.get(rule.uuid.toLowerCase());
      if (twin !== undefined) {
        problems.push({
          where: yaml.placeOf(['id']),
          message: `id ${rule.uuid} is already that of ${twin}`,
          hint: 'Two rules never share an id: alerts and schedulers know a rule by it. Give one of them a new UUID.',
        });
      }
      fileOf.set(rule.uuid.toLowerCase(), path);
      rules.push(rule);
    } catch (error) {
      if (!(error instanceof ProblemError)) throw error;
      problems.push(...error.problems);
    }
  }
  if (problems.length > 0) throw new ProblemError('RULE_INVALID', problems);
  return rules;
}
