import type { estypes } from '@elastic/elasticsearch';
import type { Cluster } from '../cluster/cluster';
import { untyped } from '../cluster/untyped';
import { defaultIndices } from '../detections/indices';
import type { Content, Scope } from '../resources/kind';
import { TEXT_TYPES, WHOLE_TYPES } from '../sigma/field-types';
import type { Condition, Test } from '../sigma/condition';
import type { SubFields } from '../sigma/compile/query-dsl';
import { plainText } from '../sigma/pattern';

/** A field as some of the indices of a list map it. */
export interface Mapped {
  /** As the engine reports it: `wildcard` may be `keyword`, `match_only_text` is `text`. */
  readonly type: string;
  /** False for `index: false` without doc values. */
  readonly searchable: boolean;
  /** Concrete indices; undefined where all that have the field map it so. */
  readonly indices: readonly string[] | undefined;
}

/** How each index of a list maps the fields that were asked for, and their sub-fields. */
export type FieldMap = ReadonlyMap<string, readonly Mapped[]>;

/** A request line has 4,096 bytes at most, with the index list in it. */
const LONGEST_LIST = 2_000;

/**
 * Reads how an index list maps some fields, multi-fields included.
 * @param indices names and patterns; those that are not there are passed over
 * @throws ProblemError when the cluster refuses
 */
export async function readFields(
  { client }: Cluster,
  indices: readonly string[],
  fields: readonly string[],
): Promise<FieldMap> {
  const found = new Map<string, readonly Mapped[]>();
  for (const wanted of inLists(fields)) {
    // In the URL: OpenSearch reads no list of fields from the body.
    const answer: Partial<Awaited<ReturnType<typeof client.fieldCaps>>> = await client.fieldCaps({
      index: [...indices],
      ignore_unavailable: true,
      allow_no_indices: true,
      ...untyped({ querystring: { fields: wanted } }),
    });
    for (const [field, byType] of Object.entries(answer.fields ?? {})) {
      const mapped = Object.entries(byType).flatMap(([type, capability]) =>
        type === 'object' || type === 'nested' || capability.metadata_field === true ? [] : mappedAs(type, capability),
      );
      if (mapped.length > 0) found.set(field, mapped);
    }
  }
  return found;
}

/** `searchable` is false where one index cannot search the field, whatever the others can. */
function mappedAs(type: string, { searchable, ...where }: estypes.FieldCapsFieldCapability): Mapped[] {
  const [indices, closed] = [where.indices, where.non_searchable_indices].map((names) =>
    names === undefined ? undefined : [names].flat(),
  );
  if (closed === undefined) return [{ type, searchable, indices }];
  const open = indices?.filter((index) => !closed.includes(index));
  return [
    { type, searchable: true, indices: open },
    { type, searchable: false, indices: closed },
  ];
}

/** Each field with its sub-fields, as lists that fit into a request line. */
function inLists(fields: readonly string[]): string[] {
  const lists: string[] = [];
  for (const field of new Set(fields)) {
    const both = `${field},${field}.*`;
    const last = lists.at(-1);
    if (last === undefined || last.length + both.length > LONGEST_LIST) lists.push(both);
    else lists[lists.length - 1] = `${last},${both}`;
  }
  return lists;
}

/** The sub-fields of a field in which its value is kept whole and can be searched. */
export function wholeSubFields(map: FieldMap, field: string): string[] {
  return [...map]
    .filter(([name, mapped]) => name.startsWith(`${field}.`) && mapped.some(isWhole))
    .map(([name]) => name)
    .sort();
}

/** Whether a value is kept whole, as rules compare texts. */
export function isWhole({ type, searchable }: Mapped): boolean {
  return searchable && TEXT_TYPES.has(type);
}

/** The fields of an index list that are analysed text somewhere, with the sub-fields that hold their values whole. */
export function subFieldsIn(map: FieldMap, fields: readonly string[]): SubFields {
  const subFields = new Map<string, readonly string[]>();
  for (const field of fields) {
    const subs = (map.get(field) ?? []).some(({ type }) => type === 'text') ? wholeSubFields(map, field) : [];
    if (subs.length > 0) subFields.set(field, subs);
  }
  return subFields;
}

/**
 * The sub-fields that rules have to ask as well on an index list: one request, whatever the number of rules.
 * @param conditions of rules and exceptions
 * @throws ProblemError when the cluster refuses
 */
export async function subFieldsOf(
  cluster: Cluster,
  indices: readonly string[],
  conditions: readonly Condition[],
): Promise<SubFields> {
  const fields = [...new Set(conditions.flatMap(comparedTexts))].sort();
  return fields.length === 0 ? new Map() : subFieldsIn(await readFields(cluster, indices, fields), fields);
}

/**
 * The same for the rules and exceptions of a content.
 * @throws ProblemError when the cluster refuses
 */
export async function subFieldsFor(scope: Scope, { rules, exceptions = [] }: Content): Promise<SubFields> {
  const { cluster, namespace, indices = defaultIndices(namespace) } = scope;
  const active = exceptions.flatMap(({ entries }) => entries);
  return (
    scope.subFields ??
    subFieldsOf(
      cluster,
      indices,
      [...rules, ...active].map(({ condition }) => condition),
    )
  );
}

/** The fields that a condition compares as text. */
function comparedTexts(condition: Condition): string[] {
  if (condition.kind !== 'field')
    return [condition.kind === 'not' ? [condition.of] : condition.of].flat().flatMap(comparedTexts);
  return condition.test.kind === 'text' || condition.test.kind === 'regex' ? [condition.field] : [];
}

const NUMBERS: ReadonlySet<string> = new Set([...WHOLE_TYPES, 'double', 'float', 'half_float', 'scaled_float']);

/**
 * Whether a test finds values in a field that is mapped so.
 *
 *   test           | finds values in
 *   ---------------|--------------------------------------------------------------------
 *   text, regex    | keyword, wildcard, constant_keyword; one word in lower case in text as well
 *   a plain number | numbers too, written as text or not
 *   range          | numbers
 *   another field  | keyword, wildcard, constant_keyword
 *   boolean        | boolean, keyword
 *   cidr           | ip
 *   exists         | whatever is searchable
 */
export function finds(test: Test, { type, searchable }: Mapped): boolean {
  if (!searchable) return false;
  switch (test.kind) {
    case 'exists':
      return true;
    case 'number':
      return NUMBERS.has(type) || TEXT_TYPES.has(type);
    case 'range':
      return NUMBERS.has(type);
    case 'boolean':
      return type === 'boolean' || TEXT_TYPES.has(type);
    case 'cidr':
      return type === 'ip';
    case 'regex':
    case 'same':
      return TEXT_TYPES.has(type);
    case 'text': {
      const plain = plainText(test.pattern);
      if (type === 'text') return plain !== undefined && /^[a-z0-9_]+$/.test(plain);
      if (type === 'ip') return plain !== undefined;
      return TEXT_TYPES.has(type) || (NUMBERS.has(type) && plain !== undefined && /^-?\d+$/.test(plain));
    }
  }
}
