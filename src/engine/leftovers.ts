import { readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { pidFileOf } from './launch';
import { isRunning } from './processes';

/** A start that is under way may not have written its process id yet, and a failed one is read for its reason. */
const YOUNG_MILLISECONDS = 120_000;

/** Removes the folders of nodes that ended without removing them: after SIGKILL, or when the machine went down. */
export function removeLeftovers(nodes: string): void {
  for (const name of readdirSync(nodes)) {
    const folder = join(nodes, name);
    try {
      const young = Date.now() - statSync(folder).mtimeMs < YOUNG_MILLISECONDS;
      if (young || isRunning(pidOf(folder), folder)) continue;
      rmSync(folder, { recursive: true, force: true });
    } catch {
      // Another start removes it at this moment.
    }
  }
}

function pidOf(folder: string): number {
  try {
    return Number(readFileSync(pidFileOf(folder), 'utf8'));
  } catch {
    return 0;
  }
}
