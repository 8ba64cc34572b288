import { askAlerting } from '../target/alerting';
import type { Target } from '../target/target';
import type { Body } from './kind';

const PAGE = 1_000;

/** So many alerts of one monitor can be read: from + size may not exceed what a search returns at most. */
export const MOST_HELD = 10_000;

/** The alerts that the plugin holds of a monitor, in every state, from its history as well; the newest first. */
export async function heldAlerts(target: Target, monitorId: string): Promise<Body[]> {
  const found: Body[] = [];
  for await (const page of pagesOf(target, monitorId)) found.push(...page);
  return found;
}

async function* pagesOf(target: Target, monitorId: string): AsyncGenerator<readonly Body[], void, undefined> {
  for (let startIndex = 0; startIndex < MOST_HELD; startIndex += PAGE) {
    // Without a state it gives those of every state.
    const query = { monitorId, size: PAGE, startIndex, sortString: 'start_time', sortOrder: 'desc' };
    const { body } = await askAlerting<{ alerts?: readonly Body[] }>(target, {
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
 * Whether the plugin holds an alert of a group: only that proves that a monitor works. One in state ERROR says the contrary,
 * that a run of it failed.
 */
export async function hasAlert(target: Target, id: string): Promise<boolean> {
  for await (const page of pagesOf(target, id)) if (page.some(({ state }) => state !== 'ERROR')) return true;
  return false;
}

/** How many alerts of a monitor are open, as `alerts` shows them: those at which nobody looked, over or not. */
export async function openAlerts(target: Target, id: string): Promise<number> {
  const held = await heldAlerts(target, id);
  return held.filter(
    ({ state, acknowledged_time: time }) => state === 'ACTIVE' || (state === 'COMPLETED' && typeof time !== 'number'),
  ).length;
}
