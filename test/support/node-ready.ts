import type { ChildProcess } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import type { Cluster } from '../../src/cluster/cluster';

/**
 * Waits until a node with security answers who its administrator is.
 * @param path what is asked of it
 * @param log what the node prints, for the error when it ends or says nothing for too long
 */
export async function becomesReady(admin: Cluster, path: string, child: ChildProcess, log: string): Promise<void> {
  const end = Date.now() + 400_000;
  for (;;) {
    try {
      await admin.client.transport.request({ method: 'GET', path }, { context: { first: true } });
      return;
    } catch (error) {
      if (child.exitCode !== null || Date.now() > end) {
        throw new Error(`the node did not start: ${readFileSync(log, 'utf8').slice(-2_000)}`, { cause: error });
      }
      await wait(200);
    }
  }
}
