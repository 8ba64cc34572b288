import { runRules } from '../../src/schedulers/local/run-rules';
import fc from 'fast-check';
import type { Cluster } from '../../src/cluster/cluster';
import { request } from '../support/request';
import { dataset, SYSMON, wmiChild, type Event, type Dataset } from '../support/dataset';
import { receiver, type Receiver } from '../support/receiver';

/** A process that dies just before or after one of its requests reaches the cluster. */
class Crash extends Error {
  override readonly message = 'the process died';
}

/** The same cluster, seen by a process that makes only so many requests. */
function dyingAfter(cluster: Cluster, requests: number, answered: boolean): Cluster {
  let left = requests;
  const client = cluster.client.child({});
  const send = client.transport.request.bind(client.transport) as (...asked: unknown[]) => Promise<unknown>;
  const dying = async (...asked: unknown[]): Promise<unknown> => {
    left -= 1;
    if (left < -1 || (left === -1 && !answered)) throw new Crash();
    const answer = await send(...asked);
    if (left < 0) throw new Crash();
    return answer;
  };
  client.transport.request = dying as typeof client.transport.request;
  // What a run finishes after a signal goes through a client of its own, which dies with the process, too.
  client.child = () => client;
  return { ...cluster, client };
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
  /** Seconds between its stamp and when it can be searched; less than 0: it is stamped with a time to come. */
  readonly slow: number;
  /** Our own stream, or an index of another shipper's whose documents lack event.ingested. */
  readonly into: 'ours' | 'foreign';
  /** How it arrives once more, a step later: under its id, as another document, or from another source. */
  readonly again: 'never' | 'same id' | 'new id' | 'other source';
}

const START = Date.parse('2025-03-10T12:00:00Z');
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
/** A run over three days that sends its alerts makes hardly more. */
const MOST_REQUESTS = 30;

const arrival: fc.Arbitrary<Arrival> = fc.record({
  pid: fc.integer({ min: 1, max: 9 }),
  user: fc.constantFrom('alice', null),
  late: fc.integer({ min: 0, max: 40 }),
  // Often more than the settle delay; never more than it and the overlap.
  slow: fc.oneof(fc.integer({ min: -600, max: 60 }), fc.integer({ min: 120, max: 350 })),
  into: fc.constantFrom('ours', 'ours', 'foreign'),
  again: fc.constantFrom('never', 'same id', 'new id', 'other source'),
});
const instance = fc.record({
  requests: fc.oneof(fc.constant(99), fc.integer({ min: 0, max: MOST_REQUESTS })),
  answered: fc.boolean(),
});
const step: fc.Arbitrary<Step> = fc.record({
  minutes: fc.oneof(fc.constant(1), fc.integer({ min: 1, max: 30 })),
  arrivals: fc.array(arrival, { maxLength: 4 }),
  instances: fc.array(instance, { minLength: 1, maxLength: 2 }),
});

/** An event, and the index that it goes to. */
interface Delivery {
  readonly event: Event;
  readonly index: string;
}

function deliveryOf({ pid, user, late, slow, into }: Arrival, id: string, now: number): Delivery {
  const foreign = into === 'foreign';
  const fields = {
    // What nobody stamped is looked for by its own time, a day back.
    '@timestamp': new Date(now - (foreign ? late / 2 : late) * HOUR).toISOString(),
    'event.ingested': foreign ? null : new Date(now - slow * 1000).toISOString(),
    'process.pid': pid,
    'user.name': user,
  };
  return { event: wmiChild(id, fields), index: foreign ? 'foreign' : SYSMON };
}

/** The same event once more; undefined where the cluster would not take it, because it has it. */
function repeated({ event, index }: Delivery, again: Arrival['again'], now: number): Delivery | undefined {
  if (again === 'never' || again === 'same id') return undefined;
  const old = event.event as { ingested?: string };
  const stamped = { ...old, ...(old.ingested !== undefined && { ingested: new Date(now).toISOString() }) };
  const twin = { ...event, id: `${event.id}-again`, event: stamped };
  return { event: twin, index: again === 'other source' && index === SYSMON ? SECURITY : index };
}

const SECURITY = 'logs-windows_security.process_creation';

async function newDataset(): Promise<Dataset> {
  const here = await dataset({ indices: [`${SYSMON}-<namespace>`, `${SECURITY}-<namespace>`, 'foreign-<namespace>'] });
  const text = { type: 'keyword' };
  const process = { properties: { pid: { type: 'long' }, parent: { properties: { name: text } } } };
  const event = { properties: { ingested: { type: 'date' } } };
  const mappings = { dynamic: false, properties: { '@timestamp': { type: 'date' }, event, process } };
  await request(here.cluster, { method: 'PUT', path: `/foreign-${here.namespace}`, body: { mappings } });
  return here;
}

/** Delivers what is not there yet, as a shipper: the cluster refuses an id that it has, and that is no matter. */
async function deliver(here: Dataset, deliveries: readonly Delivery[]): Promise<void> {
  const lines = deliveries.map(({ event: { id, ...source }, index }) => {
    const create = { _index: `${index}-${here.namespace}`, _id: id };
    return `${JSON.stringify({ create })}\n${JSON.stringify(source)}\n`;
  });
  if (lines.length === 0) return;
  const query = { refresh: true, pipeline: '_none' };
  const { body } = await request<{ items: { create: { status: number } }[] }>(here.cluster, {
    method: 'POST',
    path: '/_bulk',
    query,
    ndjson: lines.join(''),
  });
  expect(body.items.every(({ create: { status } }) => status === 201 || status === 409)).toBe(true);
}

/** What a set of alerts says, whenever it was written. */
async function said(here: Dataset): Promise<unknown[]> {
  const found = await here.alerts();
  return found
    .map((alert) => {
      const { start, end } = alert.event as { start: string; end: string };
      const { count, ancestors } = alert.wmi_detections as { count: number; ancestors: { id: string }[] };
      return { id: alert._id, start, end, count, ancestors: ancestors.map(({ id }) => id) };
    })
    .sort((left, right) => (left.id < right.id ? -1 : 1));
}

/** Plays the steps, then one run that is left alone. @returns all that was delivered, each document once */
async function play(here: Dataset, steps: readonly Step[], { webhook }: Receiver): Promise<Delivery[]> {
  // No storm, whose message would name only a few.
  const webhooks = [webhook({ maxPerRule: 1000 })];
  const all: Delivery[] = [];
  let repeats: { readonly delivery: Delivery; readonly again: Arrival['again'] }[] = [];
  let now = START;
  for (const { minutes, arrivals, instances } of steps) {
    now += minutes * MINUTE;
    const twins = repeats.flatMap(({ delivery, again }) => repeated(delivery, again, now) ?? []);
    const same = repeats.filter(({ again }) => again === 'same id').map(({ delivery }) => delivery);
    const fresh = arrivals.map((each, at) => deliveryOf(each, `e${all.length}-${at}`, now));
    repeats = fresh.map((delivery, at) => ({ delivery, again: arrivals[at]?.again ?? 'never' }));
    await deliver(here, [...twins, ...same, ...fresh]);
    all.push(...twins, ...fresh);
    const runs = instances.map(({ requests, answered }) =>
      runRules(dyingAfter(here.cluster, requests, answered), { namespace: here.namespace, now: () => now, webhooks }),
    );
    for (const result of await Promise.allSettled(runs)) {
      // Anything but the crash is a fault of ours.
      if (result.status === 'rejected' && !String(result.reason).includes('the process died')) throw result.reason;
    }
  }
  // By then every stamp that was ahead has come true.
  here.at(new Date(now + 15 * MINUTE).toISOString());
  await here.run({ webhooks });
  return all;
}

/** Ids of the alerts, and of those whose record says that they were sent. */
async function sentOf(here: Dataset): Promise<{ all: string[]; sent: string[] }> {
  const found = await here.alerts();
  const isSent = ({ wmi_detections: ours }: (typeof found)[number]): boolean =>
    (ours as { notified: readonly { state: string }[] }).notified.every(({ state }) => state === 'sent');
  return {
    all: found.map(({ _id }) => _id).sort(),
    sent: found
      .filter(isSent)
      .map(({ _id }) => _id)
      .sort(),
  };
}

test('late, slow, early, repeated and unordered arrivals, crashes between any two requests and two instances at once end with the alerts of one perfect run, each sent to the webhook', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 2, maxLength: 5 }), async (steps) => {
      const [tried, perfect] = [await newDataset(), await newDataset()];
      const soc = await receiver();
      await deliver(perfect, await play(tried, steps, soc));
      await soc.close();
      await perfect.run({ from: 0 });
      expect(await said(tried)).toEqual(await said(perfect));
      const { all, sent } = await sentOf(tried);
      expect(sent).toEqual(all);
      expect([...new Set(soc.ids())].sort()).toEqual(all);
    }),
    { numRuns: 8, seed: 47, endOnFailure: true },
  );
}, 300_000);
