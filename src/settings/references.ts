import { readFileSync } from 'node:fs';
import { isAbsolute, join } from 'node:path';
import type { Problem } from '../errors';
import { isRecord } from '../json';
import type { Part, Path } from './check';

export type Environment = Readonly<Record<string, string | undefined>>;

/** What may be written as `file:PATH`: a secret, as containers are handed them. */
const SECRETS: ReadonlySet<unknown> = new Set([
  'api_key',
  'password',
  'bearer_token',
  'service_token',
  'client_key_passphrase',
]);

/** `${VAR}`, or the escaped `$${VAR}`. */
const REFERENCE = /\$(\$?)\{([^}]*)\}/;

/** What names a file or a folder. */
const PATHS: ReadonlySet<unknown> = new Set(['ca', 'client_certificate', 'client_key', 'content']);

/**
 * Replaces what a settings file refers to: `${VAR}` anywhere in a text by the variable (`$${VAR}` stands for itself), and a
 * secret that is written `file:PATH` by the text of that file, less the line end. Paths are taken from the file's folder.
 * What does not count in this call may refer to what is not there.
 * @param folder of the settings file
 * @returns the same tree without what refers to nothing, which is in `problems`
 */
export function resolved(part: Part, folder: string, environment: Environment, problems: Problem[]): unknown {
  const walk = (value: unknown, path: Path): unknown => {
    if (Array.isArray(value)) {
      const items = value.map((item, index) => walk(item, [...path, index]));
      return items.includes(undefined) ? undefined : items;
    }
    if (isRecord(value)) {
      return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, walk(inner, [...path, key])]));
    }
    if (typeof value !== 'string') return value;
    if (part.counts?.(path) === false) return REFERENCE.test(value) ? undefined : value;
    const fail = (message: string, hint: string): void => {
      problems.push({ where: part.placeOf(path), message: `${path.join('.')}: ${message}`, hint });
    };
    const text = withVariables(value, environment, fail);
    return text === undefined ? undefined : follow(text, path.at(-1), folder, fail);
  };
  return walk(part.value, []);
}

type Fail = (message: string, hint: string) => void;

function withVariables(text: string, environment: Environment, fail: Fail): string | undefined {
  const missing: string[] = [];
  const replaced = text.replaceAll(new RegExp(REFERENCE, 'g'), (reference, escape: string, name: string) => {
    if (escape !== '') return reference.slice(1);
    const value = environment[name] ?? '';
    if (value === '') {
      missing.push(name);
      fail(`the environment variable ${name} is not set`, 'Set it; where the text itself is meant, write $${…}.');
    }
    return value;
  });
  return missing.length === 0 ? replaced : undefined;
}

function follow(text: string, key: unknown, folder: string, fail: Fail): string | undefined {
  const fromFolder = (path: string): string => (isAbsolute(path) ? path : join(folder, path));
  if (PATHS.has(key)) return fromFolder(text);
  if (!SECRETS.has(key) || !text.startsWith('file:')) return text;
  const path = fromFolder(text.slice('file:'.length));
  try {
    return readFileSync(path, 'utf8').replace(/\r?\n$/, '');
  } catch (error) {
    const reason = (error as NodeJS.ErrnoException).code ?? String(error);
    fail(`the file ${path} cannot be read (${reason})`, 'It is to hold the secret and nothing else.');
    return undefined;
  }
}
