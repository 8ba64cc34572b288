/**
 * What `replay` costs: `npm run bench:replay [events …]` (20,000 unless told; 0 leaves the time out).
 *
 * Time. The same file of events reaches the same pipelines in two ways, by turns, in the same run on the same node: a bare bulk
 * upload of requests that were built before the clock started, without ids, as many events a request and as many requests in
 * flight as `replay` has; and `replay`, which reads, inspects and identifies each event. At most 1.2 times as long is asked of us.
 * A third way, the bare upload with the ids that `replay` gives, shows which part of the difference is the cluster's: it
 * has to look whether an id is there already. The last columns are the processor time of this side alone, in microseconds an event;
 * on a machine that others use they tell more than the ratio of times.
 *
 * Memory. `replay` reads a file of 1 GB in a process of its own. A server on loopback takes everything: this measures our
 * memory, which must stay bounded however large the file is, and not a cluster's speed. Less than 200 MB is asked of us.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { COLLECTING, replay } from '../src/commands/replay';
import { MAX_IN_FLIGHT, MAX_CHARACTERS, MAX_EVENTS } from '../src/events/shipment';
import { eventOf, type Event } from '../src/events/event';
import { listInputs } from '../src/events/inputs';
import { readInput } from '../src/events/read';
import { streamOf } from '../src/events/streams';
import { request, type Target } from '../src/target/target';
import { onEngine, row, timed } from './engine';
import { writeEvents } from './events';
import { peakMemory } from './memory';

const EVENTS = 20_000;
const GIGABYTE = 10 ** 9;
/** The first heats the compilers of the node and of the engine, and is not counted; in each the order is another. */
const ROUNDS = 10;
const WIDTHS = [12, 10, 12, 12, 12, 8, 10, 9, 9];

async function eventsOf(path: string): Promise<Event[]> {
  const events: Event[] = [];
  for (const input of listInputs([path])) {
    for await (const read of readInput(input, () => undefined)) {
      if ('problem' in read) throw new Error(read.problem.message);
      events.push(...read.frames.map((frame) => eventOf(frame, path)));
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

async function upload(target: Target, requests: readonly string[]): Promise<void> {
  const waiting = [...requests];
  const worker = async (): Promise<void> => {
    for (let ndjson = waiting.shift(); ndjson !== undefined; ndjson = waiting.shift()) {
      const query = { filter_path: 'errors,items.*.status' };
      const asked = { method: 'POST', path: '/_bulk', query, ndjson } as const;
      const { body } = await request<{ errors: boolean }>(target, asked);
      if (body.errors) throw new Error('documents were refused');
    }
  };
  await Promise.all(Array.from({ length: MAX_IN_FLIGHT }, worker));
}

async function replayed(target: Target, path: string, namespace: string, total: number): Promise<void> {
  const { counts } = await replay(target, [path], { namespace });
  if (counts.indexed !== total) throw new Error(`not all were indexed: ${JSON.stringify(counts)}`);
}

async function measure(target: Target, name: string, path: string, total: number): Promise<void> {
  // The requests are made anew for each turn: what this process keeps would be looked through whenever `replay` collects.
  const ways: ((namespace: string) => Promise<() => Promise<void>>)[] = [
    async (namespace) => {
      const requests = requestsOf(await eventsOf(path), ({ source }) => ({ _index: streamOf(source, namespace) }));
      return () => upload(target, requests);
    },
    async (namespace) => {
      const action = ({ source, id }: Event): object => ({ _index: streamOf(source, namespace), _id: id });
      const requests = requestsOf(await eventsOf(path), action);
      return () => upload(target, requests);
    },
    (namespace) => Promise.resolve(() => replayed(target, path, namespace, total)),
  ];
  const took: number[][] = ways.map(() => []);
  const worked: number[][] = ways.map(() => []);
  for (let round = 0; round < ROUNDS; round += 1) {
    for (let turn = 0; turn < ways.length; turn += 1) {
      const way = (round + turn) % ways.length;
      const act = await ways[way]?.(`bench${way}`);
      if (act === undefined) continue;
      const before = process.cpuUsage();
      const time = await timed(act);
      const { user, system } = process.cpuUsage(before);
      if (round > 0) {
        took[way]?.push(time);
        worked[way]?.push((user + system) / total);
      }
      await request(target, { method: 'DELETE', path: `/_data_stream/logs-*-bench${way}` });
    }
  }
  const [bare = [], withIds = [], ours = []] = took;
  const speed = (times: readonly number[]): number => Math.round((total / median(times)) * 1_000);
  const ratios = [ratio(ours, bare).toFixed(2), ratio(ours, withIds).toFixed(2)];
  const [bareCpu = 0, , ourCpu = 0] = worked.map((times) => Math.round(median(times)));
  console.log(row([name, total, speed(bare), speed(withIds), speed(ours), ...ratios, bareCpu, ourCpu], WIDTHS));
}

/** The median over the rounds: what a machine does from one minute to the next would be in a ratio of two medians. */
function ratio(ours: readonly number[], theirs: readonly number[]): number {
  return median(ours.map((time, round) => time / (theirs[round] ?? NaN)));
}

function median(times: readonly number[]): number {
  return [...times].sort((left, right) => left - right)[Math.floor(times.length / 2)] ?? 0;
}

async function time(folder: string, totals: readonly number[]): Promise<void> {
  await onEngine(async (target) => {
    console.log(
      row(['events', 'number', 'bare/s', 'with ids/s', 'replay/s', 'time', 'with ids', 'µs bare', 'µs replay'], WIDTHS),
    );
    for (const total of totals) {
      for (const shape of ['nxlog', 'winlogbeat'] as const) {
        const path = join(folder, `${shape}.ndjson`);
        writeEvents(path, shape, { events: total });
        await measure(target, shape, path, total);
      }
    }
  });
}

async function main(): Promise<void> {
  for (const flag of COLLECTING) setFlagsFromString(flag); // As the command does.
  const totals = process.argv.length > 2 ? process.argv.slice(2).map(Number) : [EVENTS];
  const folder = mkdtempSync(join(tmpdir(), 'wmi-detections-bench-'));
  try {
    if (totals.some((total) => total > 0))
      await time(
        folder,
        totals.filter((total) => total > 0),
      );
    const path = join(folder, 'large.ndjson');
    const events = writeEvents(path, 'nxlog', { bytes: GIGABYTE });
    const { megabytes, seconds } = await peakMemory(path, events);
    console.log(
      `1 GB, ${events} events: at most ${megabytes} MB of memory, ${seconds} s (against a server that takes all)`,
    );
  } finally {
    rmSync(folder, { recursive: true });
  }
}

void main();
