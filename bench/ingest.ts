/**
 * What our pipelines cost: `npm run bench:ingest -- [--against DIR] [documents …] [sample …]` (50,000 documents by default; all
 * samples, or those whose names contain one of the words).
 *
 * For each sample file (a source in a shape) two things alternate, request by request, in the same run on the same node: the
 * events through our pipeline, and that pipeline's own output, past any pipeline, into the same mapping. So only the pipeline's work
 * differs, and the ratio of their speeds does not depend on the machine. `--against` adds a third, the events through the
 * pipelines of another content folder, for example of an older commit. Beside the ratios by the clock are those by the node's
 * own time on the processors, which a busy machine changes less.
 *
 * Elastic's own Sysmon pipeline reaches 0.20 by this measure. The target is 0.6 for Winlogbeat, NXLog and FDR, 0.4 for XML.
 */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { readContent } from '../src/content/read-content';
import { eventOf } from '../src/replay/event';
import { listInputs } from '../src/replay/inputs';
import { readInput } from '../src/replay/read';
import { streamOf } from '../src/replay/streams';
import { PROGRAM_FOLDER } from '../src/program';
import { putPipeline } from '../src/resources/put-pipeline';
import { prepare } from '../src/cluster/translate';
import type { Cluster } from '../src/cluster/cluster';
import { isRecord } from '../src/json';
import { request } from '../test/support/request';
import { bulk, onEngine, row } from './engine';

const REQUEST = 1_000;
const WARM_UP = 10_000;
const WIDTHS = [28, 10, 8, 8, 6, 6, 8, 8];
/** In front of the ids of the pipelines of `--against`. */
const OTHER = 'against-';

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

/** Installs the pipelines of a content folder under other names, which the calls between them use, too. */
async function installOther(cluster: Cluster, folder: string): Promise<void> {
  const pipelines = readContent(folder).filter(({ kind }) => kind === 'ingest_pipeline');
  const calls = (_key: string, value: unknown): unknown =>
    isRecord(value) && isRecord(value.pipeline) && typeof value.pipeline.name === 'string'
      ? { ...value, pipeline: { ...value.pipeline, name: OTHER + value.pipeline.name } }
      : value;
  for (const pipeline of pipelines) {
    const body = JSON.parse(JSON.stringify(prepare(pipeline, cluster.product), calls)) as Record<string, unknown>;
    await putPipeline(cluster, OTHER + pipeline.id, body, pipeline.scripts);
  }
}

/** The default pipeline of a data stream `logs-<dataset>-<namespace>`. */
function pipelineOf(stream: string): string {
  return `${stream.slice(0, stream.lastIndexOf('-'))}@default-pipeline`;
}

/** Milliseconds that the node has been on the processors. */
async function workOf(cluster: Cluster): Promise<number> {
  const { body } = await request<{ nodes: Record<string, { process: { cpu: { total_in_millis: number } } }> }>(
    cluster,
    {
      method: 'GET',
      path: '/_nodes/stats/process',
    },
  );
  return Object.values(body.nodes).reduce((sum, { process }) => sum + process.cpu.total_in_millis, 0);
}

/** One way into the cluster, and the milliseconds that it took, by the clock and on the processors. */
interface Way {
  readonly stream: string;
  readonly documents: readonly string[];
  readonly query?: Record<string, string>;
  clock: number;
  work: number;
}

async function measure(cluster: Cluster, shape: Shape, total: number, against: boolean): Promise<void> {
  const { stream, documents } = shape;
  const way = (name: string, sent: readonly string[], query?: Record<string, string>): Way => ({
    ...{ stream: `${stream}${name}`, documents: sent, clock: 0, work: 0 },
    ...(query === undefined ? {} : { query }),
  });
  const past = way('past', await outputOf(cluster, shape), { pipeline: '_none' });
  const through = way('through', documents);
  const other = way('against', documents, { pipeline: OTHER + pipelineOf(stream) });
  const ways = against ? [past, through, other] : [past, through];
  for (let sent = -WARM_UP; sent < total; sent += REQUEST) {
    for (const each of ways) {
      const began = await workOf(cluster);
      const clock = await bulk(cluster, each.stream, page(each.documents, sent + WARM_UP), each.query);
      // The first requests heat the node's compilers and are not counted.
      if (sent < 0) continue;
      each.clock += clock;
      each.work += (await workOf(cluster)) - began;
    }
  }
  const speed = ({ clock }: Way): number => Math.round((total / clock) * 1_000);
  const ratios = (each: Way): string[] => [(past.clock / each.clock).toFixed(2), (past.work / each.work).toFixed(2)];
  const cells = [shape.name, total, speed(through), speed(past), ...ratios(through), ...(against ? ratios(other) : [])];
  console.log(row(cells, WIDTHS));
  const streams = ways.map((each) => each.stream).join(',');
  await request(cluster, { method: 'DELETE', path: `/_data_stream/${streams}` });
}

void onEngine(async (cluster) => {
  const { values, positionals } = parseArgs({ options: { against: { type: 'string' } }, allowPositionals: true });
  const totals = positionals.map(Number).filter((total) => total > 0);
  const wanted = positionals.filter((word) => !(Number(word) > 0));
  if (values.against !== undefined) await installOther(cluster, values.against);
  const chosen = (await shapes()).filter(
    ({ name }) => wanted.length === 0 || wanted.some((word) => name.includes(word)),
  );
  const columns = ['sample', 'documents', 'docs/s', 'past', 'ratio', 'by CPU'];
  console.log(row(values.against === undefined ? columns : [...columns, 'against', 'by CPU'], WIDTHS));
  for (const total of totals.length > 0 ? totals : [50_000]) {
    for (const shape of chosen) await measure(cluster, shape, total, values.against !== undefined);
  }
});
