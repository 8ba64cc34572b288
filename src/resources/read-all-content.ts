import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { readContent } from '../content/read-content';
import type { RuleFolderFile } from '../content/rule-folder';
import { withOverrides, type RuleOverrides } from '../detections/rule-overrides';
import { readRuleSet } from '../detections/rule-set';
import { ProblemError, type Problem } from '../errors';
import { PROGRAM_FOLDER } from '../program';
import type { Content } from './kind';
import { readFieldTypes } from '../sigma/field-types';
import { readExceptions } from '../sigma/exceptions';

/** Which rules there are, beside those of the content's own folder. */
export interface RuleChoice {
  /** The user's own folders, each on top of those before it. */
  readonly own?: readonly string[] | undefined;
  /** Whether the rules of the content count, or of the program where the content has none; they do where not given. */
  readonly shipped?: boolean | undefined;
  readonly overrides?: RuleOverrides | undefined;
}

/** Content, and what only those need who look at its files. */
export interface ReadContent extends Content {
  /** Where each rule is from, by slug. */
  readonly files: readonly RuleFolderFile[];
  /** The files of events, each with the slug of its rule. */
  readonly tests: readonly RuleFolderFile[];
  /** What authors should know and is no error. */
  readonly warnings: readonly Problem[];
}

/**
 * Reads pipelines/, mappings/ and the rules, with their tuning, and checks them, offline.
 * @param root the folder that holds pipelines/, mappings/ and, where they are others than those of the program, rules/
 * @throws ProblemError CONTENT_INVALID with every problem of every file at once; INPUT when a folder cannot be read; SETTINGS
 *   when overrides name no rule
 */
export function readAllContent(root: string, choice: RuleChoice = {}): ReadContent {
  const problems: Problem[] = [];
  const warnings: Problem[] = [];
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
  const set = readRuleSet(foldersOf(root, choice), { fieldTypes, problems, warnings });
  // Where rules are wrong, files about them would seem to be about none.
  const slugs = problems.length === 0 ? set.rules.map(({ slug }) => slug) : undefined;
  const exceptions = attempt(() => readExceptions(set.exceptions, fieldTypes, slugs), []);
  if (problems.length > 0) throw new ProblemError('CONTENT_INVALID', problems);
  const { rules, switchedOff } = withOverrides(set.rules, choice.overrides ?? {});
  const { files, tests } = set;
  return { resources: resources ?? [], rules, switchedOff, exceptions, files, tests, warnings };
}

function foldersOf(root: string, { own = [], shipped = true }: RuleChoice): string[] {
  const inContent = join(root, 'rules');
  const first = existsSync(inContent) ? inContent : join(PROGRAM_FOLDER, 'rules');
  return [...(shipped ? [first] : []), ...own];
}
