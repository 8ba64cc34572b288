/**
 * What it costs to start: `npm run bench:start`.
 *
 * The processor time of calls that need no module of any command, as a multiple of that of `node -e 0`: of each the median of a
 * number of runs, by turns. At most 2.5 is asked of us.
 */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { PROGRAM_FOLDER } from '../src/program';
import { row } from './engine';

const RUNS = 21;
const WIDTHS = [12, 10, 8];
const PROGRAM = join(PROGRAM_FOLDER, 'dist', 'cli.js');
const CALLS = {
  'node -e 0': ['-e', '0'],
  '--version': [PROGRAM, '--version'],
  '--help': [PROGRAM, '--help'],
} as const;

/** Says at its end how much processor time the process took, in microseconds, on file descriptor 3. */
const REPORT = `import { writeSync } from 'node:fs';
process.on('exit', () => { const { user, system } = process.cpuUsage(); writeSync(3, String(user + system)); });`;

/** In milliseconds. */
function processorTime(args: readonly string[]): number {
  const command = ['--import', `data:text/javascript,${encodeURIComponent(REPORT)}`, ...args];
  const { output, status } = spawnSync(process.execPath, command, {
    encoding: 'utf8',
    stdio: ['ignore', 'ignore', 'inherit', 'pipe'],
  });
  if (status !== 0) throw new Error(`${args.join(' ')} ended with ${status ?? 'a signal'}`);
  return Number(output[3]) / 1_000;
}

function median(values: readonly number[]): number {
  return [...values].sort((left, right) => left - right)[Math.floor(values.length / 2)] ?? NaN;
}

const names = Object.keys(CALLS) as (keyof typeof CALLS)[];
const times = Array.from({ length: RUNS }, () => names.map((name) => processorTime(CALLS[name])));
const medians = names.map((_, index) => median(times.map((round) => round[index] ?? NaN)));

console.log(row(['call', 'ms', 'ratio'], WIDTHS));
names.forEach((name, index) => {
  const [time = NaN, base = NaN] = [medians[index], medians[0]];
  console.log(row([name, time.toFixed(0), (time / base).toFixed(2)], WIDTHS));
});
