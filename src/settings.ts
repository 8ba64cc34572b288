import { existsSync, readFileSync } from 'node:fs';
import { z } from 'zod';
import { readYaml, type YamlFile } from './content/yaml-file';
import { ProblemError, type Place, type Problem } from './errors';
import { nearest } from './text/suggest';

/** Where a product is and how it is entered. Secrets come from the environment or the file, never from flags. */
export interface ConnectionSettings {
  readonly url?: string | undefined;
  readonly apiKey?: string | undefined;
  readonly username?: string | undefined;
  readonly password?: string | undefined;
  /** PEM text. */
  readonly ca?: string | undefined;
}

export type SchedulerName = (typeof SCHEDULERS)[number];

/** Checked settings. */
export interface Settings {
  readonly elasticsearch: ConnectionSettings;
  readonly kibana: ConnectionSettings & {
    /** Ids of the spaces that get the rules. */
    readonly spaces: readonly string[];
    /** The flag names them, for this call: there may be others. */
    readonly chosen?: true;
  };
  readonly namespace: string;
  readonly scheduler: SchedulerName;
  /** The notification channel that monitors of OpenSearch Alerting tell of new alerts. */
  readonly channel?: string | undefined;
  /** Replaces the index list of every rule. */
  readonly indices?: readonly string[] | undefined;
  /** How long events are kept, as Elasticsearch writes durations: `90d`. Without it they are kept for good. */
  readonly retention?: string | undefined;
  /** The folder that holds pipelines/, mappings/ and rules/; undefined for those that come with the program. */
  readonly content?: string | undefined;
}

/** Settings as given on the command line; they win over the environment, which wins over the file. */
export interface Flags {
  readonly config?: string | undefined;
  readonly esUrl?: string | undefined;
  readonly kibanaUrl?: string | undefined;
  readonly namespace?: string | undefined;
  readonly scheduler?: string | undefined;
  readonly channel?: string | undefined;
  readonly content?: string | undefined;
  /** Ids of spaces, several with commas between them. */
  readonly space?: string | readonly string[] | undefined;
}

export type Environment = Readonly<Record<string, string | undefined>>;

export const DEFAULT_FILE = 'wmi-detections.yml';
const SCHEDULERS = ['kibana', 'opensearch-alerting', 'watcher', 'local'] as const;

const url = z
  .string()
  .refine((text) => /^https?:$/.test(protocolOf(text)), 'must be a URL that begins with http:// or https://');

/** The rule for the namespace of a data stream (Elastic's data stream naming scheme). */
const namespace = z
  .string()
  .refine(
    (text) => /^[^A-Z\\/*?"<>|\s,#:-]{1,100}$/.test(text),
    'must be at most 100 characters, lower case, without blanks and \\ / * ? " < > | , # : -',
  );

const connection = z.strictObject({
  url: url.optional(),
  api_key: z.string().optional(),
  username: z.string().optional(),
  password: z.string().optional(),
  ca: z.string().optional(),
});

/** As Kibana names spaces in its URLs. */
const spaces = z
  .array(z.string().regex(/^[a-z0-9_-]+$/, 'must be the id of a space: small letters, digits, _ and -'))
  .min(1, 'must name a space');

const kibanaConnection = connection.extend({ spaces: spaces.optional() });

const settingsShape = z.strictObject({
  elasticsearch: connection.optional(),
  kibana: kibanaConnection.optional(),
  namespace: namespace.optional(),
  scheduler: z.enum(SCHEDULERS, `must be one of ${SCHEDULERS.join(', ')}`).optional(),
  channel: z
    .string()
    .regex(/^[\w-]{1,128}$/, 'must be the id of a notification channel: letters, digits, _ and -')
    .optional(),
  indices: z.array(z.string().min(1)).min(1).optional(),
  retention: z
    .string()
    .regex(/^[1-9]\d{0,4}[dhms]$/, 'must be a duration of days, hours, minutes or seconds, such as 90d')
    .optional(),
  content: z.string().optional(),
});

type Written = z.infer<typeof settingsShape>;

/**
 * Puts together the settings file, the environment and the flags.
 * @param flags what the command line says
 * @param environment usually `process.env`
 * @throws ProblemError SETTINGS with every problem of all three at once
 */
export function readSettings(flags: Flags, environment: Environment): Settings {
  const problems: Problem[] = [];
  const file = readFile(flags, problems);
  const written = file === undefined ? {} : checked(file.value, (path) => file.placeOf(path), problems);
  const given = checked(fromEnvironment(environment), environmentPlace, problems);
  const typed = checked(fromFlags(flags), flagPlace, problems);
  const elasticsearch = { ...written.elasticsearch, ...given.elasticsearch, ...typed.elasticsearch };
  const kibana = { ...written.kibana, ...given.kibana, ...typed.kibana };
  const settings: Settings = {
    elasticsearch: connectionOf(elasticsearch, problems),
    kibana: {
      ...connectionOf(kibana, problems),
      spaces: [...new Set(kibana.spaces ?? ['default'])],
      ...(typed.kibana?.spaces !== undefined && { chosen: true }),
    },
    namespace: typed.namespace ?? given.namespace ?? written.namespace ?? 'default',
    scheduler: typed.scheduler ?? written.scheduler ?? (kibana.url === undefined ? 'local' : 'kibana'),
    channel: typed.channel ?? written.channel,
    indices: written.indices,
    retention: written.retention,
    content: typed.content ?? written.content,
  };
  if (problems.length > 0) throw new ProblemError('SETTINGS', problems);
  return settings;
}

function readFile(flags: Flags, problems: Problem[]): YamlFile | undefined {
  const path = flags.config ?? DEFAULT_FILE;
  if (flags.config === undefined && !existsSync(path)) return undefined;
  try {
    return readYaml(path);
  } catch (error) {
    if (!(error instanceof ProblemError)) throw error;
    problems.push(...error.problems);
    return undefined;
  }
}

function checked(value: unknown, placeOf: (path: (string | number)[]) => Place, problems: Problem[]): Written {
  const result = settingsShape.safeParse(value ?? {});
  if (result.success) return result.data;
  for (const issue of result.error.issues) {
    const path = issue.path.map((step) => (typeof step === 'number' ? step : String(step)));
    if (issue.code === 'unrecognized_keys') {
      problems.push(...issue.keys.map((key) => unknownKey(key, path, placeOf)));
    } else {
      problems.push({ where: placeOf(path), message: `${path.join('.') || 'settings'}: ${issue.message}` });
    }
  }
  return {};
}

function unknownKey(key: string, path: (string | number)[], placeOf: (path: (string | number)[]) => Place): Problem {
  const known = Object.keys(
    path.length === 0 ? settingsShape.shape : path[0] === 'kibana' ? kibanaConnection.shape : connection.shape,
  );
  const near = nearest(key, known);
  return {
    where: placeOf([...path, key]),
    message: `unknown setting \`${[...path, key].join('.')}\``,
    hint: near === undefined ? `Known here: ${known.join(', ')}.` : `Did you mean \`${near}\`?`,
  };
}

const ENVIRONMENT: readonly (readonly [string, 'elasticsearch' | 'kibana', keyof z.infer<typeof connection>])[] = (
  [
    ['ES', 'elasticsearch'],
    ['KIBANA', 'kibana'],
  ] as const
).flatMap(([short, product]) =>
  (['url', 'api_key', 'username', 'password', 'ca'] as const).map(
    (key) => [`WMI_DETECTIONS_${short}_${key.toUpperCase()}`, product, key] as const,
  ),
);

function fromEnvironment(environment: Environment): unknown {
  const given: Record<string, Record<string, string>> = {};
  for (const [name, product, key] of ENVIRONMENT) {
    const value = environment[name];
    if (value !== undefined && value !== '') (given[product] ??= {})[key] = value;
  }
  return given;
}

function environmentPlace(path: (string | number)[]): Place {
  const [product, key] = path;
  const variable = ENVIRONMENT.find((entry) => entry[1] === product && entry[2] === key);
  return { file: variable === undefined ? 'environment' : `environment variable ${variable[0]}` };
}

function fromFlags(flags: Flags): unknown {
  return {
    ...(flags.esUrl !== undefined && { elasticsearch: { url: flags.esUrl } }),
    ...((flags.kibanaUrl !== undefined || flags.space !== undefined) && { kibana: kibanaFlags(flags) }),
    ...(flags.namespace !== undefined && { namespace: flags.namespace }),
    ...(flags.scheduler !== undefined && { scheduler: flags.scheduler }),
    ...(flags.channel !== undefined && { channel: flags.channel }),
    ...(flags.content !== undefined && { content: flags.content }),
  };
}

function kibanaFlags({ kibanaUrl, space }: Flags): unknown {
  const named = (typeof space === 'string' ? [space] : (space ?? [])).flatMap((list) => list.split(','));
  return {
    ...(kibanaUrl !== undefined && { url: kibanaUrl }),
    ...(space !== undefined && { spaces: named.map((each) => each.trim()) }),
  };
}

function flagPlace([first, second]: (string | number)[]): Place {
  const kibana = second === 'spaces' ? 'space' : 'kibana-url';
  const flag = first === 'elasticsearch' ? 'es-url' : first === 'kibana' ? kibana : String(first);
  return { file: `--${flag}` };
}

function connectionOf(written: z.infer<typeof connection>, problems: Problem[]): ConnectionSettings {
  return {
    url: written.url,
    apiKey: written.api_key,
    username: written.username,
    password: written.password,
    ca: written.ca === undefined ? undefined : readCa(written.ca, problems),
  };
}

function readCa(path: string, problems: Problem[]): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    const reason = (error as NodeJS.ErrnoException).code ?? String(error);
    problems.push({ where: { file: path }, message: `the CA file cannot be read (${reason})` });
    return undefined;
  }
}

function protocolOf(text: string): string {
  return URL.canParse(text) ? new URL(text).protocol : '';
}
