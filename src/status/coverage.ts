import { type JsonRecord, canonicalJson } from '../json';
import { allOf, type Condition, anyOf } from '../sigma/condition';
import { anyOf as anyClause } from '../sigma/compile/query-dsl';
import type { Rule } from '../detections/rule';
import { searchableClause, type Reading } from '../visibility/field-spots';
import type { FieldMap } from '../visibility/fields';
import type { Coverage } from './status';

/** A rule, and its query as it is deployed, where that can be read. */
export type RuleReading = Reading & { readonly rule: Rule };

/** Filter aggregations by name, and what to make of the documents that each counts. */
interface CoverageQuestion {
  readonly aggs: Readonly<Record<string, { readonly filter: JsonRecord }>>;
  /** @param countOf the documents of an aggregation */
  readonly answer: (countOf: (name: string) => number, processCreations: number) => Coverage[];
}

/**
 * How blind rules are, as one set of filter aggregations over process creations: the engine counts, and no document is
 * loaded. What a thousand rules need alike is asked once. Coverage is a necessary condition: an event with all fields can still be
 * cut short or wrong.
 * @param fields how the indices map what the rules compare: a value that the deployed query cannot find does not count
 */
export function coverageQuestion(readings: readonly RuleReading[], fields: FieldMap = new Map()): CoverageQuestion {
  const aggs: Record<string, { filter: JsonRecord }> = {};
  const names = new Map<string, string>();
  const ask = (reading: Reading, need: Condition | undefined): string => {
    if (need === undefined) return '';
    const filter = without(need, (field) => searchableClause(fields, reading, field));
    const key = canonicalJson(filter);
    const name = names.get(key) ?? `need_${names.size}`;
    names.set(key, name);
    aggs[name] = { filter };
    return name;
  };
  const asked = readings.map((reading) => {
    const { rule } = reading;
    const needs = needsOf(rule.condition);
    return {
      rule,
      blind: ask(reading, needs.length === 0 ? undefined : allOf(needs)),
      needs: needs.map((need) => ({ need, agg: ask(reading, need) })),
      fields: neededFields(rule.condition).map((field) => ({ field, agg: ask(reading, present(field)) })),
    };
  });
  return {
    aggs,
    answer: (countOf, processCreations) =>
      asked.map(({ rule, blind, needs, fields }) => ({
        rule: rule.uuid,
        name: rule.name,
        blind: countOf(blind),
        share: processCreations === 0 ? null : countOf(blind) / processCreations,
        causes: needs
          .map(({ need, agg }) => ({ lack: lackText(need), fields: fieldsOf(need), count: countOf(agg) }))
          .filter(({ count }) => count > 0)
          .sort((left, right) => right.count - left.count),
        fields: fields.map(({ field, agg }) => ({ field, count: countOf(agg) })),
      })),
  };
}

function present(field: string): Condition {
  return { kind: 'field', field, test: { kind: 'exists' } };
}

function without(need: Condition, presence: (field: string) => JsonRecord): JsonRecord {
  return { bool: { must_not: [clauseOf(need, presence)] } };
}

function clauseOf(need: Condition, presence: (field: string) => JsonRecord): JsonRecord {
  if (need.kind === 'field') return presence(need.field);
  const parts = (need.kind === 'not' ? [need.of] : need.of).map((part) => clauseOf(part, presence));
  return need.kind === 'and' ? { bool: { filter: parts } } : anyClause(parts);
}

/**
 * What an event must have, whatever the values, for a detection to be able to see it: the detection with every test of a
 * field replaced by "the field is there".
 *
 *   detection  | needs
 *   -----------|------------------------------------------------------------------
 *   a field    | that field
 *   and        | what all of its parts need
 *   or         | what any of its parts needs; nothing, when one of them needs nothing
 *   not        | nothing: an event that lacks the field meets the negation
 *
 * @returns conditions of `exists`, `and` and `or` that must all hold; empty when an event can match without any field
 */
export function needsOf(condition: Condition): readonly Condition[] {
  const need = presence(condition);
  if (need === undefined) return [];
  return need.kind === 'and' ? need.of : [need];
}

/** Fields that a detection looks at other than in a negation, in its order, each once. */
export function neededFields(condition: Condition): readonly string[] {
  return [...new Set(needsOf(condition).flatMap(fieldsOf))];
}

/** Fields of a need, in its order, each once. */
function fieldsOf(need: Condition): string[] {
  if (need.kind === 'field') return [need.field];
  return [...new Set((need.kind === 'not' ? [need.of] : need.of).flatMap(fieldsOf))];
}

/** What an event has not that does not meet a need: `no process.name`, `neither process.name nor user.name`. */
export function lackText(need: Condition): string {
  if (need.kind !== 'or') return `no ${wordsOf(need)}`;
  const words = need.of.map(wordsOf);
  return words.length === 2 ? `neither ${words.join(' nor ')}` : `none of ${words.join(', ')}`;
}

function wordsOf(need: Condition): string {
  if (need.kind === 'field') return need.field;
  const parts = need.kind === 'not' ? [need.of] : need.of;
  return `(${parts.map(wordsOf).join(need.kind === 'and' ? ' and ' : ' or ')})`;
}

function presence(condition: Condition): Condition | undefined {
  switch (condition.kind) {
    case 'field':
      return { kind: 'field', field: condition.field, test: { kind: 'exists' } };
    case 'not':
      return undefined;
    case 'and':
      return allOf(
        distinct(
          'and',
          condition.of.map(presence).filter((part) => part !== undefined),
        ),
      );
    case 'or':
      return anyOf(distinct('or', condition.of.map(presence)));
  }
}

/** Parts without layers of their own kind and without repetitions; one that needs nothing stays, as undefined. */
function distinct(kind: 'and' | 'or', parts: readonly (Condition | undefined)[]): (Condition | undefined)[] {
  const flat = parts.flatMap((part): readonly (Condition | undefined)[] => (part?.kind === kind ? part.of : [part]));
  const keyed = flat.map((part) => [part === undefined ? '' : canonicalJson(part), part] as const);
  return [...new Map(keyed).values()];
}
