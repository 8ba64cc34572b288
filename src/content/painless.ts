import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Place, Problem } from '../errors';

/** The folder of the scripts, inside that of the pipelines. */
export const SCRIPTS = 'painless';

const EXTENSION = '.painless';

/** `// needs: text.painless, time.painless`: helpers that are put in front of the script. */
const NEEDS = /^\/\/ needs:(.*)$/gm;

/** A script as it is sent, without comments; it still knows the file and line of each of its characters. */
export interface Script {
  readonly text: string;
  /** @param offset UTF-16 units from the beginning of `text` */
  placeOf(offset: number): Place;
}

interface ScriptFile {
  readonly file: string;
  readonly text: string;
  readonly needs: readonly { readonly name: string; readonly offset: number }[];
}

/** The `.painless` files of one folder. */
export interface ScriptFolder {
  /**
   * A script with the helpers that it needs in front, each once.
   * @returns undefined when there is no such file, or a helper is missing; the latter is among the problems
   */
  script(name: string): Script | undefined;
  /** What is wrong with the files themselves; asked when all scripts have been taken. A script that nothing uses is no error. */
  problems(): readonly Problem[];
  /** The names that `!painless` may have. */
  readonly names: readonly string[];
}

/**
 * Reads the scripts beside the pipelines.
 * @param pipelines the folder of the pipelines; it need not have scripts
 */
export function readScripts(pipelines: string): ScriptFolder {
  const folder = join(pipelines, SCRIPTS);
  const problems: Problem[] = [];
  const names = existsSync(folder) ? readdirSync(folder).filter((name) => !name.startsWith('.')) : [];
  const files = new Map<string, ScriptFile>();
  for (const name of names.sort()) {
    const file = join(folder, name);
    if (name.endsWith(EXTENSION)) files.set(name, readScript(file));
    else problems.push({ where: { file }, message: `is not read: this folder holds ${EXTENSION} files` });
  }
  const reported = new Set<string>();

  /** The file and all that it needs, helpers first. */
  const withNeeds = (name: string, above: readonly string[]): ScriptFile[] | undefined => {
    const found = files.get(name);
    if (found === undefined) return undefined;
    const needed = found.needs.flatMap((need): (ScriptFile | undefined)[] => {
      const inner = above.includes(need.name) ? undefined : withNeeds(need.name, [...above, need.name]);
      if (inner !== undefined) return inner;
      const message = above.includes(need.name)
        ? `"${need.name}" needs this script, which needs it again`
        : `there is no script "${need.name}"`;
      const where = placeIn(found, need.offset);
      const key = `${found.file}:${String(need.offset)}`;
      if (!reported.has(key) && files.has(need.name) === above.includes(need.name)) {
        reported.add(key);
        problems.push({ where, message, hint: `Known: ${[...files.keys()].join(', ')}.` });
      }
      return [undefined];
    });
    if (needed.includes(undefined)) return undefined;
    return [...new Set([...(needed as ScriptFile[]), found])];
  };

  return {
    names: [...files.keys()],
    script: (name) => {
      const parts = withNeeds(name, [name]);
      return parts === undefined ? undefined : joined(parts);
    },
    problems: () => problems,
  };
}

function readScript(file: string): ScriptFile {
  const text = readFileSync(file, 'utf8');
  const needs = [...text.matchAll(NEEDS)].flatMap((match) => {
    const listed = match[1] ?? '';
    const from = match.index + match[0].length - listed.length;
    return [...listed.matchAll(/[^\s,]+/g)].map(({ 0: name, index }) => ({ name, offset: from + index }));
  });
  return { file, text, needs };
}

interface Line {
  readonly file: string;
  /** From 1. */
  readonly line: number;
  readonly indent: number;
  readonly code: string;
}

/** Without comments and indentation: engines take 65,535 bytes, and keep each script in the state of the cluster. */
function joined(parts: readonly ScriptFile[]): Script {
  const lines = parts.flatMap(({ file, text }) =>
    text.split('\n').flatMap((code, index): Line[] => {
      const trimmed = code.trim();
      if (trimmed === '' || trimmed.startsWith('//')) return [];
      return [{ file, line: index + 1, indent: code.length - code.trimStart().length, code: trimmed }];
    }),
  );
  return {
    text: lines.map(({ code }) => `${code}\n`).join(''),
    placeOf: (offset) => {
      let from = 0;
      for (const { file, line, indent, code } of lines) {
        if (offset <= from + code.length) return { file, line, column: offset - from + indent + 1 };
        from += code.length + 1;
      }
      return { file: parts.at(-1)?.file ?? '' };
    },
  };
}

function placeIn({ file, text }: ScriptFile, offset: number): Place {
  const before = text.slice(0, offset).split('\n');
  return { file, line: before.length, column: (before.at(-1) ?? '').length + 1 };
}
