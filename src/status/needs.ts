import { canonicalJson } from '../json';
import { allOf, anyOf, type Condition } from '../sigma/condition';

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
export function fieldsOf(need: Condition): string[] {
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
