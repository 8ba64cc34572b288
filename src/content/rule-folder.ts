import { readdirSync, realpathSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { ProblemError, type Problem } from '../errors';

/** Folders at the top of a rules folder that hold no rules. */
export const RESERVED = { exceptions: 'exceptions', tests: 'tests' } as const;

const EXTENSION = '.yml';

/** `x.yml`, `x.YAML`, `x.yml.txt`: whoever named a file like this believes that it is read. */
const LOOKS_LIKE_YAML = /\.ya?ml(\.[^.]*)?$/i;

/** What editors keep beside a file that is open. */
const OF_AN_EDITOR = /^\.#|^\..*\.sw[a-p]$/;

/** A file of a rules folder that is read. */
export interface RuleFolderFile {
  /** Where it is. */
  readonly path: string;
  /**
   * The name of the rule: the file's name without its ending. Of several files with one name, each has its path below the
   * folder instead (`lateral/wmic`).
   */
  readonly slug: string;
}

/** What a rules folder holds. */
export interface RuleFolder {
  /** The rules, in the order of their paths. */
  readonly rules: readonly RuleFolderFile[];
  readonly exceptions: readonly RuleFolderFile[];
  readonly tests: readonly RuleFolderFile[];
  /** The files that look like YAML and are not read. */
  readonly problems: readonly Problem[];
}

/**
 * Lists the files of a rules folder: a rule is a `.yml` file at any depth, and the folders `exceptions` and `tests` at the top
 * hold tuning and events. Folders whose names begin with a dot (`.git`) are not read; links are followed.
 * @throws ProblemError INPUT when a folder cannot be read
 */
export function listRuleFolder(folder: string): RuleFolder {
  const problems: Problem[] = [];
  const files = below(folder, '', new Set()).filter((path) => {
    const where = { file: join(folder, path) };
    const wrong = unread(basename(path));
    if (wrong !== undefined) problems.push({ where, message: wrong, hint: 'Rename it, or move it elsewhere.' });
    return wrong === undefined && path.endsWith(EXTENSION);
  });
  const inside = (name: string): string[] =>
    files.filter((path) => path.startsWith(`${name}/`)).map((path) => path.slice(name.length + 1));
  const reserved = Object.values(RESERVED);
  const rules = rulesAt(files.filter((path) => !reserved.some((name) => path.startsWith(`${name}/`))));
  const about = (name: string): RuleFolderFile[] =>
    inside(name).map((path) => ({ path: join(folder, name, path), slug: slugMeant(path, rules) }));
  return {
    rules: rules.map(({ path, slug }) => ({ path: join(folder, path), slug })),
    exceptions: about(RESERVED.exceptions),
    tests: about(RESERVED.tests),
    problems,
  };
}

function rulesAt(paths: readonly string[]): RuleFolderFile[] {
  const isOnly = (name: string): boolean => paths.filter((path) => basename(path) === name).length === 1;
  return paths.map((path) => ({ path, slug: withoutEnding(isOnly(basename(path)) ? basename(path) : path) }));
}

/** The rule that a file of tuning or events is about: the one at the same path, else the one with the same name. */
function slugMeant(path: string, rules: readonly RuleFolderFile[]): string {
  const atSamePath = rules.find((rule) => rule.path === path);
  const [named, ...more] = rules.filter((rule) => basename(rule.path) === path);
  return (atSamePath ?? (more.length === 0 ? named : undefined))?.slug ?? withoutEnding(path);
}

function withoutEnding(path: string): string {
  return path.slice(0, -EXTENSION.length);
}

/** @returns why a file is not read, although its name says that it should be */
function unread(name: string): string | undefined {
  if (!LOOKS_LIKE_YAML.test(name)) return undefined;
  if (name.startsWith('.')) return 'is not read: its name begins with a dot';
  return name.endsWith(EXTENSION) ? undefined : `is not read: only files that end in ${EXTENSION} are`;
}

/** The paths of all files below a folder, with `/` between their parts. */
function below(folder: string, prefix: string, above: ReadonlySet<string>): string[] {
  const here = join(folder, prefix);
  try {
    const names = readdirSync(here)
      .filter((name) => !OF_AN_EDITOR.test(name))
      .sort();
    const real = realpathSync(here);
    if (above.has(real)) return [];
    const inside = new Set([...above, real]);
    return names.flatMap((name) => {
      const path = prefix === '' ? name : `${prefix}/${name}`;
      const isFolder = statSync(join(folder, path), { throwIfNoEntry: false })?.isDirectory() === true;
      if (!isFolder) return [path];
      return name.startsWith('.') ? [] : below(folder, path, inside);
    });
  } catch (cause) {
    if (cause instanceof ProblemError) throw cause;
    const reason = (cause as NodeJS.ErrnoException).code ?? String(cause);
    throw new ProblemError('INPUT', [{ where: { file: here }, message: `cannot be read (${reason})` }], { cause });
  }
}
