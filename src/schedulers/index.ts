import { componentTemplate, indexTemplate, ingestPipeline } from '../resources/content-kinds';
import type { RequestContext } from '../cluster/connection';
import type { Kind, Scope } from '../resources/kind';
import { dataStream } from '../resources/data-stream';
import { dataStreamLifecycle } from '../resources/data-stream-lifecycle';
import { plainIndex } from '../resources/plain-index';
import type { SchedulerName, Settings } from '../settings';
import { kibanaScheduler } from './kibana';
import { connectNamedKibana, locateSpaces, type KibanaConnection } from './kibana/spaces';
import { localScheduler } from './local';
import { alertingScheduler } from './opensearch-alerting';
import type { Scheduler, Schedulers } from './scheduler';
import { watcherScheduler } from './watcher';

/** The schedulers without a connection, the best first: what they are, and what they do offline. */
export const SCHEDULERS: Schedulers = {
  kibana: kibanaScheduler(),
  'opensearch-alerting': alertingScheduler(),
  watcher: watcherScheduler,
  local: localScheduler,
};

/** The schedulers that differ from cluster to cluster, as the settings say. */
export interface SchedulerConnections {
  readonly kibana?: KibanaConnection | undefined;
  /** Id of the notification channel of OpenSearch Alerting. */
  readonly channel?: string | undefined;
}

/**
 * Connects to everything that may run rules of a namespace: the scheduler of the settings, and the others as far as they are
 * named, because their rules must not run beside it.
 * @throws ProblemError SETTINGS when the scheduler of the settings cannot run rules on this cluster
 */
export async function connectSchedulers(
  scope: Scope,
  settings: Settings,
  context: RequestContext,
): Promise<Schedulers> {
  const { scheduler, channel } = settings;
  await SCHEDULERS[scheduler].requireOn(scope.cluster);
  const kibana = await connectNamedKibana(settings, context, {
    needed: scheduler === 'kibana' ? 'scheduler' : undefined,
  });
  return schedulersFor(scope, { kibana, channel }, { runs: scheduler, chosen: settings.kibana.chosen === true });
}

/**
 * Schedulers on connections that are made already.
 * @param options.runs the scheduler that is to run the rules
 * @param options.chosen whether the Kibana spaces were chosen for this call only
 */
export async function schedulersFor(
  scope: Scope,
  { kibana, channel }: SchedulerConnections,
  { runs, chosen }: { readonly runs: SchedulerName; readonly chosen: boolean },
): Promise<Schedulers> {
  const spaces = kibana && (await locateSpaces(scope, kibana, { chosen, runsRules: runs === 'kibana' }));
  return { ...SCHEDULERS, kibana: kibanaScheduler(spaces), 'opensearch-alerting': alertingScheduler(channel) };
}

/**
 * The scheduler of the settings for somebody who only works with alerts: nothing is asked that only a deploy needs, such as the
 * licence of Watcher.
 * @throws ProblemError SETTINGS when the cluster has no such scheduler, or no Kibana is named
 */
export async function connectForAlerts(scope: Scope, settings: Settings, context: RequestContext): Promise<Scheduler> {
  const scheduler = SCHEDULERS[settings.scheduler];
  if (!scheduler.keepsAlerts) return scheduler;
  await scheduler.requireOn(scope.cluster);
  if (scheduler.name !== 'kibana') return scheduler;
  return kibanaAlone(await connectNamedKibana(settings, context, { needed: 'scheduler' }));
}

/**
 * The scheduler of a live test, which runs rules once and stores nothing of them: that of the settings, or Kibana where that is
 * the local one.
 * @throws ProblemError SETTINGS when it is not there
 */
export async function connectForLiveTest(
  settings: Settings,
  connect: () => Promise<Scope['cluster']>,
  context: RequestContext,
): Promise<Scheduler> {
  const scheduler = SCHEDULERS[settings.scheduler];
  if (scheduler.name !== 'kibana' && scheduler.name !== 'local') {
    await scheduler.requireOn(await connect());
    return scheduler;
  }
  return kibanaAlone(await connectNamedKibana(settings, context, { needed: 'live test' }));
}

function kibanaAlone(connection: KibanaConnection | undefined): Scheduler {
  return kibanaScheduler(connection && { ...connection, formerSpaces: [], otherSpaces: [] });
}

/** What is kept in sync on the cluster itself, whatever the scheduler. */
const ON_CLUSTER: readonly Kind[] = [
  componentTemplate,
  ingestPipeline,
  indexTemplate,
  dataStream,
  plainIndex,
  dataStreamLifecycle,
];

/**
 * Everything that is kept in sync, in the order in which it is applied; deletions go through it backwards.
 *
 *   component_template   ingest_pipeline
 *            └───────┬────────┘
 *             index_template
 *            ┌───────┴────────┐
 *       data_stream         index      bring a changed template to what exists, and a retention (data_stream_lifecycle)
 *            └───────┬────────┘
 *                    │ exception_list   ┐
 *                    │ exception_item   │ in every space of Kibana, where that runs the rules
 *             detection_rule            ┘
 *             (or monitor in OpenSearch Alerting, watch in Watcher)
 */
export function kindsFor(scope: Scope, scheduler: Scheduler, schedulers: Schedulers): readonly Kind[] {
  const others = Object.values(schedulers).filter(({ name }) => name !== scheduler.name);
  return [...ON_CLUSTER, ...others.flatMap(({ retiredKinds }) => retiredKinds), ...scheduler.kinds(scope)];
}
