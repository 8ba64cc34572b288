import type { Readable } from 'node:stream';
import type { Cluster } from '../cluster/cluster';
import { ProblemError, stoppedAfter } from '../errors';
import { checkDeadLetters, DEAD_LETTERS, DeadLetters } from './dead-letters';
import { eventOf, type Event } from './event';
import { listInputs } from './inputs';
import { countPipelineErrors } from './pipeline-errors';
import { readInput } from './read';
import { ReplayStats, type ReplayProgress, type ReplayResult } from './replay-stats';
import { Shipment, type Delivery } from './shipment';
import { checkStreams, checkTemplates } from './streams';

export interface ReplayOptions {
  /** Last part of the data streams' names. */
  readonly namespace: string;
  /** Standard input, for the path `-`. */
  readonly stdin?: Readable;
  /** Called at most five times a second, and at the end. */
  readonly onProgress?: (progress: ReplayProgress) => void;
  /** The file for events that the cluster rejects permanently; default: DEAD_LETTERS in the working folder. */
  readonly deadLetters?: string | undefined;
}

/**
 * How V8 collects garbage, for the whole process (measured by bench/replay.ts on 1 GB). A replay keeps about 20 MB; everything it
 * reads becomes garbage at once. The percentage limits how far the heap grows before it is collected. Parallel scavenging only costs
 * time for so little live data.
 */
export const V8_FLAGS = ['--heap-growing-percent=150', '--no-parallel-scavenge'] as const;

/**
 * Reads events of any known shape and sends each once, as a shipper would. Ids depend only on the content, so a second run indexes
 * nothing twice (unless the data stream has rolled over in between).
 * @param paths files, folders, or `-`
 * @throws ProblemError INPUT (a path that is missing, empty, binary …) and REFUSED (no templates, or a stream that our pipeline does not govern) before anything is sent;
 *   READ_ONLY, UNREACHABLE, UNAUTHORIZED, FORBIDDEN, REFUSED, INTERRUPTED while sending. Problems of single records or archives are
 *   in the result.
 */
export async function replay(
  cluster: Cluster,
  paths: readonly string[],
  options: ReplayOptions,
): Promise<ReplayResult> {
  const { namespace, stdin } = options;
  const { signal } = cluster;
  const inputs = listInputs(paths, { stdin, signal });
  if (options.deadLetters !== undefined) checkDeadLetters(options.deadLetters);
  await checkTemplates(cluster);
  await checkStreams(cluster, namespace);
  const stats = new ReplayStats({ ...options, bytesTotal: totalOf(inputs.map(({ size }) => size)) });
  const letters = new DeadLetters(options.deadLetters ?? DEAD_LETTERS);
  const onDelivery = (event: Event, delivery: Delivery): void => {
    if (delivery.result === 'failed') letters.add(event, delivery);
    stats.settle(event, delivery, letters.file);
  };
  const shipment = new Shipment(cluster, { namespace, onDelivery });
  const began = performance.now();
  try {
    for (const input of inputs) {
      for await (const read of readInput(input, (count) => (stats.bytesRead += count))) {
        if ('problem' in read) {
          stats.problem(read.problem);
          continue;
        }
        for (const record of read.records) {
          if (signal?.aborted === true) throw interrupted();
          if (record.dropped === true) {
            stats.drop(read.file, record);
            continue;
          }
          const event = eventOf(record, read.file);
          stats.read(event);
          const full = shipment.add(event);
          if (full !== undefined) await full;
        }
      }
    }
    await shipment.finish();
    stats.settlePipelineErrors(await countPipelineErrors(cluster, stats.streamsOfKnown(), began));
  } catch (error) {
    await shipment.settled();
    const stopped = signal?.aborted === true ? interrupted(error) : error;
    throw stopped instanceof ProblemError ? stoppedAfter(stopped, accountOf(stats, letters)) : stopped;
  } finally {
    letters.close();
  }
  stats.report();
  const { file, count } = letters;
  return { ...stats.result(), deadLetters: file === undefined ? undefined : { file, count } };
}

function accountOf(stats: ReplayStats, { file, count }: DeadLetters): string {
  return file === undefined ? stats.account() : `${stats.account()}; ${count} that were refused are in ${file}`;
}

function interrupted(cause?: unknown): ProblemError {
  return new ProblemError('INTERRUPTED', [{ message: 'interrupted' }], { cause });
}

/** The sum of sizes; undefined when one is unknown. */
function totalOf(sizes: readonly (number | undefined)[]): number | undefined {
  return sizes.reduce((sum, size) => (sum === undefined || size === undefined ? undefined : sum + size), 0);
}
