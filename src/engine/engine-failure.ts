import { ProblemError } from '../errors';

/** What becomes of the engine is told through this, one line at a time: for a terminal, never for a result. */
export type Say = (message: string) => void;

/** One thing that keeps the engine from running: what and why, and what to do about it. */
export function engineFailure(message: string, hint: string, cause?: unknown): ProblemError {
  return new ProblemError('ENGINE', [{ message, hint }], { cause });
}

const FULL_HINT = 'Free some space, or set XDG_CACHE_HOME to a folder on another disk.';

/** The disk under `folder` is full; `detail` says how we know. */
export function diskFull(folder: string, detail: string, cause?: unknown): ProblemError {
  return engineFailure(`disk full: the embedded engine cannot write in ${folder} (${detail})`, FULL_HINT, cause);
}

/**
 * Runs `write`, which writes below `folder`, and says in plain words when the folder cannot be written.
 * @throws ProblemError ENGINE when the disk is full or the folder is not ours to write in
 */
export function writing<T>(folder: string, write: () => T): T {
  try {
    return write();
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code;
    if (code === 'ENOSPC' || code === 'EDQUOT') throw diskFull(folder, code, cause);
    if (code === 'EACCES' || code === 'EPERM' || code === 'EROFS' || code === 'ENOTDIR') {
      throw engineFailure(
        `the embedded engine cannot write in ${folder} (${code})`,
        'Make it writable, or set XDG_CACHE_HOME to a folder that is.',
        cause,
      );
    }
    throw cause;
  }
}
