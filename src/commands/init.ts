import { existsSync, writeFileSync } from 'node:fs';
import { ProblemError, unwritable } from '../errors';
import { initText, settingsFile, type Answers, type Tried } from '../report/init-text';
import { DEFAULT_FILE, readSettings, type Environment, type SchedulerName, type Settings } from '../settings';
import { SCHEDULERS } from '../schedulers';
import type { Cluster } from '../cluster/cluster';
import type { RequestContext } from '../cluster/connection';
import { declare, clusterOf, type Context } from './command';

/** What `init` did. */
export interface Init {
  readonly file: string;
  readonly tried: Tried;
}

/**
 * Writes a commented settings file, and tries the connection that it describes. A secret is never written: the file refers
 * to the variables of the environment.
 * @param answers what was asked or given by flags
 * @throws ProblemError UNSAFE when the file is there and `force` was not given; SETTINGS when an answer is none; INPUT when
 *   the file cannot be written
 */
export async function init(
  file: string,
  answers: Answers,
  environment: Environment,
  options: RequestContext & { readonly force: boolean },
): Promise<Init> {
  if (existsSync(file) && !options.force) {
    const hint = 'Name another one with --config, or let it be replaced with --force.';
    throw new ProblemError('UNSAFE', [{ where: { file }, message: 'is there already, and was left alone', hint }]);
  }
  // Before anything is written: what is no URL or no namespace is told by the flag that it came from.
  const settings = readSettings(answers, environment, { file: false });
  const tried = await tryOut(settings, options);
  const scheduler = answers.scheduler ?? tried.found[0]?.scheduler ?? 'local';
  try {
    writeFileSync(file, settingsFile({ ...answers, scheduler }, settings), { flag: options.force ? 'w' : 'wx' });
  } catch (error) {
    throw unwritable(file, error, 'settings', 'Name a file that can be written with --config.');
  }
  return { file, tried: { ...tried, scheduler } };
}

/** Connects, and looks for all that could run the rules, best first. A failure is reported and does not keep the file from being written. */
async function tryOut(settings: Settings, context: RequestContext): Promise<Tried> {
  const found: { scheduler: SchedulerName; where: string }[] = [];
  const failures = new Set<string>();
  let cluster: Promise<Cluster> | undefined;
  const connect = (): Promise<Cluster> => (cluster ??= clusterOf(settings, context));
  for (const scheduler of Object.values(SCHEDULERS)) {
    try {
      const where = await scheduler.offer(settings, connect, context);
      if (where !== undefined) found.push({ scheduler: scheduler.name, where });
    } catch (error) {
      failures.add(textOf(error));
    }
  }
  return { cluster: await described(connect), found, failures: [...failures] };
}

/** @returns undefined where the cluster did not answer */
async function described(connect: () => Promise<Cluster>): Promise<string | undefined> {
  try {
    const { product, version, url } = await connect();
    return `${product === 'opensearch' ? 'OpenSearch' : 'Elasticsearch'} ${version} at ${url}`;
  } catch {
    // What every scheduler that needs the cluster has failed with is among the failures already.
    return undefined;
  }
}

function textOf(error: unknown): string {
  if (error instanceof ProblemError && error.code !== 'INTERRUPTED') return error.message;
  throw error;
}

/**
 * What was not given by flags is asked for, on a terminal; elsewhere it stays as it is. The URL of the environment is only
 * suggested: it counts without being an answer, and may hold a user, which no flag may.
 */
async function ask(context: Context, given: Answers): Promise<Answers> {
  const ours = context.environment['WMI_DETECTIONS_ES_URL'];
  const typed = given.esUrl ?? (await context.ask('URL of Elasticsearch or OpenSearch', ours));
  const esUrl = given.esUrl ?? (typed === ours ? undefined : typed);
  const kibanaUrl = given.kibanaUrl ?? (await context.ask('URL of Kibana, empty for none', ''));
  const namespace = given.namespace ?? (await context.ask('namespace of data streams, rules and alerts', 'default'));
  return {
    esUrl: orNothing(esUrl),
    kibanaUrl: orNothing(kibanaUrl),
    namespace: orNothing(namespace),
    scheduler: given.scheduler,
  };
}

function orNothing(text: string | undefined): string | undefined {
  return text === '' ? undefined : text;
}

export const initCommand = declare({
  positionals: {},
  options: {
    scheduler: { type: 'string', describe: 'where the rules run; without it, the best that is found' },
    force: { type: 'boolean', default: false, describe: 'replace the file where it is there' },
  },
  examples: [['$0 init --es-url https://cluster.example:9200', 'writes wmi-detections.yml']],
  run: async (context, argv) => {
    const { esUrl, kibanaUrl, namespace, scheduler, config = DEFAULT_FILE } = argv;
    const answers = await ask(context, {
      esUrl,
      kibanaUrl,
      namespace,
      scheduler: scheduler as SchedulerName | undefined,
    });
    const done = await init(config, answers, context.environment, { ...context, force: argv.force });
    return { json: done, text: initText(done), exit: done.tried.failures.length > 0 ? 1 : 0 };
  },
});
