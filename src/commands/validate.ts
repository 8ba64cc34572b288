import { join } from 'node:path';
import { listRuleFolder } from '../content/rule-folder';
import { ProblemError, type Problem } from '../errors';
import { readAllContent } from '../resources/read-all-content';
import { expiredNotes } from '../sigma/exceptions';
import { plural } from '../text/plural';
import { validateJunit } from '../report/junit';
import type { Content } from '../resources/kind';
import { PROGRAM_FOLDER } from '../program';
import { readRuleTests, type RuleTest } from '../testing/rule-tests';
import { declare, settingsOf } from './command';

/** What is on the disk, all of it valid. */
export interface Valid {
  readonly content: Content;
  readonly tests: readonly RuleTest[];
}

/**
 * Checks everything that is on the disk, without any cluster.
 * @param root the folder that holds pipelines/, mappings/ and rules/
 * @returns what `deploy` and `test` would start from
 * @throws ProblemError CONTENT_INVALID with every problem of every file, INPUT when a folder cannot be read
 */
export function validateContent(root: string): Valid {
  const problems: Problem[] = [];
  const attempt = <T>(read: () => T): T | undefined => {
    try {
      return read();
    } catch (error) {
      if (!(error instanceof ProblemError) || error.code === 'INPUT') throw error;
      problems.push(...error.problems);
      return undefined;
    }
  };
  const content = attempt(() => readAllContent(root));
  const tests = attempt(() => readRuleTests(listRuleFolder(join(root, 'rules'))));
  if (content === undefined || tests === undefined) throw new ProblemError('CONTENT_INVALID', problems);
  return { content, tests };
}

export const validateCommand = declare({
  positionals: {},
  options: {
    report: { choices: ['text', 'junit'] as const, default: 'text' as const, describe: 'form of the text result' },
  },
  run: (context, argv) => {
    const root = settingsOf(context, argv).content ?? PROGRAM_FOLDER;
    try {
      const { content, tests } = validateContent(root);
      const { resources, rules } = content;
      for (const note of expiredNotes(content.exceptions ?? [], Date.now())) context.note(note);
      const json = {
        valid: true,
        problems: [],
        resources: resources.map(({ kind, id }) => ({ kind, id })),
        rules: rules.map(({ uuid, name, version }) => ({ uuid, name, version })),
        events: tests.length,
      };
      const counted = [
        plural(resources.length, 'pipeline and template', 'pipelines and templates'),
        plural(rules.length, 'rule'),
        plural(tests.length, 'event to test them', 'events to test them'),
      ];
      const text = argv.report === 'junit' ? validateJunit(root, []) : `Valid: ${counted.join(', ')}.`;
      return Promise.resolve({ json, text, exit: 0 });
    } catch (error) {
      // A report is asked for on standard output, whatever the answer; otherwise problems are told as ever.
      const asked = argv.output === 'json' || argv.report === 'junit';
      if (!asked || !(error instanceof ProblemError) || error.code !== 'CONTENT_INVALID') throw error;
      const { problems } = error;
      return Promise.resolve({ json: { valid: false, problems }, text: validateJunit(root, problems), exit: 1 });
    }
  },
});
