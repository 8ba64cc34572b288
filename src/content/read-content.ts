import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { ProblemError, type Problem } from '../errors';
import { isRecord } from '../json';
import { checkPipeline } from './check-pipeline';
import { checkTemplate } from './check-template';
import { mappedFields } from './mapped-fields';
import { readScripts, SCRIPTS, type Script, type ScriptFolder } from './painless';
import { checkReferences } from './references';
import { FOLDERS, type Resource, type ResourceKind, type SourcedResource } from './resource';
import { readYaml, type Path, type YamlFile } from './yaml-file';

const EXTENSION = '.yml';

/** The engines' setting script.max_size_in_bytes, unless the cluster has another. */
const MOST_BYTES = 65_535;

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
  const scripts = readScripts(join(root, FOLDERS.ingest_pipeline));
  const read = (Object.keys(FOLDERS) as ResourceKind[]).flatMap((kind) =>
    filesOf(root, kind, problems).flatMap(({ file, id }) => {
      const found = readResource(file, kind, id, scripts, problems);
      if (found === undefined) unreadable.add(id);
      return found ?? [];
    }),
  );
  const components = new Map(read.flatMap(({ kind, id, body }) => (kind === 'component_template' ? [[id, body]] : [])));
  const resources = read.map((resource) => {
    const { source } = resource;
    const body = withFields(resource.body, [], { source, components, unreadable, problems });
    return { ...resource, body: body as Record<string, unknown> };
  });
  if (resources.length === 0 && problems.length === 0) {
    const hint = `It has neither ${Object.values(FOLDERS).join('/ nor ')}/.`;
    throw new ProblemError('INPUT', [{ where: { file: root }, message: 'holds no pipelines and no templates', hint }]);
  }
  const pipelines = resources.filter(({ kind }) => kind === 'ingest_pipeline');
  const templates = resources.filter(({ kind }) => kind !== 'ingest_pipeline');
  const callers = pipelines.map((pipeline) => ({ pipeline, ...checkPipeline(pipeline) }));
  problems.push(
    ...scripts.problems(),
    ...callers.flatMap((caller) => caller.problems),
    ...templates.flatMap((template) => checkTemplate(template)),
    ...checkReferences(callers, templates, unreadable),
  );
  if (problems.length > 0) throw new ProblemError('CONTENT_INVALID', inOrder(problems));
  return resources.map(({ kind, id, body, place, scripts: own }) => ({ kind, id, body, place, scripts: own }));
}

function filesOf(root: string, kind: ResourceKind, problems: Problem[]): { file: string; id: string }[] {
  const folder = join(root, FOLDERS[kind]);
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((name) => !name.startsWith('.') && !(kind === 'ingest_pipeline' && name === SCRIPTS))
    .sort()
    .flatMap((name) => {
      const file = join(folder, name);
      if (name.endsWith(EXTENSION)) return [{ file, id: name.slice(0, -EXTENSION.length) }];
      const message = `is not read: this folder holds one ${EXTENSION} file per ${kind.replace('_', ' ')}`;
      problems.push({ where: { file }, message, hint: 'Rename it, or move it elsewhere.' });
      return [];
    });
}

function readResource(
  file: string,
  kind: ResourceKind,
  id: string,
  scripts: ScriptFolder,
  problems: Problem[],
): SourcedResource | undefined {
  if (!ID.test(id)) {
    const hint = 'The name of the file is the id: small letters, digits and _ . @ - only.';
    problems.push({ where: { file }, message: `"${id}" cannot be an id`, hint });
  }
  try {
    const source = readYaml(file, file, {
      '!painless': (name) => new ScriptName(name),
      '!mapped': (id) => new MappingId(id),
    });
    const place = source.placeOf([]);
    const own: Script[] = [];
    const body = withScripts(source.value, [], { source, scripts, own, problems });
    if (isRecord(body)) return { kind, id, body, place, source, scripts: own.length === 0 ? undefined : own };
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

/** What `!painless` stands for until its file is read. */
class ScriptName {
  constructor(readonly name: string) {}
}

/** What `!mapped` stands for until all templates are read. */
class MappingId {
  constructor(readonly id: string) {}
}

interface Reading {
  readonly source: YamlFile;
  readonly scripts: ScriptFolder;
  /** The scripts found so far; added to. */
  readonly own: Script[];
  readonly problems: Problem[];
}

/** The value with the text of each script in place of its name. */
function withScripts(value: unknown, path: Path, reading: Reading): unknown {
  if (value instanceof MappingId) return value;
  if (value instanceof ScriptName) {
    const script = reading.scripts.script(value.name);
    const where = reading.source.placeOf(path);
    const bytes = Buffer.byteLength(script?.text ?? '');
    if (script !== undefined) reading.own.push(script);
    else if (!reading.scripts.names.includes(value.name)) {
      const hint = `Known: ${reading.scripts.names.join(', ')}.`;
      reading.problems.push({ where, message: `there is no script "${value.name}"`, hint });
    }
    if (bytes > MOST_BYTES) {
      const [has, most] = [bytes.toLocaleString('en'), MOST_BYTES.toLocaleString('en')];
      const message = `the script "${value.name}" has ${has} bytes with its helpers, and engines take ${most}`;
      reading.problems.push({ where, message, hint: 'Split it into two processors.' });
    }
    return script?.text ?? '';
  }
  if (Array.isArray(value)) return value.map((item, index) => withScripts(item, [...path, index], reading));
  if (!isRecord(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [key, withScripts(inner, [...path, key], reading)]),
  );
}

interface Filling {
  readonly source: YamlFile;
  /** Bodies of the component templates by id. */
  readonly components: ReadonlyMap<string, Record<string, unknown>>;
  /** Ids of files that were not read, each for a reason that is reported. */
  readonly unreadable: ReadonlySet<string>;
  readonly problems: Problem[];
}

/** The value with the fields of each component template in place of its id. */
function withFields(value: unknown, path: Path, filling: Filling): unknown {
  if (value instanceof MappingId) {
    const template = filling.components.get(value.id);
    if (template !== undefined) return mappedFields(template);
    if (!filling.unreadable.has(value.id)) {
      const hint = `Known: ${[...filling.components.keys()].join(', ')}.`;
      const where = filling.source.placeOf(path);
      filling.problems.push({ where, message: `there is no component template "${value.id}"`, hint });
    }
    return {};
  }
  if (Array.isArray(value)) return value.map((item, index) => withFields(item, [...path, index], filling));
  if (!isRecord(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [key, withFields(inner, [...path, key], filling)]),
  );
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
