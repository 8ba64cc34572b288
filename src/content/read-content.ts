import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { ProblemError, type Problem } from '../errors';
import { isRecord } from '../json';
import { checkPipeline } from './check-pipeline';
import { checkTemplate } from './check-template';
import { checkReferences } from './references';
import { FOLDERS, type Resource, type ResourceKind, type SourcedResource } from './resource';
import { readYaml } from './yaml-file';

const EXTENSION = '.yml';

/** Both products accept more, but ids are parts of URLs and of file names on every system. */
const ID = /^[a-z0-9][a-z0-9_.@-]*$/;

/**
 * Reads and checks the pipelines and templates below `pipelines/` and `mappings/`, offline.
 * @param root the folder that holds both
 * @returns the resources, by kind and then by id
 * @throws ProblemError CONTENT_INVALID with every problem of every file (file:line:column), INPUT when a file or the root
 *   cannot be read
 */
export function readContent(root: string): Resource[] {
  const problems: Problem[] = [];
  const unreadable = new Set<string>();
  const resources = (Object.keys(FOLDERS) as ResourceKind[]).flatMap((kind) =>
    filesOf(root, kind, problems).flatMap(({ file, id }) => {
      const found = readResource(file, kind, id, problems);
      if (found === undefined) unreadable.add(id);
      return found ?? [];
    }),
  );
  if (resources.length === 0 && problems.length === 0) {
    const hint = `It has neither ${Object.values(FOLDERS).join('/ nor ')}/.`;
    throw new ProblemError('INPUT', [{ where: { file: root }, message: 'holds no pipelines and no templates', hint }]);
  }
  const pipelines = resources.filter(({ kind }) => kind === 'ingest_pipeline');
  const templates = resources.filter(({ kind }) => kind !== 'ingest_pipeline');
  const callers = pipelines.map((pipeline) => ({ pipeline, ...checkPipeline(pipeline) }));
  problems.push(
    ...callers.flatMap((caller) => caller.problems),
    ...templates.flatMap((template) => checkTemplate(template)),
    ...checkReferences(callers, templates, unreadable),
  );
  if (problems.length > 0) throw new ProblemError('CONTENT_INVALID', inOrder(problems));
  return resources.map(({ kind, id, body, place }) => ({ kind, id, body, place }));
}

function filesOf(root: string, kind: ResourceKind, problems: Problem[]): { file: string; id: string }[] {
  const folder = join(root, FOLDERS[kind]);
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((name) => !name.startsWith('.'))
    .sort()
    .flatMap((name) => {
      const file = join(folder, name);
      if (name.endsWith(EXTENSION)) return [{ file, id: name.slice(0, -EXTENSION.length) }];
      const message = `is not read: this folder holds one ${EXTENSION} file per ${kind.replace('_', ' ')}`;
      problems.push({ where: { file }, message, hint: 'Rename it, or move it elsewhere.' });
      return [];
    });
}

function readResource(file: string, kind: ResourceKind, id: string, problems: Problem[]): SourcedResource | undefined {
  if (!ID.test(id)) {
    const hint = 'The name of the file is the id: small letters, digits and _ . @ - only.';
    problems.push({ where: { file }, message: `"${id}" cannot be an id`, hint });
  }
  try {
    const source = readYaml(file);
    const place = source.placeOf([]);
    if (isRecord(source.value)) return { kind, id, body: source.value, place, source };
    problems.push({
      where: place,
      message: `a file of this folder is a map, the body of one ${kind.replace('_', ' ')}`,
    });
  } catch (error) {
    if (!(error instanceof ProblemError) || error.code !== 'CONTENT_INVALID') throw error;
    problems.push(...error.problems);
  }
  return undefined;
}

/** File by file, and from the top of each to its end. */
function inOrder(problems: readonly Problem[]): Problem[] {
  const key = ({ where }: Problem): { file: string; line?: number | undefined; column?: number | undefined } =>
    where !== undefined && 'file' in where ? where : { file: '' };
  return problems.toSorted((left, right) => {
    const [one, two] = [key(left), key(right)];
    if (one.file !== two.file) return one.file < two.file ? -1 : 1;
    return (one.line ?? 0) - (two.line ?? 0) || (one.column ?? 0) - (two.column ?? 0);
  });
}
