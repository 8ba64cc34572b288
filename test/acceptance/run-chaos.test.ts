import fc from 'fast-check';
import type { Client } from '@elastic/elasticsearch';
import { run } from '../../src/commands/run';
import type { Target } from '../../src/target/target';
import { scene, wmiChild, type Event, type Scene } from '../support/scene';

/** A process that dies just before or after one of its requests reaches the cluster. */
class Crash extends Error {
  override readonly message = 'the process died';
}

/** The same cluster, seen by a process that makes only so many requests. */
function dyingAfter(target: Target, requests: number, answered: boolean): Target {
  let left = requests;
  const send = target.client.transport.request.bind(target.client.transport) as (
    ...asked: unknown[]
  ) => Promise<unknown>;
  const dying = async (...asked: unknown[]): Promise<unknown> => {
    left -= 1;
    if (left < -1 || (left === -1 && !answered)) throw new Crash();
    const answer = await send(...asked);
    if (left < 0) throw new Crash();
    return answer;
  };
  return { ...target, client: { transport: { request: dying } } as unknown as Client };
}

interface Step {
  /** Minutes that pass before it. */
  readonly minutes: number;
  readonly arrivals: readonly Arrival[];
  /** For each instance that runs at once: after how many requests it dies; 99 is never. */
  readonly instances: readonly { readonly requests: number; readonly answered: boolean }[];
}

interface Arrival {
  readonly pid: number;
  readonly user: string | null;
  /** Hours between the event and its arrival. */
  readonly late: number;
  /** Seconds between its stamp and when it can be searched. */
  readonly slow: number;
}

const START = Date.parse('2025-03-10T12:00:00Z');
const MINUTE = 60_000;

const arrival = fc.record({
  pid: fc.integer({ min: 1, max: 3 }),
  user: fc.constantFrom('alice', null),
  late: fc.integer({ min: 0, max: 40 }),
  slow: fc.integer({ min: 0, max: 200 }),
});
const step: fc.Arbitrary<Step> = fc.record({
  minutes: fc.integer({ min: 1, max: 30 }),
  arrivals: fc.array(arrival, { maxLength: 4 }),
  instances: fc.array(
    fc.record({ requests: fc.oneof(fc.constant(99), fc.integer({ min: 0, max: 12 })), answered: fc.boolean() }),
    { minLength: 1, maxLength: 2 },
  ),
});

/** What a set of alerts says, whenever it was written. */
async function said(here: Scene): Promise<unknown[]> {
  const found = await here.alerts();
  return found
    .map((alert) => {
      const { start, end } = alert.event as { start: string; end: string };
      const { count, ancestors } = alert.wmi_detections as { count: number; ancestors: { id: string }[] };
      return { id: alert._id, start, end, count, ancestors: ancestors.map(({ id }) => id) };
    })
    .sort((left, right) => (left.id < right.id ? -1 : 1));
}

/** Plays the steps, then one run that is left alone. */
async function play(here: Scene, steps: readonly Step[]): Promise<Event[]> {
  const all: Event[] = [];
  let now = START;
  for (const { minutes, arrivals, instances } of steps) {
    now += minutes * MINUTE;
    const events = arrivals.map(({ pid, user, late, slow }) =>
      wmiChild(`e${all.length + pid}-${late}-${slow}-${all.length}`, {
        '@timestamp': new Date(now - late * 60 * MINUTE).toISOString(),
        'event.ingested': new Date(now - slow * 1000).toISOString(),
        'process.pid': pid,
        'user.name': user,
      }),
    );
    const fresh = events.filter((event, index) => events.findIndex(({ id }) => id === event.id) === index);
    if (fresh.length > 0) await here.index(fresh);
    all.push(...fresh);
    const runs = instances.map(({ requests, answered }) =>
      run(dyingAfter(here.target, requests, answered), { namespace: here.namespace, now: () => now }),
    );
    for (const result of await Promise.allSettled(runs)) {
      // Anything but the crash is a fault of ours.
      if (result.status === 'rejected' && !String(result.reason).includes('the process died')) throw result.reason;
    }
  }
  here.at(new Date(now + MINUTE).toISOString());
  await here.run();
  return all;
}

test('late, slow and repeated arrivals, crashes and two instances at once end with the alerts of one perfect run', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 2, maxLength: 5 }), async (steps) => {
      const [tried, perfect] = [await scene(), await scene()];
      const events = await play(tried, steps);
      if (events.length > 0) await perfect.index(events);
      perfect.at('2025-03-20T00:00:00Z');
      await perfect.run();
      expect(await said(tried)).toEqual(await said(perfect));
    }),
    { numRuns: 6, seed: 47, endOnFailure: true },
  );
}, 300_000);
