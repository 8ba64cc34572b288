import { spawnSync } from 'node:child_process';
import { closeSync, existsSync, openSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import { basename, dirname } from 'node:path';
import { engineFailure, writing } from './engine-failure';

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

/** In the command line of every process that may hold the lock; the id of one that has gone may be another program's. */
const PROGRAM = basename(process.execPath);

/**
 * Does `work` while no other process does, on this machine: the lock file is created exclusively and holds the process id.
 * The lock of a process that has gone is taken over.
 * @param file the lock; its folder exists
 * @param seconds how long to wait for another process
 * @throws ProblemError ENGINE when the other one takes longer
 */
export async function withLock<T>(file: string, seconds: number, work: () => Promise<T>): Promise<T> {
  const end = Date.now() + seconds * 1000;
  while (!take(file)) {
    const holder = holderOf(file);
    if (holder !== undefined && !isRunning(holder, PROGRAM)) breakLock(file, holder);
    else if (Date.now() > end) {
      throw engineFailure(
        `another process (${holder ?? 'unknown'}) has been starting or stopping the embedded engine for ${seconds} seconds`,
        `Wait for it. If no such process is at work, remove ${file}.`,
      );
    } else await wait(50);
  }
  try {
    return await work();
  } finally {
    rmSync(file, { force: true });
  }
}

function take(file: string): boolean {
  return writing(dirname(file), () => {
    const lock = openExclusively(file);
    if (lock === undefined) return false;
    try {
      writeFileSync(lock, String(process.pid));
      return true;
    } catch (cause) {
      rmSync(file); // Without an id in it nobody could ever take it over.
      throw cause;
    } finally {
      closeSync(lock);
    }
  });
}

function openExclusively(file: string): number | undefined {
  try {
    return openSync(file, 'wx');
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'EEXIST') return undefined;
    throw cause;
  }
}

/** Undefined when the lock has just gone, or its holder is about to write its id. */
function holderOf(file: string): number | undefined {
  try {
    const text = readFileSync(file, 'utf8');
    return text === '' ? undefined : Number(text);
  } catch {
    return undefined;
  }
}

/** Renamed first: of several that find the same dead holder only one gets hold of the file, and it looks again. */
function breakLock(file: string, holder: number): void {
  const aside = `${file}.${process.pid}`;
  try {
    renameSync(file, aside);
    if (holderOf(aside) === holder) rmSync(aside);
    else renameSync(aside, file);
  } catch {
    // Another one was faster.
  }
}
