/**
 * One way for a file of events into a cluster, in a process of its own: what another way leaves in memory would be looked
 * through whenever this one collects its garbage. bench/replay.ts starts it, and tells it when to go.
 */
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import type * as ReplayModule from '../src/replay/replay';
import type * as EventModule from '../src/replay/event';
import type { Event } from '../src/replay/event';
import type * as InputsModule from '../src/replay/inputs';
import type * as ReadModule from '../src/replay/read';
import type * as ShipmentModule from '../src/replay/shipment';
import type * as StreamsModule from '../src/replay/streams';
import { PROGRAM_FOLDER } from '../src/program';
import type * as TargetModule from '../src/cluster/cluster';
import type { Cluster } from '../src/cluster/cluster';

/** What is measured is the program as it is shipped: what tsx makes of its sources takes half as much again. */
const requireBuilt = createRequire(join(PROGRAM_FOLDER, 'dist', 'cli.js'));
const { V8_FLAGS, replay } = requireBuilt('./replay/replay.js') as typeof ReplayModule;
const { eventOf } = requireBuilt('./replay/event.js') as typeof EventModule;
const { listInputs } = requireBuilt('./replay/inputs.js') as typeof InputsModule;
const { readInput } = requireBuilt('./replay/read.js') as typeof ReadModule;
const { MAX_CHARACTERS, MAX_EVENTS, MAX_IN_FLIGHT } = requireBuilt('./replay/shipment.js') as typeof ShipmentModule;
const { streamOf } = requireBuilt('./replay/streams.js') as typeof StreamsModule;
const { connect } = requireBuilt('./cluster/cluster.js') as typeof TargetModule;

export const VARIANTS = ['bare', 'with ids', 'replay'] as const;
export type Variant = (typeof VARIANTS)[number];

/** Milliseconds by the clock, and microseconds of this process on the processors. */
export interface Effort {
  readonly time: number;
  readonly work: number;
}

async function eventsOf(path: string): Promise<Event[]> {
  const events: Event[] = [];
  for (const input of listInputs([path])) {
    for await (const read of readInput(input, () => undefined)) {
      if ('problem' in read) throw new Error(read.problem.message);
      events.push(...read.records.map((record) => eventOf(record, path)));
    }
  }
  return events;
}

/** Bulk requests of the size that `replay` sends. */
function requestsOf(events: readonly Event[], action: (event: Event) => object): string[] {
  const requests: string[] = [];
  let lines: string[] = [];
  let characters = 0;
  for (const event of events) {
    lines.push(`${JSON.stringify({ create: action(event) })}\n${event.document.toString()}\n`);
    characters += event.document.length;
    if (lines.length < MAX_EVENTS && characters < MAX_CHARACTERS) continue;
    requests.push(lines.join(''));
    lines = [];
    characters = 0;
  }
  return lines.length > 0 ? [...requests, lines.join('')] : requests;
}

async function upload(cluster: Cluster, requests: readonly string[]): Promise<void> {
  const waiting = [...requests];
  const worker = async (): Promise<void> => {
    for (let ndjson = waiting.shift(); ndjson !== undefined; ndjson = waiting.shift()) {
      const { errors } = await cluster.client.bulk({ body: ndjson, filter_path: 'errors,items.*.status' });
      if (errors) throw new Error('documents were refused');
    }
  };
  await Promise.all(Array.from({ length: MAX_IN_FLIGHT }, worker));
}

/** A file of events, and where they go. */
interface Load {
  readonly path: string;
  /** How many events the file holds. */
  readonly total: number;
  readonly namespace: string;
}

async function prepared(
  variant: Variant,
  cluster: Cluster,
  { path, total, namespace }: Load,
): Promise<() => Promise<unknown>> {
  if (variant === 'replay') {
    for (const flag of V8_FLAGS) setFlagsFromString(flag); // As the command does.
    return async () => {
      const { counts } = await replay(cluster, [path], { namespace });
      if (counts.indexed !== total) throw new Error(`not all ${total} were indexed: ${JSON.stringify(counts)}`);
    };
  }
  const events = await eventsOf(path);
  if (events.length !== total) throw new Error(`${events.length} of ${total} events were read`);
  const requests = requestsOf(events, ({ source, id }) => ({
    _index: streamOf(source, namespace),
    ...(variant === 'with ids' && { _id: id }),
  }));
  return () => upload(cluster, requests);
}

async function main(variant: Variant, url: string, load: Load): Promise<void> {
  const act = await prepared(variant, await connect({ url }), load);
  process.on('message', () => {
    const before = process.cpuUsage();
    const began = performance.now();
    void act().then(() => {
      const { user, system } = process.cpuUsage(before);
      process.send?.({ time: performance.now() - began, work: user + system } satisfies Effort);
    });
  });
  process.send?.('ready');
}

if (process.send !== undefined) {
  const [, , variant, url = '', path = '', namespace = '', total] = process.argv;
  void main(variant as Variant, url, { path, namespace, total: Number(total) });
}
