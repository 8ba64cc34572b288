/**
 * What a bulk request cannot carry through an ingest pipeline. One document of the first kind makes *every* item of the
 * request fail with 400; of the second, a script fails; of the third, the document is taken, but not as it is.
 * Tried on OpenSearch 3.8 (Jackson's StreamReadConstraints, which Elasticsearch 8 and 9 use too):
 *
 *   1  no JSON, a duplicate key, invalid UTF-8, half a surrogate pair in a key (in a value it is taken)
 *   1  nesting over 1,000, a number over 1,000 digits, a key over 50,000 characters
 *   2  an integer beyond 64 bits ("unexpected value type [class java.math.BigInteger]")
 *   3  `_id`, `_index`, `_version` … at the root: dropped, or taken for the request's own
 */
export const MAX_NESTING = 1_000;
export const MAX_NUMBER_LENGTH = 1_000;
export const MAX_NAME_LENGTH = 50_000;

/** Keys at a document's root that a pipeline reads as the request's metadata. */
export const STEERING_KEYS: ReadonlySet<string> = new Set([
  '_id',
  '_index',
  '_type',
  '_routing',
  '_version',
  '_version_type',
  '_if_seq_no',
  '_if_primary_term',
  '_op_type',
  '_dynamic_templates',
]);
