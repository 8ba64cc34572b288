import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';

/** What a running process was started as; undefined when there is none. */
function commandOf(pid: number): string | undefined {
  if (existsSync('/proc/self/cmdline')) {
    try {
      // Empty for one that has ended and that nobody has asked about, as happens in containers.
      return readFileSync(`/proc/${pid}/cmdline`, 'utf8') || undefined;
    } catch {
      return undefined;
    }
  }
  const { status, stdout } = spawnSync('ps', ['-ww', '-p', String(pid), '-o', 'command='], { encoding: 'utf8' });
  return status === 0 ? stdout : undefined;
}

/**
 * Whether `pid` is a running process that was started with `mark` in its command line. The number alone says little: after
 * a crash or a restart of the machine it may belong to any program.
 */
export function isRunning(pid: number, mark: string): boolean {
  return commandOf(pid)?.includes(mark) ?? false;
}

/**
 * Ends a process: SIGTERM, and SIGKILL when that has not helped within `milliseconds`. Without effect on a process that
 * was not started with `mark`.
 */
export async function endProcess(pid: number, mark: string, milliseconds: number): Promise<void> {
  for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
    if (!isRunning(pid, mark)) return;
    try {
      process.kill(pid, signal);
    } catch {
      return; // It went in between.
    }
    if (await isGoneWithin(pid, mark, milliseconds)) return;
  }
}

async function isGoneWithin(pid: number, mark: string, milliseconds: number): Promise<boolean> {
  const end = Date.now() + milliseconds;
  while (isRunning(pid, mark)) {
    if (Date.now() > end) return false;
    await wait(50);
  }
  return true;
}
