import { isRecord } from '../../json';
import { STAMP } from './bucket-search';
import { askAlerting } from './plugin';
import type { Cluster } from '../../cluster/cluster';
import type { Body } from '../../resources/kind';
import { stampOf } from './monitor-body';
import type { Found } from './find-monitors';

const PAGE = 1_000;

/** So many alerts of one monitor can be read: from + size may not exceed what a search returns at most. */
export const MOST_HELD = 10_000;

/** The alerts that the plugin holds of a monitor, in every state, from its history as well; the newest first. */
export async function heldAlerts(cluster: Cluster, monitorId: string): Promise<Body[]> {
  const found: Body[] = [];
  for await (const page of pagesOf(cluster, monitorId)) found.push(...page);
  return found;
}

async function* pagesOf(cluster: Cluster, monitorId: string): AsyncGenerator<readonly Body[], void, undefined> {
  for (let startIndex = 0; startIndex < MOST_HELD; startIndex += PAGE) {
    // Without a state it gives those of every state.
    const query = { monitorId, size: PAGE, startIndex, sortString: 'start_time', sortOrder: 'desc' };
    const { body } = await askAlerting<{ alerts?: readonly Body[] }>(cluster, {
      method: 'GET',
      path: '/alerts',
      query,
      allow: [404],
    });
    const page = body.alerts ?? [];
    yield page;
    if (page.length < PAGE) return;
  }
}

/**
 * What the alerts that the plugin holds of a monitor say of it:
 *
 *   proven   | one was stored, or found again, by its search as it now stands
 *   outdated | all are of searches that it had before
 *   none     | there is none; one in state ERROR is none: it says the contrary, that a run failed
 */
export async function proofOf(
  cluster: Cluster,
  { id, monitor }: Pick<Found, 'id' | 'monitor'>,
): Promise<'proven' | 'outdated' | 'none'> {
  const stamp = stampOf(monitor);
  let any = false;
  for await (const page of pagesOf(cluster, id)) {
    const raised = page.filter(({ state }) => state !== 'ERROR');
    if (stamp !== undefined && raised.some((alert) => stampOfAlert(alert) === stamp)) return 'proven';
    any ||= raised.length > 0;
  }
  return any ? 'outdated' : 'none';
}

function stampOfAlert({ agg_alert_content: content }: Body): unknown {
  const bucket = isRecord(content) && isRecord(content.bucket) ? content.bucket : {};
  const metric = bucket[STAMP];
  return isRecord(metric) ? metric.value : undefined;
}

/** Whether somebody looked at an alert; that it is over (COMPLETED) says only that no event came after it. */
export function isAcknowledged({ acknowledged_time: time }: Body): boolean {
  return typeof time === 'number';
}

/** How many alerts of a monitor are open, as `alerts` shows them: those at which nobody looked, over or not. */
export async function openAlerts(cluster: Cluster, id: string): Promise<number> {
  const held = await heldAlerts(cluster, id);
  return held.filter((alert) => ['ACTIVE', 'COMPLETED'].includes(String(alert.state)) && !isAcknowledged(alert)).length;
}
