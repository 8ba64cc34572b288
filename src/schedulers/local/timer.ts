import { setTimeout as wait } from 'node:timers/promises';
import { backoff } from '../../text/duration';

/** Time as a watch lives by it: spans, never dates, so that nobody who sets a clock hurries or delays it. */
export interface Timer {
  /** Milliseconds since some moment. */
  readonly now: () => number;
  /** Waits so many milliseconds, or until the signal is aborted. */
  readonly wait: (milliseconds: number, signal: AbortSignal) => Promise<void>;
  /** From 0 to 1. */
  readonly chance: () => number;
}

/** The pace of the world. */
export const TIMER: Timer = {
  now: () => performance.now(),
  chance: () => Math.random(),
  async wait(milliseconds, signal) {
    try {
      await wait(milliseconds, undefined, { signal });
    } catch (error) {
      if (!signal.aborted) throw error;
    }
  },
};

const FIRST_PAUSE = 1_000;

/**
 * How long to wait before trying again, in milliseconds: 1, 2, 4 … seconds, half of each by chance.
 * @param failures so far, from 1
 * @param longest the longest pause
 */
export function pauseAfter(failures: number, longest: number, chance: number): number {
  return backoff(failures, { first: FIRST_PAUSE, longest, jitter: 0.5 }, chance);
}
