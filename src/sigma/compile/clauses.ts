type Clause = Readonly<Record<string, unknown>>;

/** The clause of the Query DSL that whatever meets one of these meets. */
export function anyOf(should: readonly Clause[]): Record<string, unknown> {
  return { bool: { should, minimum_should_match: 1 } };
}

/** The value in whatever case; only for values that have letters, and fields that hold texts. */
export function caseless(field: string, value: string): Record<string, unknown> {
  return { term: { [field]: { value, case_insensitive: true } } };
}
