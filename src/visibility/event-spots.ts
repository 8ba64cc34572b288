import { plural } from '../text/plural';
import type { BlindSpot } from './blind-spot';
import type { EventCount } from './events';
import type { OwnStream } from './standing';

/**
 * Events that are there and that no rule can see, because no pipeline made a process creation of them.
 * @param counts by concrete index
 * @param labelOf the data stream of a backing index, else the index itself
 */
export function eventSpots(
  counts: readonly EventCount[],
  streams: readonly OwnStream[],
  labelOf: (index: string) => string,
): BlindSpot[] {
  const byLabel = new Map<string, { documents: number; raw: number; withoutIngested: number }>();
  for (const { index, documents, raw, withoutIngested } of counts) {
    const label = labelOf(index);
    const sum = byLabel.get(label) ?? { documents: 0, raw: 0, withoutIngested: 0 };
    byLabel.set(label, {
      documents: sum.documents + documents,
      raw: sum.raw + raw,
      withoutIngested: sum.withoutIngested + withoutIngested,
    });
  }
  return [...byLabel].flatMap(([label, { documents, raw, withoutIngested }]): BlindSpot[] => {
    const own = streams.find(({ name }) => name === label);
    const spot = { certain: false, index: label, rules: [] };
    if (own !== undefined) {
      if (withoutIngested === 0) return [];
      const message = `${withoutIngested} of ${plural(documents, 'document')} in ${label} did not go through our pipeline (no event.ingested): a shipper names a pipeline of its own, or _none`;
      const query = '{"query": {"bool": {"must_not": [{"exists": {"field": "event.ingested"}}]}}}';
      const fix = `Remove \`pipeline\` from the output of the shipper. To read those that are there: POST /${label}/_update_by_query?pipeline=${own.pipeline} ${query}`;
      return [{ ...spot, code: 'past_pipeline', message, fix }];
    }
    if (raw === 0) return [];
    const message = `${raw} of ${plural(documents, 'document')} in ${label} are process creations that no ingest pipeline has read (no event.category and event.type): no rule can see them`;
    const fix =
      'Let the shipper use the ingest pipelines of its vendor (Winlogbeat: `winlogbeat setup --pipelines` and `pipeline` in its output; Elastic Agent: install the integration), or send to our data streams: docs/shippers.md.';
    return [{ ...spot, code: 'raw_events', message, fix }];
  });
}
