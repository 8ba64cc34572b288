/**
 * JSON that the client's types do not describe, for a request: compiled queries, and content from files, which holds what only OpenSearch
 * has (`flat_object`, a pipeline without `_meta`). This is the one cast around `estypes`.
 * @returns the same object, in a type that fits every optional member of a request
 */
export function untyped(json: object): Record<string, never> {
  return json as Record<string, never>;
}
