import type { Scheduler, Scope } from '../resources/kind';
import { request } from '../cluster/cluster';

/**
 * Whether somebody switched a scheduler off as a whole, so that it runs nothing, whatever its rules say.
 *
 *   scheduler           | where it says so
 *   --------------------|-----------------------------------------------------------------------------
 *   opensearch-alerting | the setting plugins.scheduled_jobs.enabled, in the plugin's own statistics
 *   watcher             | `manually_stopped` of its statistics
 *   kibana, local       | nowhere: there is no such switch; a rule that does not run is overdue
 */
const STOPPED: Readonly<Record<Scheduler, (scope: Scope) => Promise<string | null>>> = {
  local: () => Promise.resolve(null),
  kibana: () => Promise.resolve(null),
  'opensearch-alerting': async (scope) =>
    (await ask(scope, '/_plugins/_alerting/stats'))?.['plugins.scheduled_jobs.enabled'] === false
      ? 'OpenSearch Alerting is switched off (plugins.scheduled_jobs.enabled is false): no monitor runs'
      : null,
  watcher: async (scope) =>
    (await ask(scope, '/_watcher/stats'))?.['manually_stopped'] === true
      ? 'Watcher is stopped: no watch runs until `POST /_watcher/_start`'
      : null,
};

/** A sentence that says that the scheduler of a scope is switched off; null when it is not, or does not say. */
export function stoppedScheduler(scope: Scope): Promise<string | null> {
  return STOPPED[scope.scheduler ?? 'local'](scope);
}

/** Statistics, where there are such and we may see them. */
async function ask({ cluster }: Scope, path: string): Promise<Readonly<Record<string, unknown>> | undefined> {
  const allow = [400, 403, 404, 405, 410];
  const { status, body } = await request<Record<string, unknown>>(cluster, { method: 'GET', path, allow });
  return status === 200 ? body : undefined;
}
