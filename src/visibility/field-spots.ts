import type { JsonRecord } from '../json';
import { anyOf } from '../sigma/compile/query-dsl';
import type { Condition, Test } from '../sigma/condition';
import { conditionOf } from '../sigma/condition';
import type { Rule } from '../detections/rule';
import { TIME_FIELDS } from '../detections/group';
import type { BlindSpot } from './blind-spot';
import { listNames } from './blind-spot';
import { IS_PROCESS_CREATION, type EventCount } from './events';
import { finds, isWhole, subFieldsIn, wholeSubFields, type FieldMap, type Mapped } from './fields';

/** A rule, and its query as it is deployed, where that can be read. */
export interface Reading {
  readonly rule: Pick<Rule, 'name' | 'condition'>;
  readonly query?: JsonRecord | undefined;
}

/** A field, and what rules compare it with outside negations: where such a comparison finds nothing, they are blind. */
export interface Compared {
  readonly field: string;
  readonly by: readonly { readonly reading: Reading; readonly test: Test }[];
}

/** What rules compare, field by field. */
export function comparedFields(readings: readonly Reading[]): Compared[] {
  const fields = new Map<string, { reading: Reading; test: Test }[]>();
  const walk = (reading: Reading, condition: Condition): void => {
    if (condition.kind === 'not') return;
    if (condition.kind !== 'field') for (const part of condition.of) walk(reading, part);
    else {
      const { field, test } = condition;
      fields.set(field, [...(fields.get(field) ?? []), { reading, test }]);
    }
  };
  for (const reading of readings) walk(reading, conditionOf(reading.rule));
  return [...fields].map(([field, by]) => ({ field, by }));
}

/** How indices are named to a person, and what is in them. */
export interface Indices {
  readonly counts: readonly EventCount[];
  /** The data stream of a backing index, else the index itself. */
  readonly labelOf: (index: string) => string;
}

/**
 * What rules cannot find because of the types of fields. Indices without process creations do not count.
 *
 *   field                                         | spot
 *   ----------------------------------------------|---------------------------------------------------------------
 *   text, with a sub-field that the query asks    | none
 *   text, with a sub-field that it does not ask   | text_field: deploy compiles the query anew
 *   text without one; index: false; another type  | unsearchable_field
 *   values that are longer than ignore_above      | long_values
 *   @timestamp or event.ingested that is no date  | time_field
 */
export function fieldSpots(map: FieldMap, compared: readonly Compared[], indices: Indices): BlindSpot[] {
  const relevant = new Set(
    indices.counts.filter(({ processCreations, raw }) => processCreations + raw > 0).map(({ index }) => index),
  );
  return [
    ...compared.flatMap((each) => comparedSpots(map, each, relevant, indices)),
    ...longSpots(map, compared, indices),
    ...TIME_FIELDS.flatMap((field) => timeSpots(map.get(field) ?? [], field, indices)),
  ];
}

function comparedSpots(
  map: FieldMap,
  { field, by }: Compared,
  relevant: ReadonlySet<string>,
  { labelOf }: Indices,
): BlindSpot[] {
  return (map.get(field) ?? []).flatMap((mapped): BlindSpot[] => {
    const blind = by.filter(({ test }) => !finds(test, mapped));
    const all = whereOf(mapped, relevant);
    if (blind.length === 0 || all.length === 0) return [];
    const subs = mapped.type === 'text' ? wholeSubFields(map, field) : [];
    const covered = all.filter((index) => subs.some((sub) => (map.get(sub) ?? []).some((one) => has(one, index))));
    const bare = all.filter((index) => !covered.includes(index));
    const unasked = blind.filter(({ reading }) => !subs.some((sub) => asks(reading, sub)));
    return [
      ...(covered.length === 0 || unasked.length === 0
        ? []
        : [textSpot(field, subs, labels(covered, labelOf), rulesOf(unasked))]),
      ...(bare.length === 0 ? [] : [unsearchableSpot(field, mapped, labels(bare, labelOf), rulesOf(blind))]),
    ];
  });
}

/** A query that cannot be read is compiled with the sub-fields that there are, or is EQL, which takes them by itself. */
function asks({ query }: Reading, sub: string): boolean {
  return query === undefined || JSON.stringify(query).includes(JSON.stringify(sub));
}

/**
 * A clause that an event meets where a rule can find a value in a field of it, as far as the mapping decides that.
 * @param map of the indices that the rule reads
 */
export function searchableClause(map: FieldMap, reading: Reading, field: string): JsonRecord {
  const tests = comparedFields([reading]).find((each) => each.field === field)?.by ?? [];
  const unfit = (map.get(field) ?? []).filter((mapped) => !tests.every(({ test }) => finds(test, mapped)));
  const exists = { exists: { field } };
  if (unfit.length === 0) return exists;
  const subs = wholeSubFields(map, field).filter((sub) => asks(reading, sub));
  const known = unfit.flatMap(({ indices }) => indices ?? []);
  const elsewhere = unfit.every(({ indices }) => indices !== undefined);
  const parts = [
    ...(elsewhere ? [{ bool: { filter: [exists], must_not: [{ terms: { _index: known } }] } }] : []),
    ...subs.map((sub) => ({ exists: { field: sub } })),
  ];
  // A bool query without clauses would match everything.
  return parts.length === 0 ? { match_none: {} } : anyOf(parts);
}

function has(mapped: Mapped, index: string): boolean {
  return isWhole(mapped) && (mapped.indices === undefined || mapped.indices.includes(index));
}

function whereOf({ indices }: Mapped, relevant: ReadonlySet<string>): string[] {
  return (indices ?? [...relevant]).filter((index) => relevant.has(index));
}

function labels(indices: readonly string[], labelOf: Indices['labelOf']): string[] {
  return [...new Set(indices.map(labelOf))];
}

function rulesOf(by: Compared['by']): string[] {
  return [...new Set(by.map(({ reading }) => reading.rule.name))];
}

function textSpot(
  field: string,
  subs: readonly string[],
  where: readonly string[],
  rules: readonly string[],
): BlindSpot {
  const message = `${field} is text in ${listNames(where)}, and the deployed query does not ask ${subs.join(' or ')}: ${listNames(rules)} cannot find its values there`;
  const fix = 'Run `wmi-detections deploy`: the query is compiled for the fields that the indices have.';
  return { code: 'text_field', certain: false, index: listNames(where), rules, message, fix };
}

function unsearchableSpot(
  field: string,
  { type, searchable }: Mapped,
  where: readonly string[],
  rules: readonly string[],
): BlindSpot {
  const why = !searchable ? 'not indexed' : type === 'text' ? 'text without a keyword sub-field' : `of type ${type}`;
  const message = `${field} is ${why} in ${listNames(where)}: ${listNames(rules)} cannot find its values there`;
  const fix = `Map ${field} as keyword or wildcard in the index template of ${listNames(where)}, then roll over or reindex.`;
  return { code: 'unsearchable_field', certain: false, index: listNames(where), rules, message, fix };
}

/** Clauses that count the process creations of which a value is too long for the index, by field. */
export function longValueQuestions(
  map: FieldMap,
  compared: readonly Compared[],
  product: 'elasticsearch' | 'opensearch',
): Record<string, JsonRecord> {
  const fields = compared.filter(({ by }) => by.some(({ test }) => test.kind === 'text' || test.kind === 'regex'));
  const subFields = subFieldsIn(
    map,
    fields.map(({ field }) => field),
  );
  const questions: Record<string, JsonRecord> = {};
  for (const { field } of fields) {
    const subs = subFields.get(field) ?? [];
    const without = subs.map((sub) => ({ exists: { field: sub } }));
    const tooLong = [
      ...(subs.length === 0 ? [] : [{ bool: { filter: [{ exists: { field } }], must_not: without } }]),
      // OpenSearch does not list what ignore_above leaves out.
      ...(product === 'elasticsearch' ? [{ term: { _ignored: field } }] : []),
    ];
    if (tooLong.length > 0) questions[field] = { bool: { filter: [IS_PROCESS_CREATION, anyOf(tooLong)] } };
  }
  return questions;
}

function longSpots(map: FieldMap, compared: readonly Compared[], { counts, labelOf }: Indices): BlindSpot[] {
  return compared.flatMap(({ field, by }) =>
    counts.flatMap(({ index, processCreations, answers }): BlindSpot[] => {
      const count = answers[field] ?? 0;
      const subs = wholeSubFields(map, field).filter((sub) => (map.get(sub) ?? []).some((one) => has(one, index)));
      const isText = (map.get(field) ?? []).some(
        ({ type, indices }) => type === 'text' && indices?.includes(index) !== false,
      );
      // Text without a sub-field is a spot of its own, and so is a field of another type that has no such sub-field at all.
      if (count === 0 || (isText && subs.length === 0)) return [];
      const kept = isText ? subs.join(' or ') : field;
      const [where, rules] = [labelOf(index), rulesOf(by)];
      const message = `${kept} in ${where} leaves out the values of ${count} of ${processCreations} process creations, which are longer than its ignore_above: ${listNames(rules)} cannot find them`;
      const fix = `Raise ignore_above of ${kept} in the index template of ${where} (8191 keeps every command line that fits), then roll over or reindex.`;
      return [{ code: 'long_values', certain: false, index: where, rules, message, fix }];
    }),
  );
}

function timeSpots(mapped: readonly Mapped[], field: string, { counts, labelOf }: Indices): BlindSpot[] {
  const filled = new Set(counts.filter(({ documents }) => documents > 0).map(({ index }) => index));
  return mapped
    .filter(({ type }) => type !== 'date' && type !== 'date_nanos')
    .flatMap((each): BlindSpot[] => {
      const where = labels(whereOf(each, filled), labelOf);
      if (where.length === 0) return [];
      const message = `${field} is ${each.type} in ${listNames(where)}, and no date: runs cannot tell when its events came in`;
      const fix = `Map ${field} as date in the index template of ${listNames(where)}, then roll over or reindex.`;
      return [{ code: 'time_field', certain: false, index: listNames(where), rules: [], message, fix }];
    });
}
