/**
 * What the rules' queries cost: `npm run bench:rules`.
 *
 * Both queries over 10,000, 100,000 and 1,000,000 events in our mapping, of which twenty match each; the median of 21 runs.
 * Asked of us: under 40 ms at a million, and growth of no more than 1.5 times per tenfold.
 */
import { join } from 'node:path';
import { PROGRAM_FOLDER } from '../src/program';
import { toQueryDsl } from '../src/sigma/compile/query-dsl';
import { readRules } from '../src/detections/read-rules';
import type { Cluster } from '../src/cluster/cluster';
import { request } from '../test/support/request';
import { bulk, onEngine, row } from './engine';
import { processCreation } from './process-creation';

const STREAM = 'logs-sysmon.process_creation-bench';
const SIZES = [10_000, 100_000, 1_000_000];
const RUNS = 21;
/** Heat the node's compilers, and are not counted: else the smallest size would seem the slowest. */
const WARM_UP = 300;
const WIDTHS = [34, 10, 8, 9, 8];

async function fill(cluster: Cluster, from: number, to: number): Promise<void> {
  for (let at = from; at < to; at += 5_000) {
    const documents = Array.from({ length: Math.min(5_000, to - at) }, (_, index) => processCreation(at + index));
    await bulk(cluster, STREAM, documents, { pipeline: '_none' });
  }
  // As many segments as a stream has in the long run: few.
  const merge = {
    method: 'POST',
    path: `/${STREAM}/_forcemerge`,
    query: { max_num_segments: 3 },
    timeout: 600_000,
  } as const;
  await request(cluster, merge);
  await request(cluster, { method: 'POST', path: `/${STREAM}/_refresh` });
}

async function measure(
  cluster: Cluster,
  query: Record<string, unknown>,
  runs = RUNS,
): Promise<{ median: number; found: number }> {
  const times: number[] = [];
  let found = 0;
  for (let run = 0; run < runs; run += 1) {
    const began = performance.now();
    const { body } = await request<{ hits: { total: { value: number } } }>(cluster, {
      method: 'POST',
      path: `/${STREAM}/_search`,
      query: { request_cache: false },
      body: { size: 100, track_total_hits: true, query: { bool: { filter: [query] } } },
    });
    times.push(performance.now() - began);
    found = body.hits.total.value;
  }
  return { median: times.sort((left, right) => left - right)[Math.floor(runs / 2)] ?? 0, found };
}

void onEngine(async (cluster) => {
  const rules = readRules(join(PROGRAM_FOLDER, 'rules'));
  const before = new Map<string, number>();
  console.log(row(['rule', 'events', 'matches', 'ms', 'growth'], WIDTHS));
  let filled = 0;
  for (const size of SIZES) {
    await fill(cluster, filled, size);
    if (filled === 0) for (const rule of rules) await measure(cluster, toQueryDsl(rule), WARM_UP);
    filled = size;
    for (const rule of rules) {
      const { median, found } = await measure(cluster, toQueryDsl(rule));
      const growth = before.has(rule.uuid) ? (median / (before.get(rule.uuid) ?? median)).toFixed(2) : '';
      before.set(rule.uuid, median);
      console.log(row([rule.name, size, found, median.toFixed(1).padStart(9), growth.padStart(8)], WIDTHS));
    }
  }
});
