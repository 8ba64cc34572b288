import { ProblemError } from '../errors';
import { describeDuration } from '../text/duration';
import type { Asked } from './failure';
import { askedToWait, pauseAfter, PATIENCE, type Patience } from './patience';
import type { RequestContext } from './cluster';

/**
 * Why there is no answer.
 *
 *   not sent    nothing took the connection: the request never left
 *   cut         the connection ended before the answer did
 *   unreadable  the answer is not what such a request is answered with: cut off, not JSON, somebody else's
 *   late        nothing was heard in time
 *   hopeless    asking again changes nothing: a wrong certificate, a fault of ours
 */
export type Fault = 'not sent' | 'cut' | 'unreadable' | 'late' | 'hopeless';

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

export interface Manner {
  readonly where: Asked;
  /** Whether doing it twice is the same as doing it once. */
  readonly safe: boolean;
  /** The first request of a command: it asks who is there, and nothing has been begun. */
  readonly first: boolean;
  /** How many there are to ask; one where not given. */
  readonly nodes?: number | undefined;
  readonly patience: Patience;
  readonly signal?: AbortSignal | undefined;
}

/** Said by a busy or starting node, or by the proxy before it, and never of what was asked. */
export const FOR_THE_MOMENT: ReadonlySet<number> = new Set([429, 502, 503, 504]);

/** A silent server costs a minute each time. */
const MOST_LATE = 2;

/**
 * Sends a request until it is answered, or it makes no sense to send it again.
 *
 *   how an attempt ended     | safe to repeat       | to be done once      | first of a command
 *   -------------------------|----------------------|----------------------|----------------------------------
 *   not sent, another node   | that one, at once    | that one, at once    | that one, at once
 *   not sent                 | again                | again                | error: most likely a wrong URL
 *   cut, unreadable          | again                | error                | error
 *   late                     | again, but only once | error                | error
 *   429, 502, 503, 504       | again                | it is the answer     | again: a node that is starting
 *   any other 4xx, 500, 2xx  | it is the answer     | it is the answer     | it is the answer
 *   hopeless                 | error                | error                | error
 *
 * Safe are GET, HEAD, PUT and DELETE, searches, and bulk requests, whose every item has its id and can be created only once. To
 * be done once are the next page of a scroll (the page that got lost would never be seen), a rollover, the creation of a
 * monitor: what may have been done or not is for the user to know. Pauses are those of `pauseAfter`; a longer `Retry-After` is obeyed up to
 * the longest pause, and beyond it ends the asking: to come back earlier than asked would only add to the load.
 * @throws ProblemError INTERRUPTED when the signal is aborted during a pause
 */
export async function repeatedly<T>(send: () => Promise<Attempt<T>>, manner: Manner): Promise<Ended<T>> {
  const { patience } = manner;
  for (let count = 1, late = 0; ; count += 1) {
    const last = await send();
    if ('fault' in last && last.fault === 'late') late += 1;
    if ('fault' in last && last.fault === 'not sent' && count < (manner.nodes ?? 1)) continue;
    if (count >= patience.attempts || late >= MOST_LATE || !isWorthAnother(last, manner)) return { last, count };
    const wanted = 'fault' in last ? undefined : askedToWait(last.retryAfter);
    if (wanted !== undefined && wanted > patience.longest) return { last, count, wanted };
    await pause(Math.max(wanted ?? 0, pauseAfter(count, patience)), manner);
  }
}

/** With what patience a request is sent; one that tidies up even after an interruption, and then only once. */
export function mannerOf(
  { cleanup = false }: { readonly cleanup?: boolean | undefined },
  { patience = PATIENCE, signal }: RequestContext,
): Pick<Manner, 'patience' | 'signal'> {
  if (!cleanup) return { patience, signal };
  return { patience: signal?.aborted === true ? { ...patience, attempts: 1 } : patience };
}

/** Which attempt it is, and whether there is none after it. */
interface Attempted {
  readonly count: number;
  readonly last: boolean;
}

/**
 * Does something to all items of a list, and again to those that were put off, as patiently as a request is sent again.
 * @param once one attempt; it returns what was put off, of which it is to think what it likes when the attempt is the last
 * @throws ProblemError INTERRUPTED when the signal is aborted during a pause, and whatever `once` throws
 */
export async function whilePutOff<T>(
  items: readonly T[],
  { where, patience = PATIENCE, signal }: { readonly where: Asked } & RequestContext,
  once: (items: readonly T[], attempt: Attempted) => Promise<readonly T[]>,
): Promise<void> {
  let left = items;
  for (let count = 1; left.length > 0 && count <= patience.attempts; count += 1) {
    const last = count === patience.attempts;
    left = await once(left, { count, last });
    if (left.length > 0 && !last) await pause(pauseAfter(count, patience), { where, patience, signal });
  }
}

/**
 * Waits before the next attempt.
 * @throws ProblemError INTERRUPTED when the signal is aborted meanwhile
 */
async function pause(
  milliseconds: number,
  { where, patience, signal }: Pick<Manner, 'where' | 'patience' | 'signal'>,
): Promise<void> {
  try {
    await patience.wait(milliseconds, signal);
  } catch (cause) {
    throw new ProblemError('INTERRUPTED', [{ where, message: 'interrupted' }], { cause });
  }
}

function isWorthAnother(last: Attempt<unknown>, { safe, first }: Manner): boolean {
  if (!('fault' in last)) return safe && FOR_THE_MOMENT.has(last.status);
  if (first || last.fault === 'hopeless') return false;
  return safe || last.fault === 'not sent';
}

/** The error of the last attempt, with how often it was tried, and when the server wants to be asked again. */
export function told(error: ProblemError, { count, wanted }: Ended<unknown>): ProblemError {
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
