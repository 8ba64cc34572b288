import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describePlace, type Problem } from '../errors';
import { junit } from './junit';

const FOLDERS = ['pipelines', 'mappings', 'rules'];

/**
 * The result of `validate` as JUnit XML without newline at its end: a case for each file of the content.
 * @param root the folder that holds pipelines/, mappings/ and rules/
 * @param problems all that is wrong; one that names no file of the content is a case of its own
 */
export function validateJunit(root: string, problems: readonly Problem[]): string {
  const byFile = new Map<string, Problem[]>(
    FOLDERS.flatMap((folder) => yamlFiles(join(root, folder))).map((file) => [file, []]),
  );
  for (const problem of problems) {
    const file = fileOf(problem);
    byFile.set(file, [...(byFile.get(file) ?? []), problem]);
  }
  const cases = [...byFile].map(([name, own]) => ({
    name,
    failure: own[0] === undefined ? undefined : { message: messageOf(own), details: own.map(describe).join('\n') },
  }));
  return junit([{ name: 'validate', cases }]).trimEnd();
}

function yamlFiles(folder: string): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.yml'))
    .sort()
    .map((name) => join(folder, name));
}

function fileOf({ where }: Problem): string {
  if (where === undefined) return '(everything)';
  return 'file' in where ? where.file : describePlace(where);
}

function messageOf(problems: readonly Problem[]): string {
  return problems.map(({ message }) => message).join('; ');
}

function describe({ where, message, hint }: Problem): string {
  const place = where === undefined ? '' : `${describePlace(where)}: `;
  return `${place}${message}${hint === undefined ? '' : `\n  ${hint}`}`;
}
