import { isRecord } from '../../src/json';
import { Refusal } from './kibana-state';

type Json = Record<string, unknown>;

/** What a search body may hold besides; the plugin parses it strictly. */
const SEARCH_KEYS = ['size', 'from', 'query', 'aggregations', 'aggs', 'sort', '_source', 'track_total_hits', 'timeout'];

/**
 * A search as the plugin stores it: parsed into OpenSearch's own objects and written out again. What is done here to each
 * query was seen by running OpenSearch 3.8's parser (SearchSourceBuilder) on it.
 * @throws Refusal 500 for what the parser does not know
 */
export function rewriteSearch(search: unknown): Json {
  if (!isRecord(search)) throw new Refusal(500, 'lateinit property searchSourceBuilder has not been initialized');
  const unknown = Object.keys(search).find((key) => !SEARCH_KEYS.includes(key));
  if (unknown !== undefined) {
    const token = isRecord(search[unknown]) ? 'START_OBJECT' : 'VALUE_NUMBER';
    throw new Refusal(500, `Unknown key for a ${token} in [${unknown}].`);
  }
  const { query, aggregations, aggs, ...rest } = search;
  const groups = aggregations ?? aggs;
  return {
    ...rest,
    ...(query !== undefined && { query: rewriteQuery(query) }),
    ...(isRecord(groups) && { aggregations: mapValues(groups, rewriteAggregation) }),
  };
}

function rewriteQuery(query: unknown): Json {
  const [entry, ...more] = isRecord(query) ? Object.entries(query) : [];
  if (entry === undefined || more.length > 0) throw new Refusal(500, 'query malformed, empty clause found');
  const [type, body] = entry;
  const rewrite = QUERIES[type];
  if (rewrite === undefined || !isRecord(body)) throw new Refusal(500, `unknown query [${type}]`);
  return { [type]: rewrite(body) };
}

const field = (body: Json, change: (options: Json) => Json): Json =>
  mapValues(body, (options) => ({ ...change(isRecord(options) ? options : { value: options }), boost: 1 }));

const QUERIES: Readonly<Record<string, (body: Json) => Json>> = {
  match_all: () => ({ boost: 1 }),
  exists: (body) => ({ ...body, boost: 1 }),
  term: (body) =>
    field(body, ({ case_insensitive: folded, ...rest }) => ({
      ...rest,
      ...(folded === true && { case_insensitive: true }),
    })),
  wildcard: (body) => field(body, ({ value, wildcard, ...rest }) => ({ wildcard: value ?? wildcard, ...rest })),
  regexp: (body) => field(body, ({ value }) => ({ value, flags_value: 0, max_determinized_states: 10_000 })),
  range: (body) =>
    field(body, ({ gte, gt, lte, lt, from, to, include_lower: low, include_upper: high, ...rest }) => ({
      from: gte ?? gt ?? from ?? null,
      to: lte ?? lt ?? to ?? null,
      include_lower: gt === undefined && low !== false,
      include_upper: lt === undefined && high !== false,
      ...rest,
    })),
  bool: (body) => {
    const clauses = ['must', 'filter', 'must_not', 'should'].flatMap((name) => {
      const list = body[name] === undefined ? [] : [body[name]].flat();
      return list.length === 0 ? [] : [[name, list.map(rewriteQuery)]];
    });
    const least = body.minimum_should_match;
    return {
      ...(Object.fromEntries(clauses) as Json),
      adjust_pure_negative: true,
      ...(least !== undefined && { minimum_should_match: String(Number(least)) }),
      boost: 1,
    };
  },
};

function rewriteAggregation(aggregation: unknown): unknown {
  if (!isRecord(aggregation)) return aggregation;
  const { aggs, aggregations = aggs, composite, ...rest } = aggregation;
  return {
    ...rest,
    ...(isRecord(composite) && { composite: { ...composite, sources: [composite.sources].flat().map(rewriteSource) } }),
    ...(isRecord(aggregations) && { aggregations: mapValues(aggregations, rewriteAggregation) }),
  };
}

function rewriteSource(source: unknown): unknown {
  if (!isRecord(source)) return source;
  return mapValues(source, (kind) =>
    isRecord(kind)
      ? mapValues(kind, (options) =>
          isRecord(options) ? { missing_bucket: false, order: 'asc', ...options } : options,
        )
      : kind,
  );
}

function mapValues(record: Json, change: (value: unknown) => unknown): Json {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, change(value)]));
}
