import type { StoredRule } from './state';
import { parseDuration, backoff } from '../../text/duration';
import { setTimeout as wait } from 'node:timers/promises';

/** The last turn of a rule; times as {@link Timer} has them. */
interface Turn {
  readonly began: number;
  /** How often in a row the cluster could not answer. */
  readonly outages: number;
  /** When it is tried again after that; null when its interval says when. */
  readonly retry: number | null;
}

/** However a rule came to less, the cluster is not asked more often. */
const LEAST_INTERVAL = 1_000;
const LONGEST_PAUSE = 60_000;

/**
 * When each rule has its turn.
 *
 *   its last turn                     | its next
 *   ----------------------------------|----------------------------------------------------------------
 *   none                              | at once
 *   ran, or failed by a fault in it   | its interval after that one began; the interval that it has now
 *   failed as the cluster was not well| after a pause that grows from one failure to the next, at most a minute or its interval
 *
 * It remembers one turn of each rule that is stored, and nothing of others: however long a watch lasts, it does not grow.
 */
export class Timetable {
  private readonly turns = new Map<string, Turn>();

  constructor(private readonly pace: Timer) {}

  /** The rules that are due, the one that is due the longest first. */
  allDue(stored: readonly StoredRule[]): StoredRule[] {
    return stored
      .filter((rule) => this.untilDue(rule) <= 0)
      .sort((left, right) => this.dueAt(left) - this.dueAt(right));
  }

  /** Milliseconds until the next of these rules is due; Infinity where there is none. */
  untilNext(stored: readonly StoredRule[]): number {
    return Math.min(Infinity, ...stored.map((rule) => this.untilDue(rule)));
  }

  /** Milliseconds until a rule is due; less than 0 when it is late. */
  untilDue(rule: StoredRule): number {
    return this.dueAt(rule) - this.pace.now();
  }

  /** Notes that a rule had its turn. */
  ran({ rule }: StoredRule, began: number): void {
    this.turns.set(rule.uuid, { began, outages: 0, retry: null });
  }

  /** Notes that a rule lost its turn because the cluster was not well. */
  lost(stored: StoredRule, began: number): void {
    const outages = (this.turns.get(stored.rule.uuid)?.outages ?? 0) + 1;
    const pause = pauseAfter(outages, Math.min(intervalOf(stored), LONGEST_PAUSE), this.pace.chance());
    this.turns.set(stored.rule.uuid, { began, outages, retry: this.pace.now() + pause });
  }

  /** Forgets all other rules. */
  keep(stored: readonly StoredRule[]): void {
    const uuids = new Set(stored.map(({ rule }) => rule.uuid));
    for (const uuid of this.turns.keys()) if (!uuids.has(uuid)) this.turns.delete(uuid);
  }

  private dueAt(stored: StoredRule): number {
    const turn = this.turns.get(stored.rule.uuid);
    if (turn === undefined) return -Infinity;
    return turn.retry ?? turn.began + intervalOf(stored);
  }
}

function intervalOf({ rule }: StoredRule): number {
  return Math.max(parseDuration(rule.schedule.interval) ?? 0, LEAST_INTERVAL);
}

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
