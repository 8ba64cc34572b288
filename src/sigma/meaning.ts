import { allOf, anyOf, type Condition } from './condition';

/** What a Sigma field's value means in ECS fields; or what is wrong with it. */
export type Mapped = Meaning | { readonly message: string; readonly hint: string };

/** A condition, and what an event must meet instead that has no value in a field. */
export interface Meaning {
  readonly condition: Condition;
  readonly without?: { readonly field: string; readonly condition: Condition } | undefined;
}

/** The condition that a meaning is as a whole. */
export function whole({ condition, without }: Meaning): Condition {
  return without === undefined ? condition : alternatively(condition, without);
}

function alternatively(condition: Condition, { field, condition: other }: NonNullable<Meaning['without']>): Condition {
  const both = allOf([absent(field), other]);
  return anyOf([condition, both]) ?? condition;
}

/** Any of several values of one field. What is asked where the field is absent is asked once, for all of them. */
export function anyMeaning(meanings: readonly Meaning[]): Condition | undefined {
  const condition = anyOf(meanings.map((meaning) => meaning.condition));
  const others = meanings.flatMap(({ without }) => without ?? []);
  const [first] = others;
  if (condition === undefined || first === undefined) return condition;
  const other = anyOf(others.map((each) => each.condition));
  return other === undefined ? condition : alternatively(condition, { field: first.field, condition: other });
}

/** The event has no value in a field. */
export function absent(field: string): Condition {
  return { kind: 'not', of: { kind: 'field', field, test: { kind: 'exists' } } };
}
