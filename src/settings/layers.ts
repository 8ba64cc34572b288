import type { Place, Problem } from '../errors';
import { checked, type Path, settingsShape, type Product, type Written, type WrittenKey } from './schema';

/** Variables by name, usually `process.env`. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** What one part of the settings says and where it says it: file, profile, environment or flags. */
export interface Layer {
  readonly written: Written;
  readonly placeOf: (path: Path) => Place;
  /** Whether everyone on the machine can read it, so that it may hold no secret. */
  readonly isPublic?: boolean;
}

/** Settings as given on the command line; they win over the environment, which wins over the file. */
export interface Flags {
  readonly config?: string | undefined;
  /** The name of a profile of the settings file. */
  readonly profile?: string | undefined;
  /** Several with commas between them. */
  readonly esUrl?: string | undefined;
  readonly kibanaUrl?: string | undefined;
  readonly namespace?: string | undefined;
  readonly scheduler?: string | undefined;
  readonly channel?: string | undefined;
  readonly content?: string | undefined;
  /** Ids of spaces, several with commas between them. */
  readonly space?: string | readonly string[] | undefined;
}

/** What the environment may say. How TLS is verified is not among it: that stands in the file, for everyone to see. */
const KEYS = [
  'url',
  'cloud_id',
  'api_key',
  'username',
  'password',
  'bearer_token',
  'service_token',
  'ca',
  'ca_fingerprint',
  'client_certificate',
  'client_key',
  'client_key_passphrase',
] as const;

const VARIABLES: readonly (readonly [string, Product, string])[] = [
  ...KEYS.map((key) => [`WMI_DETECTIONS_ES_${key.toUpperCase()}`, 'elasticsearch', key] as const),
  ['WMI_DETECTIONS_ES_AWS_SERVICE', 'elasticsearch', 'aws_service'],
  ['WMI_DETECTIONS_ES_AWS_REGION', 'elasticsearch', 'aws_region'],
  ...KEYS.map((key) => [`WMI_DETECTIONS_KIBANA_${key.toUpperCase()}`, 'kibana', key] as const),
];

/** What the variables WMI_DETECTIONS_… say; empty ones say nothing. */
export function environmentLayer(environment: Environment, problems: Problem[]): Layer {
  const value: Record<string, Record<string, string>> = {};
  for (const [name, product, key] of VARIABLES) {
    const text = environment[name];
    if (text !== undefined && text !== '') (value[product] ??= {})[key] = text;
  }
  const placeOf = ([product, key]: Path): Place => {
    const variable = VARIABLES.find((entry) => entry[1] === product && entry[2] === key);
    return { file: variable === undefined ? 'environment' : `environment variable ${variable[0]}` };
  };
  return { written: checked(settingsShape, { value, placeOf }, problems) ?? {}, placeOf };
}

/** What the flags say. */
export function flagLayer(flags: Flags, problems: Problem[]): Layer {
  const value = {
    ...(flags.esUrl !== undefined && { elasticsearch: { url: flags.esUrl } }),
    ...((flags.kibanaUrl !== undefined || flags.space !== undefined) && { kibana: kibanaFlags(flags) }),
    ...(flags.namespace !== undefined && { namespace: flags.namespace }),
    ...(flags.scheduler !== undefined && { scheduler: flags.scheduler }),
    ...(flags.channel !== undefined && { channel: flags.channel }),
    ...(flags.content !== undefined && { content: flags.content }),
  };
  return {
    written: checked(settingsShape, { value, placeOf: flagPlace }, problems) ?? {},
    placeOf: flagPlace,
    isPublic: true,
  };
}

function kibanaFlags({ kibanaUrl, space }: Flags): unknown {
  const named = (typeof space === 'string' ? [space] : (space ?? [])).flatMap((list) => list.split(','));
  return {
    ...(kibanaUrl !== undefined && { url: kibanaUrl }),
    ...(space !== undefined && { spaces: named.map((each) => each.trim()) }),
  };
}

function flagPlace([first, second]: Path): Place {
  const kibana = second === 'spaces' ? 'space' : 'kibana-url';
  const flag = first === 'elasticsearch' ? 'es-url' : first === 'kibana' ? kibana : String(first);
  return { file: `--${flag}` };
}

/** A key that is set, its value and where that stands. */
export interface Found {
  readonly key: WrittenKey;
  readonly value: unknown;
  readonly where: Place;
  /** The layer it stands in; 0 wins over 1. */
  readonly level: number;
}

/** The settings of one connection; of each key the first layer that has it counts. */
export interface SettingLookup {
  /** The product, or the path of the connection in the settings. */
  readonly product: string;
  readonly find: (key: WrittenKey) => Found | undefined;
  readonly text: (key: WrittenKey) => string | undefined;
}

/** @param layers the first wins */
export function settingLookup(product: Product, layers: readonly Layer[]): SettingLookup {
  const find = (key: WrittenKey): Found | undefined => {
    for (const [level, { written, placeOf }] of layers.entries()) {
      const value: unknown = (written[product] as Partial<Record<WrittenKey, unknown>> | undefined)?.[key];
      if (value !== undefined) return { key, value, where: placeOf([product, key]), level };
    }
    return undefined;
  };
  const text = (key: WrittenKey): string | undefined => {
    const value = find(key)?.value;
    return typeof value === 'string' ? value : undefined;
  };
  return { product, find, text };
}
