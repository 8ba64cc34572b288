import { ProblemError } from '../errors';
import { isRecord } from '../json';
import type { Cluster } from '../cluster/cluster';

/** What became of events that were indexed and that a pipeline could not make an event of. */
export interface PipelineErrors {
  readonly count: number;
  /** Why, the most frequent first, each with its number among those that were looked at. */
  readonly reasons: readonly (readonly [reason: string, count: number])[];
}

/** Of so many the reasons are read, the first of the run. */
const MAX_READ = 1_000;

interface Clock {
  readonly now: { readonly buckets: readonly { readonly from?: number }[] };
}

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

async function count({ client }: Cluster, streams: readonly string[], began: number): Promise<PipelineErrors | null> {
  const which = { index: [...streams], ignore_unavailable: true, allow_no_indices: true };
  const options = { ignore: [403], meta: true as const };
  const refreshed = await client.indices.refresh(which, options);
  if (refreshed.statusCode === 403) return null;
  const elapsedMs = performance.now() - began;
  const { statusCode, body } = await client.search<unknown, Clock>(
    {
      ...which,
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
    },
    options,
  );
  if (statusCode === 403) return null;
  const now = body.aggregations?.now.buckets[0]?.from ?? Infinity;
  const { total, hits } = body.hits;
  // The cluster's date math knows whole seconds only: those of a second before are the first ones.
  const isEarlier = (fields: unknown): boolean => timeIn(fields) < now - elapsedMs;
  const earlier = hits.filter(({ fields }) => isEarlier(fields)).length;
  const reasons = new Map<string, number>();
  for (const { _source } of hits.slice(earlier)) {
    const reason = reasonIn(_source);
    reasons.set(reason, (reasons.get(reason) ?? 0) + 1);
  }
  const counted = typeof total === 'number' ? total : (total?.value ?? hits.length);
  return { count: counted - earlier, reasons: [...reasons].sort(([, left], [, right]) => right - left) };
}

function timeIn(fields: unknown): number {
  const values = isRecord(fields) ? fields['event.ingested'] : undefined;
  return Array.isArray(values) ? Number(values[0]) : NaN;
}

/** The beginning of error.message: it names the step and what is wrong, then perhaps values of the event. */
function reasonIn(source: unknown): string {
  const error = isRecord(source) ? source.error : undefined;
  const message = isRecord(error) ? error.message : undefined;
  return typeof message === 'string' ? message.slice(0, 200) : 'no reason given';
}
