import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { listRuleFolder } from '../content/rule-folder';
import { ProblemError, type Problem } from '../errors';
import { readAllContent, type ReadContent, type RuleChoice } from '../resources/read-all-content';
import { expiredNotes } from '../sigma/exceptions';
import { plural } from '../text/plural';
import { validateJunit } from '../report/junit';
import { PROGRAM_FOLDER } from '../program';
import { readRuleTests, type RuleTest } from '../testing/rule-tests';
import { declare, settingsOf } from './command';
import { noteWarnings, ruleChoice } from './connections';

/** What is on the disk, all of it valid. */
export interface Valid {
  readonly content: ReadContent;
  readonly tests: readonly RuleTest[];
}

/**
 * Checks everything that is on the disk, without any cluster.
 * @param root the folder that holds pipelines/, mappings/ and rules/
 * @param choice which rules there are besides
 * @returns what `deploy` and `test` would start from
 * @throws ProblemError CONTENT_INVALID with every problem of every file, INPUT when a folder cannot be read
 */
export function validateContent(root: string, choice: RuleChoice = {}): Valid {
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
  const content = attempt(() => readAllContent(root, choice));
  const tests = attempt(() =>
    content === undefined ? testsAlone(root) : readRuleTests({ rules: content.files, tests: content.tests }),
  );
  if (content === undefined || tests === undefined) throw new ProblemError('CONTENT_INVALID', problems);
  return { content, tests };
}

/** The events, where the rules are wrong: what is wrong with them is said at once. */
function testsAlone(root: string): readonly RuleTest[] {
  const folder = join(root, 'rules');
  return existsSync(folder) ? readRuleTests(listRuleFolder(folder)) : [];
}

export const validateCommand = declare({
  positionals: {},
  options: {
    report: { choices: ['text', 'junit'] as const, default: 'text' as const, describe: 'form of the text result' },
  },
  run: (context, argv) => {
    const settings = settingsOf(context, argv);
    const root = settings.content ?? PROGRAM_FOLDER;
    try {
      const { content, tests } = validateContent(root, ruleChoice(settings));
      noteWarnings(content, context);
      const { resources, rules } = content;
      for (const note of expiredNotes(content.exceptions ?? [], Date.now())) context.note(note);
      const json = {
        valid: true,
        problems: [],
        warnings: content.warnings,
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
