import { join } from 'node:path';
import { readContent } from '../content/read-content';
import { listRuleFolder } from '../content/rule-folder';
import { ProblemError, type Problem } from '../errors';
import type { Content } from './kind';
import { readFieldTypes } from '../sigma/field-types';
import { readExceptions } from '../sigma/exceptions';
import { readRules } from '../detections/read-rules';

/**
 * Reads pipelines/, mappings/, rules/ and rules/exceptions/ of a folder and checks them, offline.
 * @throws ProblemError CONTENT_INVALID with every problem of every file at once; INPUT when a folder cannot be read
 */
export function readAllContent(root: string): Content {
  const problems: Problem[] = [];
  const attempt = <T, U>(read: () => T, otherwise: U): T | U => {
    try {
      return read();
    } catch (error) {
      if (!(error instanceof ProblemError)) throw error;
      if (error.code === 'INPUT') throw error;
      problems.push(...error.problems);
      return otherwise;
    }
  };
  const resources = attempt(() => readContent(root), undefined);
  // Which fields there are is known only when the mappings could be read; their own problems are told already.
  const fieldTypes = resources === undefined ? undefined : readFieldTypes(root);
  const rules = attempt(() => readRules(join(root, 'rules'), fieldTypes), undefined);
  const slugs = rules?.map(({ slug }) => slug);
  const listed = listRuleFolder(join(root, 'rules'));
  const exceptions = attempt(() => readExceptions(listed.exceptions, fieldTypes, slugs), []);
  if (problems.length > 0) throw new ProblemError('CONTENT_INVALID', problems);
  return { resources: resources ?? [], rules: rules ?? [], exceptions };
}
