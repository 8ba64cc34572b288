import { readFileSync } from 'node:fs';
import {
  LineCounter,
  parseDocument,
  isMap,
  isSeq,
  isPair,
  isNode,
  visit,
  type Document,
  type Node,
  type ScalarTag,
} from 'yaml';
import { ProblemError, type Place } from '../errors';

/** A step into a YAML document: a key of a map or an index of a list. */
export type Path = readonly (string | number)[];

/** A YAML file as plain data that still knows where each part of it stands. */
export interface YamlFile {
  /** The path as it is to be shown in messages. */
  readonly file: string;
  /** The content as plain data. */
  readonly value: unknown;
  /** Where the key (or list item) at `path` stands; the nearest enclosing place when `path` does not exist. */
  placeOf(path: Path): Place;
}

/** What a tag of our own makes of the text behind it. */
export type Tags = Readonly<Record<string, (text: string) => unknown>>;

/**
 * Reads a YAML 1.2 file.
 * @param path where the file is
 * @param shown the path to name in messages
 * @param tags the file's own tags, such as `!painless`; where they are given, any other tag is an error
 * @throws ProblemError CONTENT_INVALID with every syntax error (duplicate keys included), INPUT when it cannot be read
 */
export function readYaml(path: string, shown: string = path, tags?: Tags): YamlFile {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (cause) {
    const reason = (cause as NodeJS.ErrnoException).code ?? String(cause);
    throw new ProblemError('INPUT', [{ where: { file: shown }, message: `cannot be read (${reason})` }], { cause });
  }
  return parseYaml(text, shown, tags);
}

/**
 * Parses YAML 1.2 text; see {@link readYaml}.
 * @throws ProblemError CONTENT_INVALID with every syntax error
 */
export function parseYaml(text: string, shown: string, tags?: Tags): YamlFile {
  const lines = new LineCounter();
  const customTags = Object.entries(tags ?? {}).map(([tag, resolve]): ScalarTag => ({ tag, resolve }));
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, customTags });
  const place = (offset: number): Place => {
    const { line, col } = lines.linePos(offset);
    return { file: shown, line, column: col };
  };
  if (document.errors.length > 0) {
    throw new ProblemError(
      'CONTENT_INVALID',
      document.errors.map((error) => ({ where: place(error.pos[0]), message: `not valid YAML: ${error.message}` })),
    );
  }
  const unknown = tags === undefined ? [] : document.warnings.filter(({ code }) => code === 'TAG_RESOLVE_FAILED');
  if (unknown.length > 0) {
    const hint = `Known: ${Object.keys(tags ?? {}).join(', ')}.`;
    throw new ProblemError(
      'CONTENT_INVALID',
      unknown.map(({ pos, message }) => ({ where: place(pos[0]), message: `not understood: ${message}`, hint })),
    );
  }
  const dangling = danglingAliases(document);
  if (dangling.length > 0) {
    const message = 'not valid YAML: an alias (*name) without its anchor (&name)';
    const hint = 'A text that begins with * or & wants quotes.';
    throw new ProblemError(
      'CONTENT_INVALID',
      dangling.map((offset) => ({ where: place(offset), message, hint })),
    );
  }
  return {
    file: shown,
    value: document.toJS(),
    placeOf: (path) => place(offsetOf(document, path)),
  };
}

/** The parser takes them, and fails only when it makes plain data of them. They are not shown: each may be a password. */
function danglingAliases(document: Document.Parsed): number[] {
  const found: number[] = [];
  visit(document, {
    Alias: (_, alias) => {
      if (alias.resolve(document) === undefined) found.push(startOf(alias) ?? 0);
    },
  });
  return found;
}

function offsetOf(document: Document.Parsed, path: Path): number {
  let node: unknown = document.contents;
  let offset = startOf(node) ?? 0;
  for (const step of path) {
    const next: unknown = isMap(node)
      ? node.items.find((pair) => String((pair.key as { value?: unknown }).value ?? pair.key) === String(step))
      : isSeq(node)
        ? node.items[Number(step)]
        : undefined;
    if (next === undefined) return offset;
    offset = startOf(isPair(next) ? next.key : next) ?? offset;
    node = isPair(next) ? next.value : next;
  }
  return offset;
}

function startOf(node: unknown): number | undefined {
  return isNode(node) ? (node as Node).range?.[0] : undefined;
}
