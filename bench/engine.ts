import { SCHEDULERS } from '../src/schedulers';
import { Deployment } from '../src/plan/deployment';
import { startAttached, type Engine } from '../src/engine/start-node';
import { readContent } from '../src/content/read-content';
import { PROGRAM_FOLDER } from '../src/program';
import { connect, type Cluster } from '../src/cluster/cluster';
import { request } from '../test/support/request';

/** An embedded engine of its own with our pipelines and templates, for one benchmark; ends when the benchmark does. */
export async function onEngine(act: (cluster: Cluster) => Promise<void>): Promise<void> {
  const engine: Engine = await startAttached({ steady: true });
  try {
    const cluster = await connect({ url: engine.url });
    const content = { resources: readContent(PROGRAM_FOLDER), rules: [] };
    const scope = new Deployment({ cluster, namespace: 'bench', now: Date.now() }, SCHEDULERS, 'local');
    await scope.apply(await scope.plan(content, { prune: false }));
    await act(cluster);
  } finally {
    await engine.stop();
  }
}

/**
 * One bulk request of documents, given as JSON texts.
 * @param query `{pipeline: '_none'}` goes past the pipeline of the data stream
 * @returns milliseconds until it was answered
 * @throws Error when a document was refused
 */
export async function bulk(
  cluster: Cluster,
  index: string,
  documents: readonly string[],
  query: Record<string, string> = {},
): Promise<number> {
  const ndjson = documents.map((document) => `{"create":{}}\n${document}\n`).join('');
  const began = performance.now();
  const { body } = await request<{ errors: boolean }>(cluster, {
    method: 'POST',
    path: `/${index}/_bulk`,
    query,
    ndjson,
  });
  const took = performance.now() - began;
  if (body.errors) throw new Error(`documents were refused by ${index}: ${JSON.stringify(body).slice(0, 500)}`);
  return took;
}

/** Milliseconds that something takes. */
export async function timed(act: () => Promise<unknown>): Promise<number> {
  const began = performance.now();
  await act();
  return performance.now() - began;
}

/** A line of a table, columns padded to their widths; numbers to the right. */
export function row(cells: readonly (string | number)[], widths: readonly number[]): string {
  return cells
    .map((cell, index) => {
      const width = widths[index] ?? 0;
      return typeof cell === 'number' ? String(cell).padStart(width) : cell.padEnd(width);
    })
    .join('  ');
}
