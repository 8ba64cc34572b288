import { ProblemError } from '../errors';
import type { Content } from '../resources/kind';
import type { Rule } from '../detections/rule';
import { alerts, ancestorsOf } from '../schedulers/alert-index-search';
import { previewed } from '../schedulers/kibana/preview';
import { foundByMonitor } from '../schedulers/opensearch-alerting/try-rule';
import type { Sandbox } from '../testing/sandbox';
import { foundByWatch } from '../schedulers/watcher/try-rule';
import type { Settings } from '../settings';
import { DEFAULT_SPACE } from '../cluster/kibana';
import { clusterOf, type Context } from './command';
import { runRules } from './run';
import { checkScheduler, kibanaOf } from './scheduler';

/**
 * Runs a rule over everything on a sandbox.
 * @returns what the alert says of each event that has one, by the event's id
 * @throws ProblemError REFUSED when the rule could not run, RULE_INVALID when it cannot be said where it is to run
 */
export type Runner = (sandbox: Sandbox, rule: Rule) => Promise<ReadonlyMap<string, string>>;

/** The local scheduler, whose alerts lie in the sandbox. */
export const localRunner: Runner = async ({ cluster, namespace }, rule) => {
  await runRules(cluster, { namespace, rules: [rule.uuid], from: 0 });
  const found = await alerts(cluster, { namespace, rule: rule.uuid });
  return new Map(found.flatMap((alert) => ancestorsOf(alert).map(({ id }) => [id, String(alert.message)] as const)));
};

/**
 * The scheduler of the settings, which runs a rule once and keeps nothing of it: Kibana unless they name OpenSearch Alerting
 * or Watcher.
 * @throws ProblemError SETTINGS when that is not there
 */
export async function liveRunner(context: Context, settings: Settings, content: Content): Promise<Runner> {
  const { scheduler } = settings;
  if (scheduler !== 'opensearch-alerting' && scheduler !== 'watcher') return kibanaRunner(context, settings, content);
  await checkScheduler(scheduler, await clusterOf(settings, context));
  const find = scheduler === 'watcher' ? foundByWatch : foundByMonitor;
  return (sandbox, rule) => find(sandbox, rule, content);
}

/** Kibana's own preview, in the first space that the settings name. */
async function kibanaRunner(context: Context, settings: Settings, content: Content): Promise<Runner> {
  const kibana = await kibanaOf({ ...settings, scheduler: 'kibana' }, context, { live: true });
  const [space = DEFAULT_SPACE] = kibana?.spaces ?? [];
  if (kibana === undefined || settings.elasticsearch.url === undefined) {
    const message = 'a live test needs the cluster of that Kibana, for its events';
    const hint = 'Give --es-url URL, or set WMI_DETECTIONS_ES_URL.';
    throw new ProblemError('SETTINGS', [{ message, hint }]);
  }
  return (sandbox, rule) => previewed(sandbox, { kibana: kibana.server, space }, rule, content);
}
