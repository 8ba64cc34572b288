/**
 * What our pipelines cost: `npm run bench:ingest [documents …] [sample …]` (50,000 unless told; of all samples, or of those whose
 * names hold one of the words).
 *
 * For each sample file (a source in a shape) two things alternate, request by request, in the same run on the same node: the
 * events through our pipeline, and that pipeline's own output, past any pipeline, into the same mapping. So only the pipeline's work
 * differs, and the ratio of their speeds does not depend on the machine. Elastic's own Sysmon pipeline reaches 0.20 by this
 * measure; 0.6 is asked of us for Winlogbeat, NXLog and FDR, 0.4 for XML.
 */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { eventOf } from '../src/replay/event';
import { listInputs } from '../src/replay/inputs';
import { readInput } from '../src/replay/read';
import { streamOf } from '../src/replay/streams';
import { PROGRAM_FOLDER } from '../src/program';
import type { Cluster } from '../src/cluster/cluster';
import { request } from '../test/support/request';
import { bulk, onEngine, row } from './engine';

const REQUEST = 1_000;
const WARM_UP = 10_000;
const WIDTHS = [28, 10, 12, 12, 6];

interface Shape {
  readonly name: string;
  readonly stream: string;
  readonly documents: readonly string[];
}

async function shapes(): Promise<Shape[]> {
  const folder = join(PROGRAM_FOLDER, 'samples');
  const found: Shape[] = [];
  for (const name of readdirSync(folder).sort()) {
    if (/other-events|unrecognised/.test(name)) continue;
    const documents: string[] = [];
    let stream = '';
    for (const input of listInputs([join(folder, name)])) {
      for await (const read of readInput(input, () => undefined)) {
        if ('problem' in read) throw new Error(read.problem.message);
        for (const record of read.records) {
          const event = eventOf(record, name);
          stream = streamOf(event.source, 'bench');
          documents.push(event.document.toString());
        }
      }
    }
    found.push({ name, stream, documents });
  }
  return found;
}

/** What the pipeline makes of the documents of a shape, as it is indexed. */
async function outputOf(cluster: Cluster, { stream, documents }: Shape): Promise<string[]> {
  const namespace = `${stream}out`;
  await bulk(cluster, namespace, documents);
  await request(cluster, { method: 'POST', path: `/${namespace}/_refresh` });
  const { body } = await request<{ hits: { hits: { _source: unknown }[] } }>(cluster, {
    method: 'GET',
    path: `/${namespace}/_search`,
    query: { size: documents.length },
  });
  await request(cluster, { method: 'DELETE', path: `/_data_stream/${namespace}` });
  return body.hits.hits.map(({ _source }) => JSON.stringify(_source));
}

function page(documents: readonly string[], from: number): string[] {
  return Array.from({ length: REQUEST }, (_, index) => documents[(from + index) % documents.length] ?? '');
}

async function measure(cluster: Cluster, shape: Shape, total: number): Promise<void> {
  const output = await outputOf(cluster, shape);
  const [through, past] = [`${shape.stream}through`, `${shape.stream}past`];
  let [withPipeline, without] = [0, 0];
  for (let sent = -WARM_UP; sent < total; sent += REQUEST) {
    const at = sent + WARM_UP;
    const one = await bulk(cluster, through, page(shape.documents, at));
    const other = await bulk(cluster, past, page(output, at), { pipeline: '_none' });
    // The first requests heat the node's compilers and are not counted.
    if (sent < 0) continue;
    withPipeline += one;
    without += other;
  }
  const speed = (milliseconds: number): number => Math.round((total / milliseconds) * 1_000);
  const ratio = (without / withPipeline).toFixed(2);
  console.log(row([shape.name, total, speed(withPipeline), speed(without), ratio], WIDTHS));
  await request(cluster, { method: 'DELETE', path: `/_data_stream/${through},${past}` });
}

void onEngine(async (cluster) => {
  const words = process.argv.slice(2);
  const totals = words.map(Number).filter((total) => total > 0);
  const wanted = words.filter((word) => !(Number(word) > 0));
  const chosen = (await shapes()).filter(
    ({ name }) => wanted.length === 0 || wanted.some((word) => name.includes(word)),
  );
  console.log(row(['sample', 'documents', 'docs/s', 'no pipeline', 'ratio'], WIDTHS));
  for (const total of totals.length > 0 ? totals : [50_000]) {
    for (const shape of chosen) await measure(cluster, shape, total);
  }
});
