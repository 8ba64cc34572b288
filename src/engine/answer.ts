import { basename } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';

/**
 * Whether the node of `folder` answers at `url`. Another program at a port that was ours once is not it: the cluster's name
 * ends with the name of the folder (Engine.java).
 */
export async function answers({ url, folder }: { url: string; folder: string }): Promise<boolean> {
  const body = await get(url, '/');
  return body?.['cluster_name'] === `wmi-detections-${basename(folder)}`;
}

/**
 * Waits until the node answers and its cluster's health is yellow at least.
 * @returns false when that has not happened within `seconds`, or `signal` says that nobody waits any more
 */
export async function becomesHealthy(
  node: { url: string; folder: string },
  seconds: number,
  signal: AbortSignal,
): Promise<boolean> {
  const end = Date.now() + seconds * 1000;
  while (Date.now() < end && !signal.aborted) {
    if ((await answers(node)) && (await isYellow(node.url))) return true;
    await wait(100);
  }
  return false;
}

async function isYellow(url: string): Promise<boolean> {
  const health = await get(url, '/_cluster/health?wait_for_status=yellow&timeout=1s');
  return health?.['status'] === 'yellow' || health?.['status'] === 'green';
}

async function get(url: string, path: string): Promise<Record<string, unknown> | undefined> {
  try {
    const response = await fetch(new URL(path, url), { signal: AbortSignal.timeout(3_000) });
    return (await response.json()) as Record<string, unknown>;
  } catch {
    return undefined; // Not there yet, or not JSON, so not ours.
  }
}
