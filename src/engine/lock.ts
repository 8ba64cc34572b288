import { closeSync, openSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { engineFailure, writing } from './failure';
import { isRunning } from './processes';

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
