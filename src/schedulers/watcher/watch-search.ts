import type { JsonRecord } from '../../json';
import type { estypes } from '@elastic/elasticsearch';
import { sourcesOf } from '../../detections/group';
import { alertIndex } from '../../detections/indices';
import { messageParts, riskSources } from '../../detections/message';
import type { Rule } from '../../detections/rule';
import { SPANS } from '../../detections/windows';
import { parseDuration } from '../../text/duration';
import { GROUP_KEY } from './painless-group';

/**
 * Which documents a run of a watch reads. S is the time that it was scheduled for.
 *
 *   documents               | chosen by      | from                                         | to
 *   ------------------------|----------------|----------------------------------------------|----------------
 *   with event.ingested     | event.ingested | S - settle delay - interval - look-back      | S - settle delay
 *   without event.ingested  | @timestamp     | S - the larger of 24 h and that              | open
 *
 * The windows of two runs meet without a gap, and reach back further by the rule's look-back: Watcher repeats no run that was
 * missed (a node that restarts, a cluster that is ill) and none whose alerts could not be written, so the next one does.
 * Reading an event twice does no harm: a group that has its alert is left out. The settle delay covers what was stamped
 * before S but could not be seen yet.
 */

const [settle, lookbackWithoutIngested] = [SPANS.settle / 1_000, SPANS.lookbackWithoutIngested / 1_000];

/** An alert may be older than the window: its group began earlier that day. */
const A_DAY = 86_400;

/** As many groups as one run reads. One search has them all (search.max_buckets is 65,536); above that the watch says so. */
export const MOST_GROUPS = 10_000;

/** As many alerts as one search gives, to be left out; more than that cost a refused write each, and nothing else. */
const MOST_KNOWN = 10_000;

/** Of the local scheduler's hundred; with ten thousand groups a hundred each would be a million. */
const MOST_ANCESTORS = 10;

/*
 * Everything that a rule says comes as a parameter and is put in as JSON, so none of it is ever read as a template: a body
 * would be, from end to end.
 */
const SCHEDULED = '{{ctx.trigger.scheduled_time}}';

const FOUND = [
  '{"size":0,"track_total_hits":false,"query":{"bool":{"filter":[{{#toJson}}match{{/toJson}},',
  '{"bool":{"minimum_should_match":1,"should":[',
  `{"range":{"event.ingested":{"gte":"${SCHEDULED}||-{{reach}}s","lt":"${SCHEDULED}||-{{settle}}s"}}},`,
  `{"bool":{"filter":[{"range":{"@timestamp":{"gte":"${SCHEDULED}||-{{late}}s"}}}],`,
  '"must_not":[{"exists":{"field":"event.ingested"}}]}}',
  ']}}]}},"aggs":{{#toJson}}aggs{{/toJson}}}',
].join('');

const KNOWN = [
  '{"size":{{most}},"_source":false,"track_total_hits":false,',
  '"sort":[{"@timestamp":{"order":"desc","unmapped_type":"date"}}],',
  '"query":{"bool":{"filter":[{{#toJson}}match{{/toJson}},{"bool":{"minimum_should_match":1,"should":[',
  `{"range":{"@timestamp":{"gte":"${SCHEDULED}||-{{since}}s"}}},{"range":{"event.end":{"gte":"${SCHEDULED}||-{{since}}s"}}}`,
  ']}}]}}}',
].join('');

/**
 * The input of a watch: first the alerts that there are (`known`), then the groups that its rule finds (`found`).
 * @param query one Query DSL clause that every matching event meets, exceptions included
 */
export function watchInput(
  rule: Rule,
  query: JsonRecord,
  { namespace, indices }: { namespace: string; indices: readonly string[] },
): estypes.WatcherInputContainer {
  const reach = settle + seconds(rule.schedule.interval) + seconds(rule.schedule.lookback);
  const late = Math.max(lookbackWithoutIngested, reach);
  const known = { match: { term: { 'rule.uuid': rule.uuid } }, most: MOST_KNOWN, since: late + A_DAY };
  const found = { match: query, reach, settle, late, aggs: groupsOf(rule) };
  return {
    chain: {
      inputs: [{ known: searchOf([alertIndex(namespace)], KNOWN, known) }, { found: searchOf(indices, FOUND, found) }],
    },
  };
}

function searchOf(
  indices: readonly string[],
  source: string,
  params: Record<string, unknown>,
): estypes.WatcherInputContainer {
  return { search: { request: { indices: [...indices], template: { source, params } } } };
}

function seconds(duration: string): number {
  return Math.ceil((parseDuration(duration) ?? 0) / 1000);
}

function groupsOf(rule: Rule): Record<string, unknown> {
  const script = {
    lang: 'painless',
    source: GROUP_KEY,
    params: { rule: rule.uuid, fields: rule.groupBy.map((name) => ({ name, from: sourcesOf(name) })) },
  };
  const sort = [{ '@timestamp': { order: 'asc', unmapped_type: 'date' } }];
  return {
    groups: {
      composite: { size: MOST_GROUPS, sources: [{ group: { terms: { script } } }] },
      aggs: {
        start: { min: { field: '@timestamp' } },
        end: { max: { field: '@timestamp' } },
        // What has no @timestamp happened when it came in.
        start_ingested: { min: { field: 'event.ingested' } },
        end_ingested: { max: { field: 'event.ingested' } },
        first: { top_hits: { size: 1, sort, _source: { includes: fieldsOf(rule) } } },
        events: { top_hits: { size: MOST_ANCESTORS, sort, _source: false } },
      },
    },
  };
}

/** Of an event only what makes up its group, the message and the risk objects. */
function fieldsOf(rule: Rule): string[] {
  const inMessage = messageParts(rule).flatMap((part) => ('field' in part ? [part.field] : []));
  const named = [...rule.groupBy, ...inMessage].flatMap(sourcesOf);
  return [...new Set([...named, ...riskSources(rule).flatMap(({ fields }) => fields)])].sort();
}
