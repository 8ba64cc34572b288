import { allOf, anyOf, type Condition, type Pattern, type Regex, type RegexPart, type Test } from '../condition';
import { isAny, plainText } from '../pattern';
import { LONGEST_REGEXP, regexRegexp } from '../lucene-regexp';

/**
 * Engines refuse a query of more than 1,024 clauses (`indices.query.bool.max_clause_count`). On a wildcard field OpenSearch makes a
 * clause of each three letters of a value, so that 79 values of 15 letters are too many. A rule with so many asks the
 * `.keyword` of the field instead, which is one clause a value. Where a value is too long for that one (8,191 characters), and
 * where there is no such field, it asks the wildcard field with regular expressions that hold many values each.
 */
const MOST_CLAUSES = 1_000;

/** From here on the `.keyword` is asked. */
const MANY_CLAUSES = 700;

/** Fields that our mapping has as `wildcard`. */
const WILDCARD_FIELD = /^process\.(parent\.)?command_line$/;

/** Beside its letters, a regular expression is a few clauses. */
const OF_A_REGEX = 4;

/** The clauses that an engine makes of a condition, roughly and rather too many. */
export function clausesOf(condition: Condition): number {
  switch (condition.kind) {
    case 'field':
      return WILDCARD_FIELD.test(condition.field) ? clausesOfTest(condition.test) : 1;
    case 'not':
      return clausesOf(condition.of);
    case 'and':
    case 'or':
      return condition.of.reduce((sum, part) => sum + clausesOf(part), 0);
  }
}

function clausesOfTest(test: Test): number {
  if (test.kind === 'regex') return test.regex.source === '' ? OF_A_REGEX : OF_A_REGEX + test.regex.source.length;
  if (test.kind !== 'text') return 1;
  return test.pattern.reduce((sum, part) => sum + ('literal' in part ? Math.max(1, part.literal.length) : 0), 2);
}

/** Whether engines would refuse the query of a condition for its clauses, wherever they are asked. */
export function hasTooManyClauses(condition: Condition): boolean {
  return clausesOf(withShortLists([condition])[0] ?? condition) > MOST_CLAUSES;
}

/**
 * The same conditions, which together make no more clauses than engines take, as far as that can be.
 * @param conditions all that one query asks
 */
export function withShortLists(conditions: readonly Condition[]): readonly Condition[] {
  const clauses = conditions.reduce((sum, condition) => sum + clausesOf(condition), 0);
  return clauses > MANY_CLAUSES ? conditions.map(routed) : conditions;
}

function routed(condition: Condition): Condition {
  switch (condition.kind) {
    case 'field':
      return isLong(condition) ? (asked(condition.field, [condition.test]) ?? condition) : condition;
    case 'not':
      return { kind: 'not', of: routed(condition.of) };
    case 'and':
      return { kind: 'and', of: condition.of.map(routed) };
    case 'or': {
      const fields = [...new Set(condition.of.flatMap((part) => (isLong(part) ? [part.field] : [])))];
      const lists = fields.map((field) =>
        asked(
          field,
          condition.of.flatMap((part) => (isLong(part) && part.field === field ? [part.test] : [])),
        ),
      );
      return anyOf([...lists, ...condition.of.filter((part) => !isLong(part)).map(routed)]) ?? condition;
    }
  }
}

type TextTest = Extract<Test, { kind: 'text' }>;

/** A value of a wildcard field, other than `*` and the empty text. */
function isLong(condition: Condition): condition is { kind: 'field'; field: string; test: TextTest } {
  const { kind } = condition;
  if (kind !== 'field' || !WILDCARD_FIELD.test(condition.field) || condition.test.kind !== 'text') return false;
  return condition.test.pattern.length > 0 && !isAny(condition.test.pattern);
}

/** Any of these values, in a field. */
function asked(field: string, tests: readonly TextTest[]): Condition | undefined {
  const keyword = `${field}.keyword`;
  const regexes = expressionsOf(tests);
  const matching = (name: string): Condition[] =>
    regexes.map((regex) => ({ kind: 'field', field: name, test: { kind: 'regex', regex } }));
  // A list of one expression is read once, one of values once a value.
  const values =
    regexes.length < tests.length
      ? matching(keyword)
      : tests.map((test): Condition => ({ kind: 'field', field: keyword, test }));
  const expressions = matching(field);
  const withoutKeyword: Condition = { kind: 'not', of: { kind: 'field', field: keyword, test: { kind: 'exists' } } };
  return anyOf([...values, allOf([withoutKeyword, anyOf(expressions)])]);
}

/** Regular expressions that match what the values do: words that stand anywhere in a text go together. */
function expressionsOf(tests: readonly TextTest[]): Regex[] {
  const words = tests.filter(({ pattern }) => wordOf(pattern) !== undefined);
  const others = tests.filter(({ pattern }) => wordOf(pattern) === undefined);
  const expressions: Regex[] = others.map(({ pattern, cased }) =>
    regexOf([{ fromStart: true, toEnd: true, parts: partsOf(pattern, cased) }]),
  );
  let group: RegexPart[][] = [];
  let length = 0;
  for (const { pattern, cased } of words) {
    const word = partsOf(pattern.slice(1, -1), cased);
    const own = regexRegexp(anywhere([word])).length;
    if (group.length > 0 && length + own > LONGEST_REGEXP) {
      expressions.push(anywhere(group));
      [group, length] = [[], 0];
    }
    group.push(word);
    length += own;
  }
  return group.length === 0 ? expressions : [...expressions, anywhere(group)];
}

/** The text of `*text*`. */
function wordOf(pattern: Pattern): string | undefined {
  const isOpen = [pattern[0], pattern.at(-1)].every(
    (part) => part !== undefined && 'wildcard' in part && part.wildcard === 'many',
  );
  return isOpen && pattern.length > 2 ? plainText(pattern.slice(1, -1)) : undefined;
}

function anywhere(words: readonly (readonly RegexPart[])[]): Regex {
  return regexOf([{ fromStart: false, toEnd: false, parts: [{ kind: 'group', alternatives: words }] }]);
}

function regexOf(alternatives: Regex['alternatives']): Regex {
  return { source: '', alternatives };
}

function partsOf(pattern: Pattern, cased: boolean): RegexPart[] {
  return pattern.flatMap((part): RegexPart[] => {
    if ('wildcard' in part) {
      const any: RegexPart = { kind: 'any', lines: true };
      return [part.wildcard === 'one' ? any : { kind: 'repeat', part: any, least: 0, most: null }];
    }
    return cased ? [{ kind: 'literal', text: part.literal }] : Array.from(part.literal, inEitherCase);
  });
}

function inEitherCase(char: string): RegexPart {
  if (!/[a-z]/i.test(char)) return { kind: 'literal', text: char };
  const cases = [char.toLowerCase(), char.toUpperCase()];
  return { kind: 'class', negated: false, ranges: cases.map((each) => [each, each]) };
}
