import { ProblemError, type Problem } from '../errors';
import { connectionOf, type ConnectionSettings } from './connection';
import { fileLayers, type Asked, type FileParts } from './file';
import { environmentLayer, flagLayer, type Flags, type Environment } from './layers';
import { proxiesOf } from './proxies';
import type { SchedulerName, Written } from './schema';
import { withoutUserInfo } from './user-info';
import { webhooksOf, type Webhook } from './webhooks';

export type { Access, ConnectionSettings } from './connection';
export { DEFAULT_FILE } from './file';
export type { Flags, Environment } from './layers';
export type { SchedulerName } from './schema';
export type { Webhook } from './webhooks';

/** Checked settings. */
export interface Settings {
  /** The profile of the settings file that they are of, whoever asked for it. */
  readonly profile?: string | undefined;
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
  /** What gets new alerts; empty where the settings have none, or were read without them. */
  readonly notify: readonly Webhook[];
}

/**
 * Puts together the settings file, the environment and the flags.
 * @param flags what the command line says
 * @param environment usually `process.env`
 * @param options.file false for none, not even the default one
 * @param options.notify whether the webhooks are needed; without it their secrets need not be there
 * @throws ProblemError SETTINGS with every problem of all three at once
 */
export function readSettings(
  flags: Flags,
  environment: Environment,
  { file = true, notify = false }: { readonly file?: boolean } & Partial<FileParts> = {},
): Settings {
  const problems: Problem[] = [];
  const asked = profileOf(flags, environment);
  const written = file ? fileLayers(flags.config, asked, environment, problems, { notify }) : [];
  const given = environmentLayer(environment, problems);
  const typed = flagLayer(flags, problems);
  const layers = [typed, given, ...written].map((layer) => withoutUserInfo(layer, problems));
  const first = <K extends keyof Written>(key: K): Written[K] =>
    layers.map((layer) => layer.written[key]).find((value) => value !== undefined);
  const proxies = proxiesOf(environment, problems);
  const kibana = connectionOf('kibana', layers, environment, problems);
  const spaces = layers.map((layer) => layer.written.kibana?.spaces).find((each) => each !== undefined);
  const settings: Settings = {
    profile: asked?.profile,
    elasticsearch: { ...connectionOf('elasticsearch', layers, environment, problems), proxies },
    kibana: {
      ...kibana,
      proxies,
      spaces: [...new Set(spaces ?? ['default'])],
      ...(typed.written.kibana?.spaces !== undefined && { chosen: true }),
    },
    namespace: first('namespace') ?? 'default',
    scheduler: first('scheduler') ?? (kibana.url === undefined ? 'local' : 'kibana'),
    channel: first('channel'),
    indices: first('indices'),
    retention: first('retention'),
    content: first('content'),
    notify: webhooksOf(layers, proxies, problems),
  };
  if (problems.length > 0) throw new ProblemError('SETTINGS', problems);
  return settings;
}

function profileOf({ profile }: Flags, environment: Environment): Asked | undefined {
  if (profile !== undefined) return { profile, where: { file: '--profile' } };
  const name = environment['WMI_DETECTIONS_PROFILE'];
  if (name === undefined || name === '') return undefined;
  return { profile: name, where: { file: 'environment variable WMI_DETECTIONS_PROFILE' } };
}
