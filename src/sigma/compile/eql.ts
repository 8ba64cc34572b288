import { ProblemError } from '../../errors';
import { FROM_ELSEWHERE, type Condition, type Pattern, type Test, type Detection } from '../condition';
import type { Exception } from '../exceptions';
import { hasLetter, isAny, plainText } from '../pattern';
import { LONGEST_REGEXP, patternRegexp, regexRegexp } from '../lucene-regexp';

/**
 * What `:` and `like` cannot find as itself: they know no escape for a wildcard, and use U+0001 as one inside
 * (Elasticsearch, x-pack/plugin/eql, `StringUtils.toLikePattern`).
 */
const NOT_PLAIN = ['*', '?', '\u0001'];

const RANGES = { lt: '<', lte: '<=', gt: '>', gte: '>=' } as const;

type Operator = (typeof RANGES)[keyof typeof RANGES] | ':' | '==' | 'like' | 'regex' | 'cidrMatch' | 'exists';

/** One field against values of which any may match, each written as EQL writes it. */
interface Comparison {
  readonly field: string;
  readonly operator: Operator;
  readonly values: readonly string[];
}

/**
 * A rule as an EQL query for Elasticsearch 8 and 9, with the same verdict as its Query DSL:
 *
 *   Sigma                    EQL
 *   process creation         process where event.type == "start"         and not from Linux or macOS
 *   a value                  : ignores the case of ASCII letters         == where case counts, or there is no letter
 *   with * or ?              : "a*"                                      like "a*"
 *   with a literal * or ?    regex, both cases of each letter spelled out: `:` and `like` have no escape
 *   not                      not (?f != null and ?f : "x"), so that an event without the field meets it
 *
 * Fields are optional (`?`): one that no index maps is a field without values, not an error. Field comparisons become
 * Query DSL inside Elasticsearch, so of several values any may match.
 * Source: EQL syntax reference; Elasticsearch, x-pack/plugin/eql, `EqlBase.g4` and `ExpressionTranslators`.
 * @param exceptions those that are active; each is one `and not` of the query
 * @throws ProblemError RULE_INVALID, without a place, for a value that EQL cannot say exactly
 */
export function toEql(rule: Detection, exceptions: readonly Exception[] = []): string {
  const { condition } = rule;
  const asked = condition.kind === 'and' ? condition.of : [condition];
  const clauses = [
    'event.type == "start"',
    negation(FROM_ELSEWHERE),
    ...asked.map((part) => expression(part, false)),
    ...exceptions.map((exception) => negation(exception.condition)),
  ];
  return `process where ${clauses.join(' and\n  ')}`;
}

/** @param decided whether a missing field must be a plain false, because a `not` stands above */
function expression(condition: Condition, decided: boolean): string {
  switch (condition.kind) {
    case 'and':
      return `(${joinOperators(
        condition.of.map((part) => expression(part, decided)),
        'and',
      )})`;
    case 'or':
      return alternatives(condition.of, decided);
    case 'not':
      return negation(condition.of);
    case 'field':
      return written(comparisonOf(condition.field, condition.test), decided);
  }
}

function negation(condition: Condition): string {
  if (condition.kind === 'field') {
    const comparison = comparisonOf(condition.field, condition.test);
    if (comparison.operator === 'exists') return `${comparison.field} == null`;
  }
  return `not ${expression(condition, true)}`;
}

/** Values of one field become one list: `?process.name : ("a", "b")`. */
function alternatives(of: readonly Condition[], decided: boolean): string {
  const lists = new Map<string, Comparison>();
  const others: string[] = [];
  for (const part of of) {
    if (part.kind !== 'field') {
      others.push(expression(part, decided));
      continue;
    }
    const one = comparisonOf(part.field, part.test);
    const key = `${one.operator} ${one.field}`;
    const values = [...new Set([...(lists.get(key)?.values ?? []), ...one.values])];
    lists.set(key, { ...one, values });
  }
  const parts = [...[...lists.values()].map((comparison) => written(comparison, decided)), ...others];
  const [only] = parts;
  return parts.length === 1 && only !== undefined ? only : `(${joinOperators(parts, 'or')})`;
}

function written(comparison: Comparison, decided: boolean): string {
  const { field, operator } = comparison;
  if (operator === 'exists') return `${field} != null`;
  const text = compared(comparison);
  return decided ? `(${field} != null and ${text})` : text;
}

function compared({ field, operator, values }: Comparison): string {
  const [first = ''] = values;
  if (operator === 'cidrMatch') return `cidrMatch(${[field, ...values].join(', ')})`;
  if (values.length === 1) return `${field} ${operator} ${first}`;
  return `${field} ${operator === '==' ? 'in' : operator} (${values.join(', ')})`;
}

function comparisonOf(name: string, test: Test): Comparison {
  const field = eqlField(name);
  const comparison = (operator: Operator, ...values: string[]): Comparison => ({ field, operator, values });
  switch (test.kind) {
    case 'exists':
      return comparison('exists');
    case 'number':
    case 'boolean':
      return comparison('==', String(test.value));
    case 'cidr':
      return comparison('cidrMatch', eqlText(test.network));
    case 'regex':
      return comparison('regex', eqlText(regexRegexp(test.regex)));
    case 'range':
      return comparison(RANGES[test.operator], String(test.value));
    case 'same':
      throw new ProblemError('RULE_INVALID', [
        {
          message: `EQL cannot compare ${name} with another field (${test.field})`,
          hint: 'Run the rule on another scheduler than Kibana.',
        },
      ]);
    case 'text':
      return textComparison(name, test.pattern, test.cased, comparison);
  }
}

function textComparison(
  name: string,
  pattern: Pattern,
  cased: boolean,
  comparison: (operator: Operator, ...values: string[]) => Comparison,
): Comparison {
  if (isAny(pattern)) return comparison('exists');
  const exact = cased || !hasLetter(pattern);
  const plain = plainText(pattern);
  if (exact && plain !== undefined) return comparison('==', eqlText(plain));
  if (pattern.some((part) => 'literal' in part && NOT_PLAIN.some((char) => part.literal.includes(char)))) {
    const regexp = patternRegexp(pattern, exact);
    if (regexp.length > LONGEST_REGEXP) throw tooLong(name);
    return comparison('regex', eqlText(regexp));
  }
  const value = pattern
    .map((part) => ('literal' in part ? part.literal : part.wildcard === 'many' ? '*' : '?'))
    .join('');
  return comparison(exact ? 'like' : ':', eqlText(value));
}

function tooLong(field: string): ProblemError {
  return new ProblemError('RULE_INVALID', [
    {
      message: `EQL cannot compare ${field} with a value as long as this that holds * or ? as itself`,
      hint: 'Look for several shorter pieces under |contains|all, or run the rule on another scheduler.',
    },
  ]);
}

/** Parts in one expression without a bracket, beyond which parsers that recurse run out of depth. */
const MOST = 100;

/** Parts joined by an operator that can be regrouped, `a and b and c`; many of them in brackets, to keep the tree flat. */
export function joinOperators(parts: readonly string[], operator: string): string {
  if (parts.length <= MOST) return parts.join(` ${operator} `);
  const middle = Math.ceil(parts.length / 2);
  return `(${joinOperators(parts.slice(0, middle), operator)}) ${operator} (${joinOperators(parts.slice(middle), operator)})`;
}

/** What cannot be a part of a field's name without backticks. Source: Elasticsearch, `EqlBase.g4`. */
const KEYWORDS: ReadonlySet<string> = new Set(
  'and any by false in join like maxspan not null of or regex sample sequence true until where with'.split(' '),
);
const IDENTIFIER = /^[A-Za-z_@][A-Za-z0-9_]*$/;

const ESCAPED: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t', '"': '\\"', '\\': '\\\\' };

/** A field's name as an optional field of EQL: one that no index maps is one without values. */
export function eqlField(name: string): string {
  const parts = name.split('.').map((part) => (IDENTIFIER.test(part) && !KEYWORDS.has(part) ? part : `\`${part}\``));
  return `?${parts.join('.')}`;
}

/** A text in quotes. What cannot be seen, or turns the direction of writing, is written by its code. */
export function eqlText(text: string): string {
  const escaped = text.replace(
    /["\\\p{Cc}\p{Cf}\u2028\u2029]/gu,
    (char) => ESCAPED[char] ?? `\\u{${(char.codePointAt(0) ?? 0).toString(16).padStart(2, '0')}}`,
  );
  return `"${escaped}"`;
}
