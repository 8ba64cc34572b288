import type { estypes } from '@elastic/elasticsearch';
import { ProblemError } from '../errors';
import { stateIndex } from '../detections/indices';
import type { Cluster } from './cluster';

/**
 * The cluster's time, in milliseconds since 1970: windows rest on the clock that stamps event.ingested, not on ours. It is
 * what the cluster understands by `now` in a search of the state index, so that the right to read that index is enough.
 * @throws ProblemError REFUSED when the state index is not there
 */
export async function clusterTime(cluster: Cluster, namespace: string): Promise<number> {
  const index = stateIndex(namespace);
  const { aggregations } = await cluster.client.search<unknown, { now?: estypes.AggregationsDateRangeAggregate }>({
    index,
    request_cache: false,
    size: 0,
    aggs: { now: { date_range: { field: 'updated', ranges: [{ from: 'now' }] } } },
  });
  const time = Object.values(aggregations?.now?.buckets ?? {})[0]?.from;
  if (time === undefined) {
    throw new ProblemError('REFUSED', [
      {
        where: { url: `${cluster.url}/${index}/_search`, method: 'POST' },
        message: 'the cluster did not say what time it is',
      },
    ]);
  }
  return time;
}

/** The cluster's time; ours where no state index says it. */
export async function clusterTimeOrOurs(cluster: Cluster, namespace: string): Promise<number> {
  try {
    return await clusterTime(cluster, namespace);
  } catch (error) {
    if (error instanceof ProblemError && error.code === 'REFUSED') return Date.now();
    throw error;
  }
}
