import type { JsonRecord } from '../json';
import { allOf, type Condition } from '../sigma/condition';
import { toQueryDsl } from '../sigma/compile/query-dsl';
import type { Rule } from '../detections/rule';
import { fieldsOf, lackText, needsOf, neededFields } from './needs';
import type { Coverage } from './status';

/** Filter aggregations by name, and what to make of the documents that each counts. */
export interface CoverageQuestion {
  readonly aggs: Readonly<Record<string, { readonly filter: JsonRecord }>>;
  /** @param countOf the documents of an aggregation */
  readonly answer: (countOf: (name: string) => number, processCreations: number) => Coverage[];
}

/**
 * How blind rules are, as one set of filter aggregations over process creations: the engine counts, and no document is
 * loaded. Coverage is a necessary condition: an event with all fields can still be cut short or wrong.
 */
export function coverageQuestion(rules: readonly Rule[]): CoverageQuestion {
  const aggs: Record<string, { filter: JsonRecord }> = {};
  const ask = (name: string, need: Condition | undefined): string => {
    if (need !== undefined) aggs[name] = { filter: without(need) };
    return name;
  };
  const asked = rules.map((rule, at) => {
    const needs = needsOf(rule.condition);
    return {
      rule,
      blind: ask(`blind_${at}`, needs.length === 0 ? undefined : allOf(needs)),
      needs: needs.map((need, index) => ({ need, agg: ask(`need_${at}_${index}`, need) })),
      fields: neededFields(rule.condition).map((field) => ({ field, agg: ask(`field_${field}`, present(field)) })),
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

function without(need: Condition): JsonRecord {
  return { bool: { must_not: [toQueryDsl({ condition: need })] } };
}
