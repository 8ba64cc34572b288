import { ProblemError } from '../../errors';
import type { Condition, Pattern, Test } from '../condition';
import { esqlField, esqlIndex, esqlText } from './esql-text';
import type { Exception } from '../exceptions';
import { FALLBACKS } from '../../detections/group';
import { joinOperators } from './join-operators';
import { hasLetter, isAny } from '../letters';
import { LONGEST_REGEXP, patternRegexp, regexRegexp } from '../lucene-regexp';
import { plainText } from '../pattern';
import type { Rule } from '../../detections/rule';

/**
 * A rule as an ES|QL query for Elasticsearch 8.14 and later: one row for each group of events, with how many they are,
 * and when the first and the last of them was.
 *
 * Known risk, stated by Elastic: rows that are groups have no event's id, so Kibana cannot tell a group that it has
 * alerted on from a new one. Every run whose look-back still reaches a group's events may alert on it again. An EQL rule
 * does not.
 *
 * - Case is ignored for ASCII letters alone, by RLIKE with both cases of each letter. TO_LOWER folds all of Unicode: with
 *   it the Kelvin sign would be a k.
 * - A missing field makes a comparison null, which is neither true nor false. Below a NOT it is made false by COALESCE.
 * - A comparison with a field of several values is null as well, so it holds for none of them (Query DSL: for any). Of
 *   the fields that are lists by ECS, only event.category and event.type are asked for, and those by MV_CONCAT.
 * - A field that is mapped in none of the indices is an error of the query.
 * - METADATA is not used by the groups. Kibana asks for it once somebody takes STATS away.
 * - Groups are those of `groupValue`: values as texts, several sorted and joined; a null is a group of its own.
 * Source: ES|QL reference, "Multivalued fields", "LIKE and RLIKE"; Elasticsearch, `EsqlBaseLexer.g4`.
 * @param indices names and patterns; a plain name that does not exist is no error
 * @param exceptions those that are active; each is one AND NOT of the query
 * @throws ProblemError RULE_INVALID, without a place, for a value that ES|QL cannot say exactly
 */
export function toEsql(
  rule: Pick<Rule, 'condition' | 'groupBy'>,
  indices: readonly string[],
  exceptions: readonly Exception[] = [],
): string {
  const { condition, groupBy } = rule;
  const asked = condition.kind === 'and' ? condition.of : [condition];
  const clauses = [
    listHolds('event.category', 'process'),
    listHolds('event.type', 'start'),
    ...asked.map((part) => expression(part, false)),
    ...exceptions.map((exception) => negation(exception.condition)),
  ];
  return [
    `FROM ${indices.map(esqlIndex).join(', ')} METADATA _id, _index, _version`,
    `| WHERE ${clauses.join('\n    AND ')}`,
    `| EVAL ${groupBy.map(grouped).join(',\n    ')}`,
    '| STATS wmi_detections.count = COUNT(*), event.start = MIN(@timestamp), event.end = MAX(@timestamp)',
    `    BY ${groupBy.map(esqlField).join(', ')}`,
  ].join('\n');
}

/** Whether a list of plain words holds one of them. */
function listHolds(field: string, word: string): string {
  return `CONCAT(",", MV_CONCAT(${field}, ","), ",") LIKE "*,${word},*"`;
}

function grouped(field: string): string {
  const text = (name: string): string => `MV_CONCAT(MV_SORT(MV_DEDUPE(TO_STRING(${esqlField(name)}))), ", ")`;
  const fallback = FALLBACKS[field];
  const value = fallback === undefined ? text(field) : `COALESCE(${text(field)}, ${text(fallback)})`;
  return `${esqlField(field)} = ${value}`;
}

/** @param decided whether a null must be a plain false, because a NOT stands above */
function expression(condition: Condition, decided: boolean): string {
  switch (condition.kind) {
    case 'and':
    case 'or':
      return `(${joinOperators(
        condition.of.map((part) => expression(part, decided)),
        condition.kind.toUpperCase(),
      )})`;
    case 'not':
      return negation(condition.of);
    case 'field': {
      const { field, test } = condition;
      const text = comparison(field, test);
      return decided && !isExistence(test) ? `COALESCE(${text}, false)` : text;
    }
  }
}

function negation(condition: Condition): string {
  if (condition.kind === 'field' && isExistence(condition.test)) return `${esqlField(condition.field)} IS NULL`;
  return `NOT ${expression(condition, true)}`;
}

/** Of IS NOT NULL alone the answer is never null. */
function isExistence(test: Test): boolean {
  return test.kind === 'exists' || (test.kind === 'text' && isAny(test.pattern));
}

function comparison(name: string, test: Test): string {
  const field = esqlField(name);
  switch (test.kind) {
    case 'exists':
      return `${field} IS NOT NULL`;
    case 'number':
    case 'boolean':
      return `${field} == ${String(test.value)}`;
    case 'cidr':
      return `CIDR_MATCH(${field}, ${esqlText(test.network)})`;
    case 'regex':
      return `${field} RLIKE ${esqlText(regexRegexp(test.regex))}`;
    case 'text':
      return textComparison(name, test.pattern, test.cased);
  }
}

function textComparison(name: string, pattern: Pattern, cased: boolean): string {
  const field = esqlField(name);
  if (isAny(pattern)) return `${field} IS NOT NULL`;
  const plain = plainText(pattern);
  const exact = cased || !hasLetter(pattern);
  if (exact && plain !== undefined) return `${field} == ${esqlText(plain)}`;
  if (exact) return `${field} LIKE ${esqlText(pattern.map(likePart).join(''))}`;
  const regexp = patternRegexp(pattern);
  if (regexp.length > LONGEST_REGEXP) throw tooLong(name);
  return `${field} RLIKE ${esqlText(regexp)}`;
}

function likePart(part: Pattern[number]): string {
  if ('literal' in part) return part.literal.replace(/[*?\\]/g, '\\$&');
  return part.wildcard === 'many' ? '*' : '?';
}

function tooLong(field: string): ProblemError {
  return new ProblemError('RULE_INVALID', [
    {
      message: `ES|QL cannot compare ${field} with a value as long as this without regard to case`,
      hint: 'Look for several shorter pieces under |contains|all, or let the rule be of type eql.',
    },
  ]);
}
