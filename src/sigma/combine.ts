import type { Condition } from './condition';

/** All of them, without needless layers; undefined when any is (it was in error), or there is none. */
export function allOf(conditions: readonly (Condition | undefined)[]): Condition | undefined {
  return combined('and', conditions);
}

/** Any of them, without needless layers; undefined when any is (it was in error), or there is none. */
export function anyOf(conditions: readonly (Condition | undefined)[]): Condition | undefined {
  return combined('or', conditions);
}

function combined(kind: 'and' | 'or', conditions: readonly (Condition | undefined)[]): Condition | undefined {
  const known = conditions.filter((condition) => condition !== undefined);
  if (known.length < conditions.length || known.length === 0) return undefined;
  const flat = known.flatMap((condition) => (condition.kind === kind ? condition.of : [condition]));
  const [only] = flat;
  return flat.length === 1 ? only : { kind, of: flat };
}

/** Its opposite; that of an opposite is what it was. */
export function negated(condition: Condition): Condition {
  return condition.kind === 'not' ? condition.of : { kind: 'not', of: condition };
}

/** How many values of fields are compared. */
export function leaves(condition: Condition): number {
  switch (condition.kind) {
    case 'field':
      return 1;
    case 'not':
      return leaves(condition.of);
    case 'and':
    case 'or':
      return condition.of.reduce((sum, part) => sum + leaves(part), 0);
  }
}

/** How many layers of and, or and not lie above the deepest field, itself counted. */
export function depth(condition: Condition): number {
  if (condition.kind === 'field') return 1;
  return 1 + Math.max(...(condition.kind === 'not' ? [condition.of] : condition.of).map(depth));
}

/** The fields at which a condition looks, as often as it does. */
export function fieldsOf(condition: Condition): string[] {
  if (condition.kind === 'field') return [condition.field];
  return condition.kind === 'not' ? fieldsOf(condition.of) : condition.of.flatMap(fieldsOf);
}
