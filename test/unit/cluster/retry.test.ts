import { withRetry, withAttemptCount, type Attempt, type Ended } from '../../../src/cluster/retry';
import type { Fault } from '../../../src/cluster/network-fault';
import { refusal } from '../../../src/cluster/failure';
import { readRetryAfter, pauseAfter, RETRY_POLICY } from '../../../src/cluster/retry-policy';
import { quick } from '../../support/retry-policy';

const where = { url: 'http://cluster/_bulk', method: 'POST' };

/** How often a request is sent that always ends like this. */
async function sendings(
  attempt: Attempt<string>,
  policy: { idempotent?: boolean; first?: boolean } = {},
): Promise<{ ended: Ended<string>; waits: number[] }> {
  const waits: number[] = [];
  const retryPolicy = quick({ attempts: 5, wait: (milliseconds) => Promise.resolve(void waits.push(milliseconds)) });
  const send = (): Promise<Attempt<string>> => Promise.resolve(attempt);
  return { ended: await withRetry(send, { where, idempotent: true, first: false, ...policy, retryPolicy }), waits };
}

const without = (fault: Fault): Attempt<string> => ({ fault, error: new Error(fault) });
const answered = (status: number, retryAfter?: string): Attempt<string> => ({
  answer: 'it',
  status,
  ...(retryAfter !== undefined && { retryAfter }),
});

describe('repeated requests: the table: how often a request is sent that ends so every time', () => {
  test.each<[string, Attempt<string>, safe: number, once: number, first: number]>([
    ['not sent', without('not sent'), 5, 5, 1],
    ['cut', without('cut'), 5, 1, 1],
    ['unreadable', without('unreadable'), 5, 1, 1],
    ['timeout', without('timeout'), 2, 1, 1],
    ['permanent', without('permanent'), 1, 1, 1],
    ['429', answered(429), 5, 1, 5],
    ['502', answered(502), 5, 1, 5],
    ['503', answered(503), 5, 1, 5],
    ['504', answered(504), 5, 1, 5],
    ['500', answered(500), 1, 1, 1],
    ['400', answered(400), 1, 1, 1],
    ['404', answered(404), 1, 1, 1],
    ['409', answered(409), 1, 1, 1],
    ['200', answered(200), 1, 1, 1],
  ])('%s', async (_, attempt, safe, once, first) => {
    const counts = [
      await sendings(attempt),
      await sendings(attempt, { idempotent: false }),
      await sendings(attempt, { first: true }),
    ].map(({ ended }) => ended.count);
    expect(counts).toEqual([safe, once, first]);
  });
});

test('repeated requests: an answer ends the attempts', async () => {
  const attempts = [without('cut'), answered(503), answered(200), answered(503)];
  const send = (): Promise<Attempt<string>> => Promise.resolve(attempts.shift() ?? answered(200));
  const ended = await withRetry(send, { where, idempotent: true, first: false, retryPolicy: quick() });
  expect(ended).toMatchObject({ count: 3, last: { status: 200 } });
});

test('repeated requests: pauses double up to the longest, and chance takes any part of them', async () => {
  expect((await sendings(answered(503))).waits).toEqual([500, 1_000, 2_000, 4_000]);
  expect(pauseAfter(20, { ...RETRY_POLICY, random: () => 1 })).toBe(30_000);
  expect(pauseAfter(20, { ...RETRY_POLICY, random: () => 0 })).toBe(0);
  const most = Array.from({ length: RETRY_POLICY.attempts - 1 }, (_, at) =>
    pauseAfter(at + 1, { ...RETRY_POLICY, random: () => 1 }),
  );
  expect(most.reduce((sum, pause) => sum + pause)).toBe(61_500);
});

describe('repeated requests: Retry-After', () => {
  test('is obeyed where it is longer than our own pause', async () => {
    expect((await sendings(answered(429, '3'))).waits).toEqual([3_000, 3_000, 3_000, 4_000]);
  });

  test('ends the attempts where it is longer than the limit, and the message names the time to retry', async () => {
    const { ended, waits } = await sendings(answered(429, '300'));
    expect(waits).toEqual([]);
    expect(withAttemptCount(refusal(429, { error: 'queue full' }, where), ended).message).toMatchInlineSnapshot(`
     "POST http://cluster/_bulk (429): queue full
       It asks to be left alone for 5 min 0 s: run the command again then."
    `);
  });

  test.each([
    ['7', 7_000],
    [' 0 ', 0],
    ['Sun, 22 Nov 2026 17:00:10 GMT', 10_000],
    ['Sun, 22 Nov 2026 16:00:00 GMT', 0],
    ['soon', undefined],
    ['-1', undefined],
    ['', undefined],
    [undefined, undefined],
  ])('%s', (header, expected) => {
    expect(readRetryAfter(header, Date.parse('2026-11-22T17:00:00Z'))).toBe(expected);
  });
});

test('repeated requests: the message of the last attempt has the number of attempts', async () => {
  const { ended } = await sendings(answered(503));
  expect(withAttemptCount(refusal(503, '<html><h1>503 Service\nUnavailable</h1></html>', where), ended).message)
    .toMatchInlineSnapshot(`
     "POST http://cluster/_bulk (503): 503 Service Unavailable (asked 5 times)
       The cluster could not do this now; run the command again when it is well."
    `);
});

test('repeated requests: an interruption ends a pause', async () => {
  const stop = new AbortController();
  stop.abort();
  const send = (): Promise<Attempt<string>> => Promise.resolve(answered(503));
  const asked = withRetry(send, {
    where,
    idempotent: true,
    first: false,
    retryPolicy: RETRY_POLICY,
    signal: stop.signal,
  });
  await expect(asked).rejects.toMatchObject({ code: 'INTERRUPTED', exitStatus: 130 });
});
