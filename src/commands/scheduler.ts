import { ProblemError } from '../errors';
import type { Scheduler, Scope } from '../resources/kind';
import type { Settings } from '../settings';
import { requireAlerting } from '../schedulers/opensearch-alerting/plugin';
import { connectKibana } from '../cluster/kibana';
import type { Cluster } from '../cluster/cluster';
import type { Context } from './command';
import { requireWatcher } from '../schedulers/watcher/availability';

/** The flags of the commands that put rules somewhere, or take them away. */
export const SCHEDULER_OPTIONS = {
  scheduler: { type: 'string', describe: 'where the rules run: kibana, opensearch-alerting, watcher or local' },
  space: { type: 'string', describe: 'Kibana space that gets the rules; several with commas between them' },
  channel: {
    type: 'string',
    describe: 'id of the notification channel that OpenSearch Alerting tells of new alerts',
  },
} as const;

/**
 * The Kibana that the settings name; undefined where they name none and none is needed.
 * @param options.live whether it is needed for a live test
 * @throws ProblemError SETTINGS when one is needed and not named, and whatever `connectKibana` throws
 */
export async function kibanaOf(
  settings: Settings,
  { signal, patience }: Pick<Context, 'signal' | 'patience'>,
  options: { live?: boolean } = {},
): Promise<Scope['kibana']> {
  const { url, spaces, ...access } = settings.kibana;
  if (url !== undefined)
    return { server: await connectKibana({ url, ...access }, spaces, { signal, patience }), spaces };
  if (settings.scheduler !== 'kibana') return undefined;
  const [why, otherwise] =
    options.live === true
      ? ['in a live test Kibana runs the rules', 'without --live our own scheduler runs them']
      : ['the scheduler is kibana', 'or use --scheduler local'];
  const name = 'Give --kibana-url URL, set WMI_DETECTIONS_KIBANA_URL, or write kibana.url into wmi-detections.yml';
  throw new ProblemError('SETTINGS', [{ message: `${why}, and no Kibana is named`, hint: `${name}; ${otherwise}.` }]);
}

/**
 * Makes sure that the cluster can run rules as the settings want it.
 * @throws ProblemError SETTINGS when it cannot, with what else can
 */
export async function checkScheduler(scheduler: Scheduler, cluster: Cluster): Promise<void> {
  if (scheduler === 'opensearch-alerting') await requireAlerting(cluster);
  if (scheduler === 'watcher') await requireWatcher(cluster);
}
