import type { Cluster } from '../../cluster/cluster';
import { RETRY_POLICY } from '../../cluster/retry-policy';
import { ProblemError, type Problem } from '../../errors';
import { isRecord } from '../../json';
import { chunk } from '../../lists';
import { plural } from '../../text/plural';
import { askAlerting } from './plugin';
import { someAlerts } from './plugin-alerts';

/** Alerts of one request. */
const MOST_IDS = 500;

/** The plugin never answers about alerts whose monitor is deleted. Milliseconds. */
const TIMEOUT = 20_000;

interface Acknowledged {
  /** Each is `{<id>: {failed_reason}}`. */
  readonly failed?: readonly Readonly<Record<string, unknown>>[];
}

/**
 * Acknowledges alerts of one monitor: the plugin takes those of one in a request.
 * @param ids the plugin's own
 * @returns those that the plugin did not acknowledge, with its reasons
 * @throws ProblemError REFUSED when the monitor is deleted meanwhile
 */
export async function acknowledgeAlerts(
  cluster: Cluster,
  monitorId: string,
  ids: readonly string[],
): Promise<Problem[]> {
  const problems: Problem[] = [];
  const path = `/${encodeURIComponent(monitorId)}/_acknowledge/alerts`;
  const timeout = Math.min(TIMEOUT, (cluster.retryPolicy ?? RETRY_POLICY).timeout);
  for (const alerts of chunk(ids, MOST_IDS)) {
    try {
      const asked = { method: 'POST', path, body: { alerts }, timeout } as const;
      const { body } = await askAlerting<Acknowledged>(cluster, asked);
      problems.push(...(body.failed ?? []).flatMap((failed) => failureReasons(failed, cluster)));
    } catch (error) {
      if (error instanceof ProblemError && error.code === 'UNREACHABLE')
        await refuseOrphans(cluster, monitorId, alerts);
      throw error;
    }
  }
  return problems;
}

async function refuseOrphans(cluster: Cluster, monitorId: string, alerts: readonly string[]): Promise<void> {
  const path = `/${encodeURIComponent(monitorId)}`;
  const { status } = await askAlerting(cluster, { method: 'GET', path, allow: [404] });
  if (status !== 404) return;
  const message = `${plural(alerts.length, 'alert')} cannot be acknowledged: the monitor ${monitorId} has been deleted, and OpenSearch Alerting does not answer about alerts of a deleted monitor`;
  const hint = 'They stay as they are in OpenSearch Alerting. Deploy the rule again: it raises alerts of its own.';
  throw new ProblemError('REFUSED', [{ where: { url: cluster.url }, message, hint }]);
}

function failureReasons(failed: Readonly<Record<string, unknown>>, { url }: Cluster): Problem[] {
  return Object.entries(failed).map(([id, failure]) => {
    const reason =
      isRecord(failure) && typeof failure.failed_reason === 'string' ? failure.failed_reason : 'no reason given';
    return { where: { url }, message: `alert ${id} of the plugin was not acknowledged: ${reason}` };
  });
}

/**
 * Deletes a monitor, its active alerts acknowledged before: of those the plugin moves ten into its history, and leaves
 * the others active for ever, where nobody can acknowledge them.
 * @throws ProblemError when some could not be acknowledged: the monitor stays
 */
export async function deleteMonitor(cluster: Cluster, monitorId: string): Promise<void> {
  await acknowledgeActive(cluster, monitorId);
  await askAlerting(cluster, { method: 'DELETE', path: `/${encodeURIComponent(monitorId)}`, allow: [404] });
}

async function acknowledgeActive(cluster: Cluster, monitorId: string): Promise<void> {
  let last: readonly string[] = [];
  for (;;) {
    const { ids, total } = await someAlerts(cluster, monitorId, { alertState: 'ACTIVE', size: MOST_IDS });
    if (ids.length === 0) return;
    const stays = ids.filter((id) => last.includes(id));
    if (stays.length > 0)
      throw notDeleted(cluster, total, [{ message: 'OpenSearch Alerting still shows them as active' }]);
    try {
      // What ended meanwhile is refused, and is not active any more.
      await acknowledgeAlerts(cluster, monitorId, ids);
    } catch (error) {
      if (error instanceof ProblemError && error.code !== 'INTERRUPTED')
        throw notDeleted(cluster, total, error.problems);
      throw error;
    }
    last = ids;
  }
}

function notDeleted({ url }: Cluster, total: number, causes: readonly Problem[]): ProblemError {
  const reasons = causes.map(({ message }) => message).join('; ');
  const message = `the monitor was not deleted, because ${plural(total, 'active alert')} of it could not be acknowledged before: ${reasons}`;
  const hint = 'Without its monitor nobody can acknowledge them. `doctor --roles` prints what a deployer may do.';
  return new ProblemError('REFUSED', [{ where: { url }, message, hint }]);
}
