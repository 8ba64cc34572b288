import type { Condition, Pattern, Test, Detection } from '../condition';

/**
 * When a rule fires, in one line for a person: fields, what they must be, and how that is combined. The log source, the
 * same for every rule, is left out.
 */
export function describeRule(rule: Detection): string {
  return describe(rule.condition, false);
}

function describe(condition: Condition, nested: boolean): string {
  switch (condition.kind) {
    case 'and':
    case 'or': {
      const text = condition.of.map((part) => describe(part, true)).join(` ${condition.kind} `);
      return nested && condition.of.length > 1 ? `(${text})` : text;
    }
    case 'not':
      return `not ${describe(condition.of, true)}`;
    case 'field':
      return `${condition.field} ${describeTest(condition.test)}`;
  }
}

/** What is asked of a value, for a person: `contains " call "`. */
export function describeTest(test: Test): string {
  switch (test.kind) {
    case 'text':
      return describePattern(test.pattern) + (test.cased ? ' (case counts)' : '');
    case 'number':
    case 'boolean':
      return `is ${String(test.value)}`;
    case 'regex':
      return `matches /${test.regex.source}/${test.regex.ignoresCase === true ? ' (in any case)' : ''}`;
    case 'cidr':
      return `is in ${test.network}`;
    case 'range':
      return `${RANGES[test.operator]} ${test.value}`;
    case 'same':
      return `${SAME[test.position]} ${test.field}${test.cased ? ' (case counts)' : ''}`;
    case 'exists':
      return 'is there';
  }
}

const RANGES = { lt: 'is less than', lte: 'is at most', gt: 'is more than', gte: 'is at least' } as const;
const SAME = {
  whole: 'is the same as',
  contains: 'contains the value of',
  startswith: 'begins with the value of',
  endswith: 'ends with the value of',
} as const;

/** `contains`, `begins with` and `ends with` where that is all that the wildcards say. */
function describePattern(pattern: Pattern): string {
  const first = pattern[0];
  const last = pattern.at(-1);
  const text = pattern
    .map((part) => ('literal' in part ? part.literal : part.wildcard === 'many' ? '*' : '?'))
    .join('');
  const opens = first !== undefined && 'wildcard' in first && first.wildcard === 'many';
  const closes = last !== undefined && 'wildcard' in last && last.wildcard === 'many';
  const inner = text.slice(opens ? 1 : 0, closes ? -1 : undefined);
  const plain = pattern.slice(opens ? 1 : 0, closes ? -1 : undefined).every((part) => 'literal' in part);
  if (!plain || !(opens || closes)) return `is ${JSON.stringify(text)}`;
  if (opens && closes) return `contains ${JSON.stringify(inner)}`;
  return `${opens ? 'ends with' : 'begins with'} ${JSON.stringify(inner)}`;
}
