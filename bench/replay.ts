/**
 * What `replay` costs: `npm run bench:replay [events …]` (20,000 unless told; 0 leaves the time out).
 *
 * Time. The same file of events reaches the same pipelines in two ways, by turns, in the same run on the same node: a bare bulk
 * upload of requests that were built before the clock started, without ids, as many events a request and as many requests in
 * flight as `replay` has; and `replay`, which reads, inspects and identifies each event. It may take at most 1.5 times as long.
 * A third way, the bare upload with the ids that `replay` gives, shows which part of the difference is the cluster's: it
 * has to look whether an id is there already. The last columns are the processor time of this side alone, in microseconds an event;
 * on a machine that others use they tell more than the ratio of times.
 *
 * Memory. `replay` reads a file of 1 GB in a process of its own. A server on loopback takes everything: this measures our
 * memory, which must stay bounded however large the file is, and not a cluster's speed. It must stay below 250 MB.
 */
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Cluster } from '../src/cluster/cluster';
import { request } from '../test/support/request';
import { onEngine, row } from './engine';
import { writeEvents } from './events';
import { peakMemory } from './memory';
import { VARIANTS, type Effort, type Variant } from './variants';

const EVENTS = 20_000;
const GIGABYTE = 10 ** 9;
/** The first heats the compilers of the node and of the engine, and is not counted; in each the order is another. */
const ROUNDS = 10;
const WIDTHS = [12, 10, 12, 12, 12, 8, 10, 9, 9];

/** A process that sends the events of a file whenever it is told to. */
interface Sender {
  readonly child: ChildProcess;
  /** Aborted when it has ended, so that nobody waits for it. */
  readonly signal: AbortSignal;
}

async function start(variant: Variant, { url }: Cluster, path: string, total: number): Promise<Sender> {
  const child = fork(join(__dirname, 'variants.ts'), [variant, url, path, namespaceOf(variant), String(total)]);
  const ended = new AbortController();
  child.once('exit', () => {
    ended.abort();
  });
  const { signal } = ended;
  await once(child, 'message', { signal });
  return { child, signal };
}

async function turn({ child, signal }: Sender): Promise<Effort> {
  child.send('go');
  const [effort] = (await once(child, 'message', { signal })) as [Effort];
  return effort;
}

function namespaceOf(variant: Variant): string {
  return `bench${VARIANTS.indexOf(variant)}`;
}

async function measure(cluster: Cluster, name: string, path: string, total: number): Promise<void> {
  const senders = await Promise.all(VARIANTS.map((variant) => start(variant, cluster, path, total)));
  const efforts: Record<Variant, Effort[]> = { bare: [], 'with ids': [], replay: [] };
  for (let round = 0; round < ROUNDS; round += 1) {
    for (let count = 0; count < VARIANTS.length; count += 1) {
      const at = (round + count) % VARIANTS.length;
      const [variant, sender] = [VARIANTS[at], senders[at]];
      if (variant === undefined || sender === undefined) continue;
      const effort = await turn(sender);
      if (round > 0) efforts[variant].push(effort);
      await request(cluster, { method: 'DELETE', path: `/_data_stream/logs-*-${namespaceOf(variant)}` });
    }
  }
  for (const { child } of senders) child.kill();
  const [bare = [], withIds = [], ours = []] = VARIANTS.map((variant) => efforts[variant].map(({ time }) => time));
  const speed = (times: readonly number[]): number => Math.round((total / median(times)) * 1_000);
  const work = (variant: Variant): number => Math.round(median(efforts[variant].map((effort) => effort.work)) / total);
  const ratios = [ratio(ours, bare).toFixed(2), ratio(ours, withIds).toFixed(2)];
  const cells = [name, total, speed(bare), speed(withIds), speed(ours), ...ratios, work('bare'), work('replay')];
  console.log(row(cells, WIDTHS));
}

/** The median over the rounds: what a machine does from one minute to the next would be in a ratio of two medians. */
function ratio(ours: readonly number[], theirs: readonly number[]): number {
  return median(ours.map((time, round) => time / (theirs[round] ?? NaN)));
}

function median(times: readonly number[]): number {
  return [...times].sort((left, right) => left - right)[Math.floor(times.length / 2)] ?? 0;
}

async function time(folder: string, totals: readonly number[]): Promise<void> {
  await onEngine(async (cluster) => {
    console.log(
      row(['events', 'number', 'bare/s', 'with ids/s', 'replay/s', 'time', 'with ids', 'µs bare', 'µs replay'], WIDTHS),
    );
    for (const total of totals) {
      for (const shape of ['nxlog', 'winlogbeat'] as const) {
        const path = join(folder, `${shape}.ndjson`);
        writeEvents(path, shape, { events: total });
        await measure(cluster, shape, path, total);
      }
    }
  });
}

async function main(): Promise<void> {
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
