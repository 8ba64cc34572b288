import type { JsonRecord } from '../../json';
import { type Condition, type Pattern, type Test, conditionOf, type Detection } from '../condition';
import type { Exception } from '../exceptions';
import { hasLetter, isAny, joinParts, MANY, plainText } from '../pattern';
import { withShortLists } from './long-lists';
import { sameValue } from './same-value';
import { LONGEST_REGEXP, patternRegexp, regexRegexp } from '../lucene-regexp';

/**
 * Fields that ECS maps as `wildcard`. There OpenSearch (3.8) folds the case of all of Unicode: é is É, the Kelvin sign is k,
 * and İ is two characters long. On `keyword` it folds ASCII letters alone, as Elasticsearch does on both.
 */
const WILDCARD_FIELD = /(^|\.)(command_line|url\.(full|original|path)|registry\.data\.strings)$/;

/** Fields that ECS maps as `ip`; an address of version 6 may hold letters, and such a field refuses case_insensitive. */
const ADDRESS_FIELD = /(^|[._])ip$/;

/** Of the ASCII letters, those that OpenSearch finds in others: k in the Kelvin sign, i in İ. */
const FOLDED_INTO = /[ik]/i;

/**
 * Where some of the indices that a rule reads map a field as analysed text, the names of its sub-fields that keep the value whole:
 * `process.name` → [`process.name.keyword`].
 */
export type SubFields = ReadonlyMap<string, readonly string[]>;

const NO_SUB_FIELDS: SubFields = new Map();

/**
 * The query of a rule: one clause for a filter, for Elasticsearch 8 and 9 and OpenSearch 2 and 3 alike, exact whatever a
 * field's values hold. Nothing is ever put into a query string.
 * @param exceptions those that are active; an event that meets any of them is not found
 * @param subFields of the indices that it reads; see `subFieldsOf`
 */
export function toQueryDsl(
  rule: Detection,
  exceptions: readonly Exception[] = [],
  subFields: SubFields = NO_SUB_FIELDS,
): JsonRecord {
  const [asked, ...silenced] = withShortLists([conditionOf(rule), ...exceptions.map(({ condition }) => condition)]);
  const found = compile(asked ?? conditionOf(rule), subFields);
  if (silenced.length === 0) return found;
  return { bool: { filter: [found], must_not: silenced.map((each) => compile(each, subFields)) } };
}

function compile(condition: Condition, subFields: SubFields): JsonRecord {
  switch (condition.kind) {
    case 'and':
      return { bool: { filter: condition.of.map((part) => compile(part, subFields)) } };
    case 'or':
      return anyOf(condition.of.map((part) => compile(part, subFields)));
    case 'not':
      return {
        bool: {
          must_not: (condition.of.kind === 'or' ? condition.of.of : [condition.of]).map((part) =>
            compile(part, subFields),
          ),
        },
      };
    case 'field':
      return compileField(condition.field, condition.test, subFields);
  }
}

/**
 * A text field holds words, the sub-field the whole value. So where a document has the sub-field, that alone decides: a rule for
 * `cmd.exe` must not match a value in which this is one of several words, least of all in a negation.
 */
function compileField(field: string, test: Test, subFields: SubFields): JsonRecord {
  const own = compileTest(field, test);
  const subs = test.kind === 'text' || test.kind === 'regex' ? (subFields.get(field) ?? []) : [];
  if (subs.length === 0) return own;
  const whole = subs.map((sub) => compileTest(sub, test));
  return anyOf([{ bool: { filter: [own], must_not: subs.map((sub) => ({ exists: { field: sub } })) } }, ...whole]);
}

function compileTest(field: string, test: Test): JsonRecord {
  switch (test.kind) {
    case 'exists':
      return { exists: { field } };
    case 'number':
    case 'boolean':
      return { term: { [field]: { value: test.value } } };
    case 'cidr':
      return { term: { [field]: { value: test.network } } };
    case 'regex':
      return regexp(field, regexRegexp(test.regex));
    case 'range':
      return { range: { [field]: { [test.operator]: test.value } } };
    case 'same':
      return sameValue(field, test);
    case 'text':
      return compileText(field, test.pattern, test.cased);
  }
}

function compileText(field: string, pattern: Pattern, cased: boolean): JsonRecord {
  if (pattern.length === 0) {
    // A term query finds no empty text in a wildcard field of OpenSearch, a regexp none in one of Elasticsearch.
    return anyOf([term(field, '', false), regexp(field, '')]);
  }
  if (isAny(pattern)) return { exists: { field } };
  if (cased || !WILDCARD_FIELD.test(field))
    return equals(field, pattern, !cased && hasLetter(pattern) && !ADDRESS_FIELD.test(field));
  return compileFolded(field, pattern);
}

/** Without case, on a field where the engine folds too much: what it finds fast, then the exact check where they differ. */
function compileFolded(field: string, pattern: Pattern): JsonRecord {
  if (!hasLetter(pattern)) return equals(field, pattern, false);
  const wider = widened(pattern);
  const same = JSON.stringify(wider) === JSON.stringify(pattern);
  const first = equals(field, wider, true);
  if (same && !pattern.some((part) => 'literal' in part && FOLDED_INTO.test(part.literal))) return first;
  const exact = patternRegexp(pattern);
  // Of a value too long for that check, the engine's own folding is the best that there is.
  if (exact.length > LONGEST_REGEXP) return equals(field, pattern, true);
  return { bool: { filter: [first, regexp(field, exact)] } };
}

/** A pattern that matches all that `pattern` does, and holds only what every engine folds alike. */
function widened(pattern: Pattern): Pattern {
  return joinParts(
    pattern.flatMap((part) =>
      'wildcard' in part
        ? [MANY]
        : part.literal.split(/([^\0-\x7f]+)/).map((piece, index) => (index % 2 === 0 ? { literal: piece } : MANY)),
    ),
  );
}

/** `case_insensitive` is only said where a value has letters: fields of numbers refuse it. */
function equals(field: string, pattern: Pattern, caseInsensitive: boolean): JsonRecord {
  const text = plainText(pattern);
  if (text !== undefined) return term(field, text, caseInsensitive);
  const value = pattern
    .map((part) => {
      if ('literal' in part) return part.literal.replace(/[*?\\]/g, '\\$&');
      return part.wildcard === 'many' ? '*' : '?';
    })
    .join('');
  return { wildcard: { [field]: { value, ...(caseInsensitive && { case_insensitive: true }) } } };
}

function term(field: string, value: string, caseInsensitive: boolean): JsonRecord {
  return { term: { [field]: { value, ...(caseInsensitive && { case_insensitive: true }) } } };
}

function regexp(field: string, value: string): JsonRecord {
  return { regexp: { [field]: { value, flags: 'NONE' } } };
}

/** The clause of the Query DSL that whatever meets one of these meets. */
export function anyOf(should: readonly JsonRecord[]): Record<string, unknown> {
  return { bool: { should, minimum_should_match: 1 } };
}

/** The value in whatever case; only for values that have letters, and fields that hold texts. */
export function caseless(field: string, value: string): Record<string, unknown> {
  return { term: { [field]: { value, case_insensitive: true } } };
}
