import { setTimeout as wait } from 'node:timers/promises';
import { backoff } from '../text/duration';

/** How often a request is sent, and how long the pauses between are. Tests give another one, so that nothing in them sleeps. */
export interface RetryPolicy {
  /** How often a request is sent in all. */
  readonly attempts: number;
  /** Milliseconds that are waited at most before the first repetition; it doubles from one to the next. */
  readonly pause: number;
  /** Milliseconds that are waited at most before any repetition, whoever asks for more. */
  readonly longest: number;
  /** Milliseconds until a server that says nothing is given up. */
  readonly timeout: number;
  /** From 0 to 1, by chance. */
  readonly random: () => number;
  /** Rejects when the signal is aborted. */
  readonly wait: (milliseconds: number, signal: AbortSignal | undefined) => Promise<void>;
}

/**
 * Eight attempts in about half a minute; the pauses add up to at most 62 seconds, unless the server itself asks for longer ones. A node
 * that restarts is back by then.
 */
export const RETRY_POLICY: RetryPolicy = {
  attempts: 8,
  pause: 500,
  longest: 30_000,
  timeout: 60_000,
  random: Math.random,
  wait: async (milliseconds, signal) => {
    await wait(milliseconds, undefined, signal === undefined ? {} : { signal });
  },
};

/** Milliseconds to wait after the n-th attempt: anything from nothing to a bound that doubles. */
export function pauseAfter(attempt: number, { pause, longest, random }: RetryPolicy): number {
  return backoff(attempt, { first: pause, longest, jitter: 1 }, random());
}

/**
 * Milliseconds that a `Retry-After` header asks for: a number of seconds, or a date (RFC 9110, 10.2.3).
 * @returns undefined where there is no such header, or none that can be read
 */
export function readRetryAfter(header: unknown, now = Date.now()): number | undefined {
  if (typeof header !== 'string') return undefined;
  const text = header.trim();
  if (/^\d{1,9}$/.test(text)) return Number(text) * 1_000;
  const date = /^[A-Z][a-z]{2}, .* GMT$/.test(text) ? Date.parse(text) : NaN;
  return Number.isNaN(date) ? undefined : Math.max(date - now, 0);
}
