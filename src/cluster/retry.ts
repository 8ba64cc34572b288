import { ProblemError } from '../errors';
import { describeDuration } from '../text/duration';
import type { RequestContext, RequestPlace } from './connection';
import type { Fault } from './network-fault';
import { pauseAfter, readRetryAfter, RETRY_POLICY, type RetryPolicy } from './retry-policy';

/** How one sending of a request ended. */
export type Attempt<T> =
  | { readonly answer: T; readonly status: number; readonly retryAfter?: unknown }
  | { readonly fault: Fault; readonly error: unknown };

/** How all of them ended: the last one, how many there were, and the pause that the server wants before another one. */
export interface Ended<T> {
  readonly last: Attempt<T>;
  readonly count: number;
  /** Milliseconds; only where it was longer than we wait. */
  readonly wanted?: number | undefined;
}

/** How one request is repeated. */
export interface RequestPolicy {
  readonly where: RequestPlace;
  /** Whether doing it twice is the same as doing it once. */
  readonly idempotent: boolean;
  /** The first request of a command: it asks who is there, and nothing has been begun. */
  readonly first: boolean;
  /** How many nodes there are to ask; one where not given. */
  readonly nodes?: number | undefined;
  readonly retryPolicy: RetryPolicy;
  readonly signal?: AbortSignal | undefined;
}

/** Answers of a busy or starting node, or of the proxy before it; they say nothing of the request itself. */
export const RETRYABLE_STATUS: ReadonlySet<number> = new Set([429, 502, 503, 504]);

/** A silent server costs a minute each time. */
const MOST_TIMEOUTS = 2;

/**
 * Sends a request until it is answered, or it makes no sense to send it again.
 *
 *   how an attempt ended     | idempotent           | to be done once      | first of a command
 *   -------------------------|----------------------|----------------------|----------------------------------
 *   not sent, another node   | that one, at once    | that one, at once    | that one, at once
 *   not sent                 | again                | again                | error: most likely a wrong URL
 *   cut, unreadable          | again                | error                | error
 *   timeout                  | again, but only once | error                | error
 *   429, 502, 503, 504       | again                | it is the answer     | again: a node that is starting
 *   any other 4xx, 500, 2xx  | it is the answer     | it is the answer     | it is the answer
 *   permanent                | error                | error                | error
 *
 * Idempotent are GET, HEAD, PUT and DELETE, searches, and bulk requests, whose every item has its id and can be created only once. To
 * be done once are the next page of a scroll (the page that got lost would never be seen), a rollover, the creation of a
 * monitor: only the user can find out whether it was done. Pauses are those of `pauseAfter`; a longer `Retry-After` is obeyed up to
 * the longest pause, and beyond it ends the repetition: to come back earlier than asked would only add to the load.
 * @throws ProblemError INTERRUPTED when the signal is aborted during a pause
 */
export async function withRetry<T>(send: () => Promise<Attempt<T>>, policy: RequestPolicy): Promise<Ended<T>> {
  const { retryPolicy } = policy;
  for (let count = 1, timeouts = 0; ; count += 1) {
    const last = await send();
    if ('fault' in last && last.fault === 'timeout') timeouts += 1;
    if ('fault' in last && last.fault === 'not sent' && count < (policy.nodes ?? 1)) continue;
    if (count >= retryPolicy.attempts || timeouts >= MOST_TIMEOUTS || !isWorthAnother(last, policy)) {
      return { last, count };
    }
    const wanted = 'fault' in last ? undefined : readRetryAfter(last.retryAfter);
    if (wanted !== undefined && wanted > retryPolicy.longest) return { last, count, wanted };
    await pause(Math.max(wanted ?? 0, pauseAfter(count, retryPolicy)), policy);
  }
}

/** The retry policy and the signal of a request. One that cleans up is sent even after an interruption, and then only once. */
export function policyFor(
  { cleanup = false }: { readonly cleanup?: boolean | undefined },
  { retryPolicy = RETRY_POLICY, signal }: RequestContext,
): Pick<RequestPolicy, 'retryPolicy' | 'signal'> {
  if (!cleanup) return { retryPolicy, signal };
  return { retryPolicy: signal?.aborted === true ? { ...retryPolicy, attempts: 1 } : retryPolicy };
}

/** Which attempt it is, and whether there is none after it. */
interface AttemptNumber {
  readonly count: number;
  readonly last: boolean;
}

/**
 * Does something to all items of a list, and again to those that were rejected for the moment, under the retry policy of requests.
 * @param once one attempt; it returns the rejected items, and deals with them itself when the attempt is the last
 * @throws ProblemError INTERRUPTED when the signal is aborted during a pause, and whatever `once` throws
 */
export async function retryRejected<T>(
  items: readonly T[],
  { where, retryPolicy = RETRY_POLICY, signal }: { readonly where: RequestPlace } & RequestContext,
  once: (items: readonly T[], attempt: AttemptNumber) => Promise<readonly T[]>,
): Promise<void> {
  let left = items;
  for (let count = 1; left.length > 0 && count <= retryPolicy.attempts; count += 1) {
    const last = count === retryPolicy.attempts;
    left = await once(left, { count, last });
    if (left.length > 0 && !last) await pause(pauseAfter(count, retryPolicy), { where, retryPolicy, signal });
  }
}

/**
 * Waits before the next attempt.
 * @throws ProblemError INTERRUPTED when the signal is aborted meanwhile
 */
async function pause(
  milliseconds: number,
  { where, retryPolicy, signal }: Pick<RequestPolicy, 'where' | 'retryPolicy' | 'signal'>,
): Promise<void> {
  try {
    await retryPolicy.wait(milliseconds, signal);
  } catch (cause) {
    throw new ProblemError('INTERRUPTED', [{ where, message: 'interrupted' }], { cause });
  }
}

function isWorthAnother(last: Attempt<unknown>, { idempotent, first }: RequestPolicy): boolean {
  if (!('fault' in last)) return idempotent && RETRYABLE_STATUS.has(last.status);
  if (first || last.fault === 'permanent') return false;
  return idempotent || last.fault === 'not sent';
}

/** The error of the last attempt, with the number of attempts, and when the server wants to be asked again. */
export function withAttemptCount(error: ProblemError, { count, wanted }: Ended<unknown>): ProblemError {
  if (count === 1 && wanted === undefined) return error;
  const often = count === 1 ? '' : ` (asked ${count} times)`;
  const problems = error.problems.map((problem) => ({
    ...problem,
    message: `${problem.message}${often}`,
    hint:
      wanted === undefined
        ? problem.hint
        : `It asks to be left alone for ${describeDuration(wanted)}: run the command again then.`,
  }));
  return new ProblemError(error.code, problems, { cause: error });
}
