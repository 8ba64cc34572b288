import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, isAbsolute, join } from 'node:path';
import { readYaml, type YamlFile } from '../content/yaml-file';
import { keepSecret, ProblemError, type Place, type Problem } from '../errors';
import { isRecord } from '../json';
import { suggestion } from '../text/suggest';
import { checked, type Path, fileShape, type Part } from './schema';
import type { Layer, Environment } from './layers';

/** The settings file that is read without --config. */
export const DEFAULT_FILE = 'wmi-detections.yml';

/** Whoever named a file like this believes that it is read. */
const ALMOST_DEFAULT = /^wmi-detections\.ya?ml$/i;

/** The profile that was asked for, and where. */
export interface Asked {
  readonly profile: string;
  readonly where: Place;
}

/** What a call needs of the settings file beside the connections. */
export interface FileParts {
  /** Whether the call sends alerts: only then must the secrets of `notify` be there. */
  readonly notify: boolean;
}

/**
 * What the settings file says: the profile that was asked for, then the rest of the file. A profile that says how a product is
 * reached replaces all that the rest says about that: the key of one cluster must not be sent to another.
 * @param config the path that was given; else the default file, where there is one
 */
export function fileLayers(
  config: string | undefined,
  asked: Asked | undefined,
  environment: Environment,
  problems: Problem[],
  parts: FileParts,
): Layer[] {
  const file = readFile(config, problems);
  const profiles = isRecord(file?.value) && isRecord(file.value.profiles) ? file.value.profiles : {};
  if (asked !== undefined && !Object.hasOwn(profiles, asked.profile)) {
    problems.push(unknownProfile(asked, file, Object.keys(profiles)));
    return [];
  }
  if (file === undefined) return [];
  const chosen = asked === undefined ? undefined : profiles[asked.profile];
  const replaced = (key: unknown): boolean =>
    (key === 'elasticsearch' || key === 'kibana') && isRecord(chosen) && chosen[key] !== undefined;
  const counts = ([first, second]: Path): boolean =>
    first === 'profiles' ? second === asked?.profile : !replaced(first);
  const content = withoutIdleWebhooks(file.value, parts, asked?.profile);
  const part = { value: content, placeOf: (path: Path) => file.placeOf(path), counts };
  const value = resolved(part, dirname(file.file), environment, problems);
  const written = checked(fileShape, { ...part, value }, problems);
  if (written === undefined) return [];
  const { profiles: named = {}, ...rest } = written;
  const top = Object.fromEntries(Object.entries(rest).filter(([key]) => !replaced(key)));
  const layers: Layer[] = [{ written: top, placeOf: part.placeOf }];
  if (asked === undefined) return layers;
  const below = (path: Path): Place => file.placeOf(['profiles', asked.profile, ...path]);
  return [{ written: named[asked.profile] ?? {}, placeOf: below }, ...layers];
}

function readFile(config: string | undefined, problems: Problem[]): YamlFile | undefined {
  const path = config ?? DEFAULT_FILE;
  if (config === undefined && !existsSync(path)) {
    for (const file of readdirSync('.').filter((name) => ALMOST_DEFAULT.test(name))) {
      const hint = `Rename it, or name it with --config ${file}.`;
      problems.push({ where: { file }, message: `is not read: the settings file is ${DEFAULT_FILE}`, hint });
    }
    return undefined;
  }
  try {
    return readYaml(path);
  } catch (error) {
    if (!(error instanceof ProblemError)) throw error;
    problems.push(...error.problems);
    return undefined;
  }
}

/** Without the webhooks of profiles that are not asked for, and where nothing is sent, without any. */
function withoutIdleWebhooks(value: unknown, { notify }: FileParts, profile: string | undefined): unknown {
  if (!isRecord(value)) return value;
  const { profiles } = value;
  const without = ([name, each]: [string, unknown]): [string, unknown] =>
    isRecord(each) && !(notify && name === profile) ? [name, { ...each, notify: undefined }] : [name, each];
  return {
    ...value,
    ...(!notify && { notify: undefined }),
    ...(isRecord(profiles) && { profiles: Object.fromEntries(Object.entries(profiles).map(without)) }),
  };
}

function unknownProfile({ profile, where }: Asked, file: YamlFile | undefined, known: readonly string[]): Problem {
  if (file === undefined) {
    const hint = `Profiles stand in the settings file, ${DEFAULT_FILE} or what --config names, below \`profiles\`.`;
    return { where, message: `there is no settings file with the profile \`${profile}\``, hint };
  }
  const hint = known.length === 0 ? 'It has none: they stand below `profiles`.' : suggestion(profile, known);
  return { where, message: `${file.file} has no profile \`${profile}\``, hint };
}

/** What may be written as `file:PATH`: a secret, as containers are handed them. */
const SECRETS: ReadonlySet<unknown> = new Set([
  'api_key',
  'password',
  'bearer_token',
  'service_token',
  'client_key_passphrase',
]);

/** No key of a pager or a ticket system is shorter; `prod` and the like are no secret. */
const KEY_LENGTH = 8;

/** Whether a value may be written as `file:PATH`. The URL of a webhook is a secret, too: who knows it can post there. */
function isSecret(path: Path): boolean {
  if (SECRETS.has(path.at(-1))) return true;
  const below = webhookPath(path);
  return below !== undefined && (below[0] === 'url' || (below[0] === 'headers' && below.length === 2));
}

/** The rest of a path below a webhook; undefined where it is not in one. */
function webhookPath(path: Path): Path | undefined {
  const own = path[0] === 'profiles' ? path.slice(2) : path;
  return own[0] === 'notify' ? own.slice(2) : undefined;
}

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
    const found = text === undefined ? undefined : follow(text, path, folder, fail);
    // What a template gets from elsewhere is most likely a key, unless it is a word.
    const isTemplate = webhookPath(path)?.[0] === 'template';
    if (isTemplate && found !== undefined && found !== value && found.length >= KEY_LENGTH) keepSecret(found);
    return found;
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

function follow(text: string, at: Path, folder: string, fail: Fail): string | undefined {
  const fromFolder = (path: string): string => (isAbsolute(path) ? path : join(folder, path));
  const isTemplate = webhookPath(at)?.[0] === 'template';
  if (PATHS.has(at.at(-1)) && !isTemplate) return fromFolder(text);
  if (!isSecret(at) || isTemplate || !text.startsWith('file:')) return text;
  const path = fromFolder(text.slice('file:'.length));
  try {
    return readFileSync(path, 'utf8').replace(/\r?\n$/, '');
  } catch (error) {
    const reason = (error as NodeJS.ErrnoException).code ?? String(error);
    fail(`the file ${path} cannot be read (${reason})`, 'It is to hold the secret and nothing else.');
    return undefined;
  }
}
