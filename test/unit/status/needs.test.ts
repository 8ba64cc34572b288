import fc from 'fast-check';
import { join } from 'node:path';
import { PROGRAM_FOLDER } from '../../../src/program';
import type { Condition } from '../../../src/sigma/condition';
import { readRules } from '../../../src/detections/read-rules';
import { lackText, neededFields, needsOf } from '../../../src/status/coverage';

const is = (field: string, literal = 'x'): Condition => ({
  kind: 'field',
  field,
  test: { kind: 'text', pattern: [{ literal }], cased: true },
});
const and = (...of: Condition[]): Condition => ({ kind: 'and', of });
const or = (...of: Condition[]): Condition => ({ kind: 'or', of });
const not = (of: Condition): Condition => ({ kind: 'not', of });

/** What is missing where none of the needs is met, the form in which `status` says it. */
function lacks(condition: Condition): string[] {
  return needsOf(condition).map(lackText);
}

test('needs of a rule: a field needs itself, and "and" needs all of its parts, each once', () => {
  expect(lacks(is('a'))).toEqual(['no a']);
  expect(lacks(and(is('a'), and(is('b', '1'), is('b', '2'))))).toEqual(['no a', 'no b']);
});

test('needs of a rule: "or" needs any of its parts', () => {
  expect(lacks(or(is('a'), is('b')))).toEqual(['neither a nor b']);
  expect(lacks(or(is('a'), is('b'), and(is('c'), is('d'))))).toEqual(['none of a, b, (c and d)']);
});

test('needs of a rule: a negation needs nothing, and with it as an alternative nothing is needed', () => {
  expect(lacks(and(is('a'), not(is('b'))))).toEqual(['no a']);
  expect(lacks(or(is('a'), not(is('b'))))).toEqual([]);
  expect(neededFields(or(is('a'), not(is('b'))))).toEqual([]);
});

test('needs of a rule: are known for our rules', () => {
  const needs = readRules(join(PROGRAM_FOLDER, 'rules')).map(({ slug, condition }) => [slug, ...lacks(condition)]);
  expect(needs).toMatchInlineSnapshot(`
   [
     [
       "process_execution_via_wmi",
       "no process.parent.name",
     ],
     [
       "windows_wmi_process_call_create",
       "neither process.name nor process.pe.original_file_name",
       "no process.command_line",
     ],
   ]
  `);
});

const fields = ['a', 'b', 'c'];
const { tree } = fc.letrec<{ tree: Condition }>((tie) => ({
  tree: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc
      .record({ field: fc.constantFrom(...fields), value: fc.constantFrom('x', 'y') })
      .map(({ field, value }) => is(field, value)),
    fc.array(tie('tree'), { minLength: 1, maxLength: 3 }).map((of) => and(...of)),
    fc.array(tie('tree'), { minLength: 1, maxLength: 3 }).map((of) => or(...of)),
    tie('tree').map(not),
  ),
}));
type Event = Partial<Record<string, string>>;

function meets(condition: Condition, event: Event): boolean {
  switch (condition.kind) {
    case 'and':
      return condition.of.every((part) => meets(part, event));
    case 'or':
      return condition.of.some((part) => meets(part, event));
    case 'not':
      return !meets(condition.of, event);
    case 'field': {
      const value = event[condition.field];
      if (condition.test.kind === 'exists') return value !== undefined;
      return (
        condition.test.kind === 'text' &&
        JSON.stringify(condition.test.pattern) === JSON.stringify([{ literal: value }])
      );
    }
  }
}

test('needs of a rule: an event on which a detection is reported as blind cannot match it', () => {
  const event = fc.record(Object.fromEntries(fields.map((field) => [field, fc.constantFrom('x', 'y', 'z')])), {
    requiredKeys: [],
  });
  fc.assert(
    fc.property(tree, event, (condition, values) => {
      const seen = needsOf(condition).every((need) => meets(need, values));
      return seen || !meets(condition, values);
    }),
    { numRuns: 2000 },
  );
});
