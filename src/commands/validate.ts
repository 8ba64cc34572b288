import { readAllContent } from '../plan/content';
import type { Content } from '../resources/kind';
import { plural } from '../report/run';
import { PROGRAM_FOLDER } from '../program';
import { declare, settingsOf } from './command';

/**
 * Checks everything that is on the disk, without any cluster.
 * @param root the folder that holds pipelines/, mappings/ and rules/
 * @returns what `deploy` would start from
 * @throws ProblemError CONTENT_INVALID with every problem of every file, INPUT when a folder cannot be read
 */
export function validateContent(root: string): Content {
  return readAllContent(root);
}

export const validateCommand = declare({
  name: 'validate',
  describe: 'check pipelines, mappings and rules on disk, offline',
  positionals: {},
  options: {},
  run: (context, argv) => {
    const { resources, rules } = validateContent(settingsOf(context, argv).content ?? PROGRAM_FOLDER);
    const json = {
      valid: true,
      resources: resources.map(({ kind, id }) => ({ kind, id })),
      rules: rules.map(({ uuid, name, version }) => ({ uuid, name, version })),
    };
    const text = `Valid: ${plural(resources.length, 'pipeline and template', 'pipelines and templates')}, ${plural(rules.length, 'rule')}.`;
    return Promise.resolve({ json, text, exit: 0 });
  },
});
