import { setFlagsFromString } from 'node:v8';
import type { Readable } from 'node:stream';
import { ProblemError, stoppedAfter } from '../errors';
import { checkDeadLetters, DEAD_LETTERS, DeadLetters } from '../replay/dead-letters';
import { eventOf, type Event } from '../replay/event';
import type { InputRecord } from '../replay/input-record';
import { listInputs } from '../replay/inputs';
import { ReplayStats, type ReplayProgress, type ReplayResult } from '../replay/replay-stats';
import { readInput } from '../replay/read';
import { Shipment, type Delivery } from '../replay/shipment';
import { checkTemplates } from '../replay/streams';
import type { Cluster } from '../cluster/cluster';
import { progressLine } from '../report/progress';
import { replayJson, replayText } from '../report/replay';
import { declare, settingsOf, clusterOf } from './command';
import { LONE_DASH } from './lone-dash';
import { tellProblems } from './tell-problems';

export interface ReplayOptions {
  /** Last part of the data streams' names. */
  readonly namespace: string;
  /** Standard input, for the path `-`. */
  readonly stdin?: Readable;
  /** Called at most five times a second, and at the end. */
  readonly onProgress?: (progress: ReplayProgress) => void;
  /** The file for what the cluster refuses for good; one in the working folder where not given. */
  readonly deadLetters?: string | undefined;
}

/**
 * Reads events of any known shape and sends them as a shipper would, each once: ids rest on the content, so a second
 * run indexes nothing twice (as long as the data stream has not rolled over in between).
 * @param paths files, folders, or `-`
 * @throws ProblemError INPUT (a path that is missing, empty, binary …) and REFUSED (no templates) before anything is sent;
 *   READ_ONLY, UNREACHABLE, UNAUTHORIZED, FORBIDDEN, REFUSED, INTERRUPTED on the way. What is wrong with single records
 *   or archives is in the result.
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
  const ledger = new ReplayStats({ ...options, bytesTotal: totalOf(inputs.map(({ size }) => size)) });
  const letters = new DeadLetters(options.deadLetters ?? DEAD_LETTERS);
  const onFate = (event: Event, fate: Delivery): void => {
    if (fate.fate === 'failed') letters.add(event, fate);
    ledger.settle(event, fate, letters.file);
  };
  const shipment = new Shipment(cluster, { namespace, onFate });
  try {
    for (const input of inputs) {
      for await (const read of readInput(input, (count) => (ledger.bytesRead += count))) {
        if ('problem' in read) ledger.problem(read.problem);
        else {
          for (const frame of read.frames) {
            const full = take(frame, read.file, ledger, shipment, signal);
            if (full !== undefined) await full;
          }
        }
      }
    }
    await shipment.finish();
  } catch (error) {
    await shipment.settled();
    const stopped = signal?.aborted === true ? interrupted(error) : error;
    throw stopped instanceof ProblemError ? stoppedAfter(stopped, accountOf(ledger, letters)) : stopped;
  } finally {
    letters.close();
  }
  ledger.report();
  return { ...ledger.result(), deadLetters: keptIn(letters) };
}

function keptIn({ file, count }: DeadLetters): ReplayResult['deadLetters'] {
  return file === undefined ? undefined : { file, count };
}

function accountOf(ledger: ReplayStats, { file, count }: DeadLetters): string {
  return file === undefined ? ledger.account() : `${ledger.account()}; ${count} that were refused are in ${file}`;
}

/** @returns what to wait for before the next; see Shipment.add */
function take(
  frame: InputRecord,
  file: string,
  ledger: ReplayStats,
  shipment: Shipment,
  signal: AbortSignal | undefined,
): Promise<void> | undefined {
  if (signal?.aborted === true) throw interrupted();
  if (frame.dropped === true) {
    ledger.drop(file, frame);
    return undefined;
  }
  const event = eventOf(frame, file);
  ledger.read(event);
  return shipment.add(event);
}

function interrupted(cause?: unknown): ProblemError {
  return new ProblemError('INTERRUPTED', [{ message: 'interrupted' }], { cause });
}

function totalOf(sizes: readonly (number | undefined)[]): number | undefined {
  return sizes.reduce((sum, size) => (sum === undefined || size === undefined ? undefined : sum + size), 0);
}

/**
 * How V8 collects garbage, for the whole process (measured by bench/replay.ts on 1 GB). What a replay keeps is some 20 MB; what it
 * reads is garbage at once, and left alone that piles up. How far it may, in percent: at 60 a fifth more of the processor's time is
 * asked for than at 150, where there are 168 MB at most; 200 is no faster, and comes to 181. Several threads for so little only
 * wait for each other.
 */
export const V8_FLAGS = ['--heap-growing-percent=150', '--no-parallel-scavenge'] as const;

export const replayCommand = declare({
  positionals: {
    files: {
      type: 'string',
      array: true,
      demandOption: true,
      describe: 'files or folders (.json .ndjson .log .xml .txt .gz .tar.gz); - for standard input',
    },
  },
  options: {
    'dead-letters': {
      type: 'string',
      describe: `file for the events that the cluster refuses for good; replay takes it back [default: ${DEAD_LETTERS}]`,
    },
  },
  examples: [
    ['$0 replay attack_data.tar.gz', 'a log as published'],
    ['zcat log.gz | $0 replay -', 'standard input'],
  ],
  run: async (context, argv) => {
    for (const flag of V8_FLAGS) setFlagsFromString(flag);
    const settings = settingsOf(context, argv);
    const { stdin } = context;
    const files = argv.files.map((file) => (file === LONE_DASH ? '-' : file));
    const result = await replay(await clusterOf(settings, context), files, {
      namespace: settings.namespace,
      stdin,
      deadLetters: argv['dead-letters'],
      onProgress: (progress) => {
        context.progress(progressLine(progress, context.width));
      },
    });
    tellProblems(context, result);
    return { json: replayJson(result), text: replayText(result), exit: result.problemCount > 0 ? 1 : 0 };
  },
});
