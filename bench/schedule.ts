/**
 * What the local scheduler costs: `npm run bench:schedule [few many]` (100,000 and 1,000,000 events unless told; 0 leaves the
 * cost out).
 *
 * Cost. Two streams hold few and many events that all came in within one window, with the same twenty matches of each
 * rule. Runs over the one and over the other alternate, on the same node; each reads its window, counts its groups and looks
 * at their alerts. A window over ten times as many events may cost 1.5 times as much.
 *
 * Memory. `run --watch` over a thousand windows, its clock run fast, in this process: the heap after a collection, and how
 * much it grew a window. It must be flat.
 */
import { runRules } from '../src/schedulers/local/run-rules';
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { PROGRAM_FOLDER } from '../src/program';
import { ruleKind } from '../src/schedulers/local/stored-rule-kind';
import { readRules } from '../src/detections/read-rules';
import { runLoop } from '../src/schedulers/local/run-loop';
import type { Cluster } from '../src/cluster/cluster';
import { request } from '../test/support/request';
import { bulk, onEngine, row, timed } from './engine';
import { processCreation } from './process-creation';

const SIZES = [100_000, 1_000_000];
const RUNS = 21;
/** Heat the node's compilers, and are not counted. */
const WARM_UP = 60;
const WINDOWS = 1_000;
const MARKS = 4;
/** When all events came in, and when the runs over them are. */
const ARRIVED = Date.parse('2025-03-11T22:00:00Z');
const NOW = ARRIVED + 60_000;
const WIDTHS = [34, 10, 8, 9, 8];

const streamOf = (namespace: string): string => `logs-sysmon.process_creation-${namespace}`;
const namespaceOf = (size: number): string => `bench${size}`;

/** A stream of so many events, and both rules, which have run once over it. */
async function prepare(cluster: Cluster, size: number): Promise<void> {
  const namespace = namespaceOf(size);
  const stream = streamOf(namespace);
  for (let at = 0; at < size; at += 5_000) {
    const count = Math.min(5_000, size - at);
    const documents = Array.from({ length: count }, (_, index) => processCreation(at + index, ARRIVED));
    await bulk(cluster, stream, documents, { pipeline: '_none' });
  }
  // As many segments as a stream has in the long run: few.
  const merge = { max_num_segments: 3 };
  await request(cluster, { method: 'POST', path: `/${stream}/_forcemerge`, query: merge, timeout: 600_000 });
  await storeRules(cluster, namespace);
  await runRules(cluster, { namespace, now: () => NOW });
}

async function storeRules(cluster: Cluster, namespace: string): Promise<void> {
  const content = { resources: [], rules: readRules(join(PROGRAM_FOLDER, 'rules')) };
  const scope = { cluster, namespace, now: Date.now() };
  for (const rule of await ruleKind.desired(scope, content)) await ruleKind.put(scope, rule, 'create');
}

async function cost(cluster: Cluster, sizes: readonly number[]): Promise<void> {
  for (const size of sizes) await prepare(cluster, size);
  const rules = readRules(join(PROGRAM_FOLDER, 'rules')).map(({ name }) => name);
  console.log(row(['rule', 'events', 'matches', 'ms', 'growth'], WIDTHS));
  for (const name of rules) {
    const times = new Map<number, number[]>(sizes.map((size) => [size, []]));
    const found = new Map<number, number>();
    for (let round = -WARM_UP; round < RUNS; round += 1) {
      for (const size of sizes) {
        // The watermark stands a minute before NOW, so that each run reads all of the same window again.
        const took = await timed(async () => {
          const { rules: done } = await runRules(cluster, {
            namespace: namespaceOf(size),
            rules: [name],
            now: () => NOW,
          });
          found.set(size, done[0]?.events ?? 0);
        });
        if (round >= 0) times.get(size)?.push(took);
      }
    }
    const medians = sizes.map((size) => median(times.get(size) ?? []));
    sizes.forEach((size, at) => {
      const growth = at === 0 ? '' : ((medians[at] ?? 0) / (medians[at - 1] ?? 1)).toFixed(2);
      const ms = (medians[at] ?? 0).toFixed(1);
      console.log(row([name, size, found.get(size) ?? 0, ms.padStart(9), growth.padStart(8)], WIDTHS));
    });
  }
}

function median(times: readonly number[]): number {
  return [...times].sort((left, right) => left - right)[Math.floor(times.length / 2)] ?? 0;
}

/** Bytes of the heap that are in use once everything that can be collected is. */
function heap(): number {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  collect();
  return process.memoryUsage().heapUsed;
}

async function memory(cluster: Cluster): Promise<void> {
  const namespace = 'benchwatch';
  await storeRules(cluster, namespace);
  const stop = new AbortController();
  let time = 0;
  const pace = {
    now: () => time,
    chance: () => 1,
    wait: (milliseconds: number) => {
      time += milliseconds;
      return Promise.resolve();
    },
  };
  const marks: number[] = [];
  let windows = 0;
  const arrived = (): number => NOW + time;
  for await (const told of runLoop(cluster, { namespace, signal: stop.signal, pace, now: arrived })) {
    if (told.kind !== 'run') throw new Error(`a window failed: ${JSON.stringify(told)}`);
    windows += 1;
    // Something to find in every window, so that every part of a run is used.
    const document = processCreation(windows % 2 === 0 ? 0 : 1, arrived());
    await bulk(cluster, streamOf(namespace), [document], { pipeline: '_none' });
    if (windows % (WINDOWS / MARKS) === 0) marks.push(heap());
    if (windows === WINDOWS) stop.abort();
  }
  // The first half fills caches and compiles; what counts is what is added after it.
  const grown = (marks.at(-1) ?? 0) - (marks[MARKS / 2 - 1] ?? 0);
  const each = Math.round(grown / (WINDOWS / 2));
  const shown = marks.map((bytes) => (bytes / 1e6).toFixed(1)).join(', ');
  console.log(`${WINDOWS} windows of run --watch: heap of ${shown} MB, ${each} bytes a window in the second half`);
}

void onEngine(async (cluster) => {
  const sizes = process.argv.slice(2).map(Number);
  if (!sizes.includes(0)) await cost(cluster, sizes.length > 0 ? sizes : SIZES);
  await memory(cluster);
});
