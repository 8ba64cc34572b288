import { readAllContent } from '../resources/read-all-content';
import { PROGRAM_FOLDER } from '../program';
import type { Scope } from '../resources/kind';
import type { Rule } from '../detections/rule';
import type { Settings } from '../settings';
import { requireAlerting } from '../schedulers/opensearch-alerting/plugin';
import { clusterOf, type Context } from './command';
import { kibanaOf } from './scheduler';

/**
 * Where an analyst's alerts are: the cluster, the namespace and what keeps alerts there. Nothing is asked that only who deploys
 * needs, such as the licence of Watcher.
 * @returns the rules of the content as well, where the scheduler's own alerts do not tell theirs; else none
 * @throws ProblemError SETTINGS when the cluster has no such scheduler, or no Kibana is named
 */
export async function analystScope(
  settings: Settings,
  context: Context,
): Promise<{ scope: Scope; rules: readonly Rule[] }> {
  const { namespace, indices, scheduler } = settings;
  const cluster = await clusterOf(settings, context);
  const scope = { cluster, namespace, indices, scheduler };
  if (scheduler === 'local' || scheduler === 'watcher') return { scope, rules: [] };
  if (scheduler === 'opensearch-alerting') await requireAlerting(cluster);
  const kibana = scheduler === 'kibana' ? await kibanaOf(settings, context) : undefined;
  return { scope: { ...scope, kibana }, rules: readAllContent(settings.content ?? PROGRAM_FOLDER).rules };
}
