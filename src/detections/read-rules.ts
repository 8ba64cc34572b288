import { readdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import { readYaml } from '../content/yaml-file';
import { ProblemError, type Problem } from '../errors';
import type { FieldTypes } from '../sigma/field-types';
import type { Rule } from './rule';
import { parseRule } from './parse-rule';

/**
 * Reads every rule of a folder (`*.yml`, not its subfolders), in the order of the files' names.
 * @param folder where the rules are
 * @param fieldTypes the fields that can be searched, see `readFieldTypes`; without them fields are not checked
 * @throws ProblemError RULE_INVALID with every problem of every file (two files with one id included), INPUT when the
 *   folder cannot be read or holds no rule
 */
export function readRules(folder: string, fieldTypes?: FieldTypes): Rule[] {
  const files = ruleFiles(folder);
  const problems: Problem[] = [];
  const rules: Rule[] = [];
  const fileOf = new Map<string, string>();
  for (const file of files) {
    const path = join(folder, file);
    try {
      const yaml = readYaml(path);
      const rule = parseRule(yaml, basename(file, '.yml'), fieldTypes);
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

function ruleFiles(folder: string): string[] {
  let files: string[];
  try {
    files = readdirSync(folder)
      .filter((name) => name.endsWith('.yml'))
      .sort();
  } catch (cause) {
    const reason = (cause as NodeJS.ErrnoException).code ?? String(cause);
    throw new ProblemError('INPUT', [{ where: { file: folder }, message: `cannot be read (${reason})` }], { cause });
  }
  if (files.length === 0) {
    throw new ProblemError('INPUT', [{ where: { file: folder }, message: 'holds no rule (*.yml)' }]);
  }
  return files;
}
