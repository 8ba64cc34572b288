import { ProblemError } from '../errors';
import { isRecord } from '../json';
import type { Cluster } from '../cluster/cluster';
import { untyped } from '../cluster/untyped';

/** What became of events that were indexed and that a pipeline could not make an event of. */
export interface PipelineErrors {
  readonly count: number;
  /** Why, the most frequent first, each with its number among those that were looked at. */
  readonly reasons: readonly (readonly [reason: string, count: number])[];
}

/** Of so many the reasons are read, the first of the run. */
const MAX_READ = 1_000;

/**
 * Counts what a run sent and no pipeline could read: one refresh, one search. It counts by the time of arrival, so what others send to the
 * same streams meanwhile counts as well.
 * @param streams to which the run sent events of a known source; of the others nobody expects that they are read
 * @param began when the run began to send, by `performance.now()`
 * @returns null where the user may not refresh or read the streams
 * @throws ProblemError INTERRUPTED
 */
export async function countPipelineErrors(
  cluster: Cluster,
  streams: readonly string[],
  began: number,
): Promise<PipelineErrors | null> {
  if (streams.length === 0) return { count: 0, reasons: [] };
  try {
    return await count(cluster, streams, began);
  } catch (error) {
    // The events are in the cluster; that this question has no answer is no reason to say that they are not.
    if (error instanceof ProblemError && error.code !== 'INTERRUPTED') return null;
    throw error;
  }
}

async function count(cluster: Cluster, streams: readonly string[], began: number): Promise<PipelineErrors> {
  const named = { index: [...streams], ignore_unavailable: true, allow_no_indices: true };
  await cluster.client.indices.refresh(named);
  const elapsedMs = performance.now() - began;
  const { hits: found, aggregations } = await cluster.client.search({
    ...named,
    request_cache: false,
    ...untyped(questionOf(elapsedMs)),
  });
  const arrived = aggregations?.now as { readonly buckets?: readonly { readonly from?: number }[] } | undefined;
  const now = arrived?.buckets?.[0]?.from ?? Infinity;
  const { total, hits } = found;
  // The cluster's date math knows whole seconds only: those of a second before are the first ones.
  const earlier = hits.filter(
    ({ fields }) => Number((fields?.['event.ingested'] as readonly unknown[] | undefined)?.[0]) < now - elapsedMs,
  );
  const reasons = new Map<string, number>();
  for (const { _source } of hits.slice(earlier.length)) {
    const reason = reasonIn(_source);
    reasons.set(reason, (reasons.get(reason) ?? 0) + 1);
  }
  return {
    count: (typeof total === 'number' ? total : (total?.value ?? 0)) - earlier.length,
    reasons: [...reasons].sort(([, left], [, right]) => right - left),
  };
}

function questionOf(elapsedMs: number): Readonly<Record<string, unknown>> {
  return {
    size: MAX_READ,
    track_total_hits: true,
    query: {
      bool: {
        filter: [
          { term: { 'event.kind': 'pipeline_error' } },
          { range: { 'event.ingested': { gte: `now-${Math.ceil(elapsedMs / 1_000)}s` } } },
        ],
      },
    },
    sort: [{ 'event.ingested': 'asc' }],
    _source: ['error.message'],
    docvalue_fields: [{ field: 'event.ingested', format: 'epoch_millis' }],
    aggs: { now: { date_range: { field: 'event.ingested', ranges: [{ from: 'now' }] } } },
  };
}

/** The beginning of error.message: it names the step and what is wrong, then perhaps values of the event. */
function reasonIn(source: unknown): string {
  const error = isRecord(source) ? source.error : undefined;
  const message = isRecord(error) ? error.message : undefined;
  return typeof message === 'string' ? message.slice(0, 200) : 'no reason given';
}
