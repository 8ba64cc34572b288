import * as fc from 'fast-check';
import { forget } from './mutate-ship';
import type { TestServer } from './test-server';

/** `FUZZ_EVENTS=1000000 FUZZ_SEED=n npx jest test/fuzz/…` asks for a million. */
export const EVENTS = Number(process.env['FUZZ_EVENTS'] ?? 2000);
const SEED = Number(process.env['FUZZ_SEED'] ?? 20261122);
/** A long run is in a hurry, and its first fault is told as it is: shrinking a batch of thousands would not end. */
const LONG = EVENTS > 20_000;
const BATCH = LONG ? 2400 : 300;
/** Milliseconds. */
const SHRINKING = 30_000;

/**
 * Tries many batches of events; a failure is shrunk to few events, but in a long run.
 * @param firstFault what is wrong with the first of a batch with which anything is
 * @param events so many are sent, or a few more or less
 * @param together looks at all that the node holds, with which nothing is wrong one by one, before it is taken away
 * @returns how many were
 */
export async function tryBatches<T>(
  node: TestServer,
  one: fc.Arbitrary<T>,
  firstFault: (batch: readonly T[]) => Promise<string | undefined>,
  events: number,
  together: (all: readonly T[]) => Promise<void> = () => Promise.resolve(),
): Promise<number> {
  let until = Infinity;
  let sent = 0;
  let all: T[] = [];
  // Without bias, which would make most batches small.
  const batch = fc.noBias(fc.array(one, { minLength: 1, maxLength: BATCH, size: 'max' }));
  const property = fc.asyncProperty(batch, async (some) => {
    sent += some.length;
    // Shrinking ends in time: what is found by then is told.
    if (Date.now() > until) return;
    try {
      expect(await firstFault(some)).toBeUndefined();
    } catch (error) {
      until = Math.min(until, Date.now() + SHRINKING);
      throw error;
    }
    all.push(...some);
    if (sent % 20_000 >= some.length) return;
    await together(all);
    await forget(node);
    all = [];
  });
  const details = await fc.check(property, {
    seed: SEED,
    numRuns: Math.ceil((2 * events) / BATCH),
    endOnFailure: LONG,
  });
  expect(
    details.failed ? [`seed ${details.seed}, path ${details.counterexamplePath}`, details.errorInstance] : [],
  ).toEqual([]);
  await together(all);
  return sent;
}
