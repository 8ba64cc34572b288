/**
 * What a rule looks for, as a tree that knows no query language: every compiler starts here. It is plain JSON, so that a
 * rule can be stored in a cluster and compiled or executed later.
 */

/** A piece of a value: text that stands for itself, `one` character (Sigma's `?`), or `many` (its `*`, also none). */
export type PatternPart = { readonly literal: string } | { readonly wildcard: 'one' | 'many' };

/**
 * A value that a field's text must equal as a whole. No part stands beside another literal, no `many` beside a `many`,
 * and no part is an empty literal: the empty text is the empty list.
 */
export type Pattern = readonly PatternPart[];

/** One piece of a regular expression, in the small language of the Sigma specification. */
export type RegexPart =
  | { readonly kind: 'literal'; readonly text: string }
  /** Any character; without `lines` not the end of a line. */
  | { readonly kind: 'any'; readonly lines?: true }
  | { readonly kind: 'class'; readonly negated: boolean; readonly ranges: readonly (readonly [string, string])[] }
  | { readonly kind: 'group'; readonly alternatives: readonly (readonly RegexPart[])[] }
  | { readonly kind: 'repeat'; readonly part: RegexPart; readonly least: number; readonly most: number | null };

/** A regular expression: it matches where any of its alternatives is found, anywhere between its anchors. */
export interface Regex {
  readonly source: string;
  readonly alternatives: readonly {
    readonly fromStart: Anchor;
    readonly toEnd: Anchor;
    readonly parts: readonly RegexPart[];
  }[];
  /** The case of ASCII letters does not count: each letter of the parts stands for both. */
  readonly ignoresCase?: true;
}

/** Whether an end of an expression is that of the value, of a `line` of it, or anywhere. */
export type Anchor = boolean | 'line';

/** A comparison of a number. */
export type RangeOperator = 'lt' | 'lte' | 'gt' | 'gte';

/** What is asked of one value. A field with several values meets a test when any of them does. */
export type Test =
  /** `cased: false` ignores the case of ASCII letters, and of no other. */
  | { readonly kind: 'text'; readonly pattern: Pattern; readonly cased: boolean }
  | { readonly kind: 'number'; readonly value: number }
  | { readonly kind: 'boolean'; readonly value: boolean }
  | { readonly kind: 'regex'; readonly regex: Regex }
  | { readonly kind: 'cidr'; readonly network: string }
  | { readonly kind: 'range'; readonly operator: RangeOperator; readonly value: number }
  /** Another field of the same event has this value, or a part of it; `cased` as above. */
  | {
      readonly kind: 'same';
      readonly field: string;
      readonly position: 'whole' | 'contains' | 'startswith' | 'endswith';
      readonly cased: boolean;
    }
  /** The field has a value. A null is no value: the engines keep no trace of one. */
  | { readonly kind: 'exists' };

export type Condition =
  | { readonly kind: 'and'; readonly of: readonly Condition[] }
  | { readonly kind: 'or'; readonly of: readonly Condition[] }
  /** Holds for every document in which `of` does not, those without the field included. */
  | { readonly kind: 'not'; readonly of: Condition }
  | { readonly kind: 'field'; readonly field: string; readonly test: Test };

/** What compilers need of a rule. */
export interface Detection {
  /** What an event must meet, without the log source: {@link conditionOf} adds it. */
  readonly condition: Condition;
}

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
  if (condition.kind === 'field') {
    return condition.test.kind === 'same' ? [condition.field, condition.test.field] : [condition.field];
  }
  return condition.kind === 'not' ? fieldsOf(condition.of) : condition.of.flatMap(fieldsOf);
}

const is = (field: string, literal: string): Condition => ({
  kind: 'field',
  field,
  test: { kind: 'text', pattern: [{ literal }], cased: true },
});

/** The event says that it is from another system than Windows; most shippers do not say from which. */
export const FROM_ELSEWHERE: Condition = {
  kind: 'or',
  of: [is('host.os.type', 'linux'), is('host.os.type', 'macos')],
};

/**
 * Everything that an event must meet for a rule to alert: its log source and its detection. Windows process creation is
 * ECS event.category process and event.type start, and not from macOS or Linux.
 */
export function conditionOf(rule: Detection): Condition {
  const source = [is('event.category', 'process'), is('event.type', 'start'), negated(FROM_ELSEWHERE)];
  const condition = allOf([...source, rule.condition]);
  return condition ?? rule.condition;
}
