import { randomUUID } from 'node:crypto';
import type { estypes } from '@elastic/elasticsearch';
import type { Resource } from '../content/resource';
import { writeJson } from '../text/lossless-json';
import { ProblemError } from '../errors';
import { isRecord } from '../json';
import type { Cluster } from '../cluster/cluster';
import { CLEANUP } from '../cluster/transport';
import { putPipeline } from '../resources/put-pipeline';
import { prepare } from '../cluster/translate';

/*
 * A pipeline can be simulated inline, but what it calls must be on the cluster. So that the pipelines in use are neither
 * changed nor simulated in place of those on disk, all of ours are installed under names of this trial's own, which the
 * calls between them use, too; the user's `@custom` ones are empty in it. All are removed again, also those that a trial
 * which was killed has left behind.
 */
const TRIAL = 'wmi-detections-trial-';
const LEFT_BEHIND_MS = 3_600_000;

/** What became of one event. */
type Outcome =
  /** The document as it would be indexed; null when it was dropped. */
  | { readonly document: Record<string, unknown> | null }
  /** Why the pipeline failed on it, so that it would not be indexed. */
  | { readonly error: string };

/** What became of the events of one simulation, and which tagged processors took part in it. */
interface Simulated {
  readonly outcomes: readonly Outcome[];
  readonly reached: ReadonlySet<string>;
}

/** The pipelines on disk, installed for a moment. */
export interface Trial {
  /**
   * The id under which a pipeline of ours is installed, for an index that is to use it while the trial lasts.
   * @param pipeline one of ours, by its real id
   */
  idOf(pipeline: string): string;
  /**
   * @param pipeline one of ours, by its real id
   * @param events as they are read by `parseJson`
   */
  simulate(pipeline: string, events: readonly Record<string, unknown>[]): Promise<Simulated>;
}

/**
 * Installs pipelines under other names, lets `use` simulate with them, and removes them.
 * @throws ProblemError REFUSED, with the place in the file, when the engine does not accept a pipeline; FORBIDDEN without
 *   the privilege manage_ingest_pipelines
 */
export async function withTrial<T>(
  cluster: Cluster,
  pipelines: readonly Resource[],
  use: (trial: Trial) => Promise<T>,
): Promise<T> {
  await removeLeftBehind(cluster);
  const prefix = `${TRIAL}${Date.now()}-${randomUUID().slice(0, 8)}-`;
  try {
    await install(cluster, pipelines, prefix);
    return await use({
      idOf: (pipeline) => prefix + pipeline,
      simulate: (pipeline, events) => simulate(cluster, prefix, pipeline, events),
    });
  } finally {
    await remove(cluster, `${prefix}*`);
  }
}

async function install(cluster: Cluster, pipelines: readonly Resource[], prefix: string): Promise<void> {
  const bodies = new Map<string, { body: Record<string, unknown>; from?: Resource }>();
  const called = new Set<string>();
  for (const pipeline of pipelines) {
    const body = withCallsTo(prefix, prepare(pipeline, cluster.product), called) as Record<string, unknown>;
    bodies.set(pipeline.id, { body, from: pipeline });
  }
  // A verbose simulation refuses a call of a pipeline that is not there, even where a real one would pass over it.
  for (const id of called) if (!bodies.has(id)) bodies.set(id, { body: { processors: [] } });
  for (const [id, { body, from }] of bodies) {
    try {
      await putPipeline(cluster, prefix + id, body, from?.scripts);
    } catch (error) {
      if (!(error instanceof ProblemError) || error.code !== 'REFUSED' || from === undefined) throw error;
      const problems = error.problems.map(({ where, message, hint }) => ({
        where: where !== undefined && 'file' in where ? where : from.place,
        message,
        hint,
      }));
      throw new ProblemError('REFUSED', problems, { cause: error });
    }
  }
}

/** A pipeline's body in which every call names the trial's pipelines. */
function withCallsTo(prefix: string, value: unknown, called: Set<string>): unknown {
  if (Array.isArray(value)) return value.map((item) => withCallsTo(prefix, item, called));
  if (!isRecord(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => {
      if (key !== 'pipeline' || !isRecord(inner) || typeof inner.name !== 'string') {
        return [key, withCallsTo(prefix, inner, called)];
      }
      called.add(inner.name);
      return [key, { ...(withCallsTo(prefix, inner, called) as object), name: prefix + inner.name }];
    }),
  );
}

async function simulate(
  cluster: Cluster,
  prefix: string,
  pipeline: string,
  events: readonly Record<string, unknown>[],
): Promise<Simulated> {
  if (events.length === 0) return { outcomes: [], reached: new Set() };
  const docs = events.map((event, index) => ({ _index: 'simulate', _id: String(index), _source: event }));
  const ask = async (verbose: boolean): Promise<readonly (estypes.IngestSimulateDocumentResult | null)[]> => {
    // As text, in which large integers stand as they were written.
    const asked: Partial<estypes.IngestSimulateRequest> = {
      id: prefix + pipeline,
      verbose,
      body: writeJson({ docs }),
    };
    const headers = { 'content-type': 'application/json' };
    return (await cluster.client.ingest.simulate(asked as estypes.IngestSimulateRequest, { headers })).docs;
  };
  const outcomes: Outcome[] = (await ask(false)).map((answer): Outcome => {
    if (answer?.error !== undefined) return { error: answer.error.reason ?? answer.error.type };
    return { document: (withoutPrefix(prefix, answer?.doc?._source) as Record<string, unknown> | undefined) ?? null };
  });
  for (const [index, event] of events.entries()) {
    const outcome = outcomes[index];
    if (outcome === undefined || !('error' in outcome) || !UNCOPIED.test(outcome.error)) continue;
    outcomes[index] = (await simulateIndexing(cluster, prefix, pipeline, event)) ?? outcome;
  }
  const results = (await ask(true)).flatMap((answer) => answer?.processor_results ?? []);
  const reached = results.filter(({ status }) => status !== 'skipped').flatMap(({ tag }) => tag ?? []);
  return { outcomes, reached: new Set(reached) };
}

/** Elasticsearch copies the document of a simulated pipeline, and cannot copy an integer beyond 64 bits. Indexing copies nothing. */
const UNCOPIED = /unexpected value type/;

/**
 * Simulates that Elasticsearch indexes an event through a pipeline; nothing is indexed.
 * @returns undefined where that is not possible (before 8.12)
 */
async function simulateIndexing(
  { client }: Cluster,
  prefix: string,
  pipeline: string,
  event: Record<string, unknown>,
): Promise<Outcome | undefined> {
  // A name on which a deployer has all privileges.
  const body = writeJson({ docs: [{ _index: `${prefix}simulate`, _id: '0', _source: event }] });
  const asked: Partial<estypes.SimulateIngestRequest> = { pipeline: prefix + pipeline, body };
  const headers = { 'content-type': 'application/json' };
  const options = { headers, ignore: [400, 403, 404, 405], meta: true as const };
  const { statusCode, body: answer } = await client.simulate.ingest(asked as estypes.SimulateIngestRequest, options);
  const doc = statusCode === 200 ? answer.docs[0]?.doc : undefined;
  if (doc === undefined) return undefined;
  if (doc.error !== undefined) return { error: doc.error.reason ?? doc.error.type };
  // Without a source where the pipeline drops it.
  const source = doc._source as Record<string, unknown> | undefined;
  return { document: (withoutPrefix(prefix, source) as Record<string, unknown> | undefined) ?? null };
}

/** Error messages may name a pipeline: what is compared has its real name. */
function withoutPrefix(prefix: string, value: unknown): unknown {
  if (typeof value === 'string') return value.replaceAll(prefix, '');
  if (Array.isArray(value)) return value.map((item) => withoutPrefix(prefix, item));
  if (!isRecord(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, withoutPrefix(prefix, inner)]));
}

async function removeLeftBehind(cluster: Cluster): Promise<void> {
  const there = await cluster.client.ingest.getPipeline({ id: `${TRIAL}*` }, { ignore: [404] });
  for (const id of Object.keys(there).filter((name) => name.startsWith(TRIAL))) {
    const started = Number(/^\d+/.exec(id.slice(TRIAL.length))?.[0]);
    if (Date.now() - started > LEFT_BEHIND_MS) await remove(cluster, id);
  }
}

async function remove(cluster: Cluster, id: string): Promise<void> {
  await cluster.client.ingest.deletePipeline({ id }, CLEANUP);
}

/** The tags of a pipeline's processors, at any depth, in the file's order. */
export function tagsOf(pipeline: Resource): string[] {
  return [...new Set([pipeline.body.processors, pipeline.body.on_failure].flatMap(tagsIn))];
}

function tagsIn(processors: unknown): string[] {
  if (!Array.isArray(processors)) return [];
  return processors.flatMap((processor) =>
    Object.values(isRecord(processor) ? processor : {}).flatMap((options) => {
      if (!isRecord(options)) return [];
      const own = typeof options.tag === 'string' ? [options.tag] : [];
      return [...own, ...tagsIn([options.processor]), ...tagsIn(options.on_failure)];
    }),
  );
}
