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
  | { readonly kind: 'any' }
  | { readonly kind: 'class'; readonly negated: boolean; readonly ranges: readonly (readonly [string, string])[] }
  | { readonly kind: 'group'; readonly alternatives: readonly (readonly RegexPart[])[] }
  | { readonly kind: 'repeat'; readonly part: RegexPart; readonly least: number; readonly most: number | null };

/** A regular expression: it matches where any of its alternatives is found, anywhere between its anchors. */
export interface Regex {
  readonly source: string;
  readonly alternatives: readonly {
    readonly fromStart: boolean;
    readonly toEnd: boolean;
    readonly parts: readonly RegexPart[];
  }[];
}

/** What is asked of one value. A field with several values meets a test when any of them does. */
export type Test =
  /** `cased: false` ignores the case of ASCII letters, and of no other. */
  | { readonly kind: 'text'; readonly pattern: Pattern; readonly cased: boolean }
  | { readonly kind: 'number'; readonly value: number }
  | { readonly kind: 'boolean'; readonly value: boolean }
  /** Case counts. */
  | { readonly kind: 'regex'; readonly regex: Regex }
  | { readonly kind: 'cidr'; readonly network: string }
  /** The field has a value. A null is no value: the engines keep no trace of one. */
  | { readonly kind: 'exists' };

export type Condition =
  | { readonly kind: 'and'; readonly of: readonly Condition[] }
  | { readonly kind: 'or'; readonly of: readonly Condition[] }
  /** Holds for every document in which `of` does not, those without the field included. */
  | { readonly kind: 'not'; readonly of: Condition }
  | { readonly kind: 'field'; readonly field: string; readonly test: Test };
