import type { Cluster } from '../cluster/cluster';
import { ProblemError } from '../errors';
import { readWaiting } from '../notify/queue';
import { toIso } from '../text/time';

/** Alerts that a webhook has not got, although several runs should have sent them. */
export interface Undelivered {
  /** Its name in the settings of what ran the rules. */
  readonly webhook: string;
  readonly alerts: number;
  /** When the oldest was written, ISO 8601. */
  readonly oldest: string;
  /** Why the last attempt failed; null where there was none. */
  readonly error: string | null;
}

/** Three runs of the shipped rules, in milliseconds; a webhook that is back by then needs nobody. */
export const DELIVERY_BOUND = 15 * 60_000;

/**
 * The webhooks that wait for alerts past the bound. An alert that an analyst closed is left out: somebody has seen it.
 * @param now the cluster's time, milliseconds since 1970
 */
export async function readUndelivered(cluster: Cluster, namespace: string, now: number): Promise<Undelivered[]> {
  return [...(await waitingIn(cluster, namespace))].flatMap(([webhook, waiting]) => {
    const late = waiting.filter(({ since, status }) => now - since > DELIVERY_BOUND && status !== 'closed');
    const [oldest] = late;
    if (oldest === undefined) return [];
    const error = late.map(({ item }) => item.error).find((each) => each !== undefined) ?? null;
    return [{ webhook, alerts: late.length, oldest: toIso(oldest.since), error }];
  });
}

/** A mapping that is older than this program is a difference of the content, which `status` shows by itself. */
async function waitingIn(cluster: Cluster, namespace: string): ReturnType<typeof readWaiting> {
  try {
    return await readWaiting(cluster, namespace);
  } catch (error) {
    if (error instanceof ProblemError && error.code === 'SETTINGS') return new Map();
    throw error;
  }
}
