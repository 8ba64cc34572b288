import { parseYaml } from '../../../src/content/yaml-file';
import { ProblemError } from '../../../src/errors';
import { listRuleFolder } from '../../../src/content/rule-folder';
import { parseRuleTests, readRuleTests, type RuleTest } from '../../../src/testing/rule-tests';
import { project } from '../../support/temporary-folders';

function parsed(text: string): RuleTest[] {
  return parseRuleTests(parseYaml(text, 'rules/tests/a.yml'), 'a');
}

function refusal(text: string): string {
  try {
    parsed(text);
  } catch (error) {
    if (error instanceof ProblemError) return error.message;
    throw error;
  }
  return 'accepted';
}

const POSITIVE = `positive:
  - name: one
    source: sysmon
    event: {process: {name: a, pid: 1}, tags: [x]}
`;
const NEGATIVE = `negative:
  - {name: two, source: crowdstrike, event: some text}
`;

test('rule tests: an event is expected to do what its list says', () => {
  expect(parsed(POSITIVE + NEGATIVE)).toMatchObject([
    { slug: 'a', name: 'one', source: 'sysmon', expected: 'alert', place: { line: 2 } },
    { slug: 'a', name: 'two', source: 'crowdstrike', event: 'some text', expected: 'no alert' },
  ]);
});

test('rule tests: a twin is an earlier event with some values replaced, added or taken away; the earlier one stays', () => {
  const twin = 'negative:\n  - {name: two, like: one, change: {process.name: b, process.pid: null, extra: {c: 1}}}\n';
  const [one, two] = parsed(POSITIVE + twin);
  expect(two).toMatchObject({ source: 'sysmon', expected: 'no alert' });
  expect(two?.event).toEqual({ process: { name: 'b' }, tags: ['x'], extra: { c: 1 } });
  expect(one?.event).toEqual({ process: { name: 'a', pid: 1 }, tags: ['x'] });
});

test.each([
  ['negative:\n  - {name: two, like: one, change: {proces.name: b}}\n'],
  ['negative:\n  - {name: two, like: one, change: {process.nam: null}}\n'],
  ['negative:\n  - {name: two, like: three, change: {}}\n'],
  ['negative:\n  - {name: one, source: sysmon, event: {a: 1}}\n'],
  ['negative:\n  - {name: two, source: sysmn, event: {a: 1}}\n'],
  ['negative:\n  - {name: two, source: sysmon, event: {a: 1}, like: one, change: {}}\n'],
  [`${NEGATIVE}  - {name: three, like: two, change: {}}\n`],
  ['negative: []\n'],
  ['negatives:\n  - {name: two, source: sysmon, event: {a: 1}}\n'],
])('rule tests: is refused: %s', (negative) => {
  expect(refusal(POSITIVE + negative)).toMatchSnapshot();
});

test('rule tests: all problems of a file are reported at once', () => {
  expect(refusal('positive: 1\nnegative: [1, 2]\n')).toMatchInlineSnapshot(`
   "rules/tests/a.yml:1:1: the list "positive" is missing or empty
     A rule is tested by events that alert, and by their twins that do not.
   rules/tests/a.yml:2:12: an event must be a map (it is 1)
   rules/tests/a.yml:2:15: an event must be a map (it is 2)"
  `);
  expect(refusal('just text\n')).toMatchInlineSnapshot(`
   "rules/tests/a.yml:1:1: must be a map with the lists "positive" and "negative"
   rules/tests/a.yml:1:1: the list "positive" is missing or empty
     A rule is tested by events that alert, and by their twins that do not.
   rules/tests/a.yml:1:1: the list "negative" is missing or empty
     A rule is tested by events that alert, and by their twins that do not."
  `);
});

test('rule tests: a file without a rule of its name is refused with a suggestion', () => {
  const ours = project();
  try {
    const folder = `${ours.folder}/rules`;
    ours.write('rules/tests/process_execution_over_wmi.yml', POSITIVE + NEGATIVE);
    const read = (): unknown => readRuleTests(listRuleFolder(folder));
    expect(read).toThrow('there is no rule "process_execution_over_wmi"\n  A file is named as its rule. Did you mean');
    ours.delete('rules/tests/process_execution_over_wmi.yml');
    expect(read).not.toThrow();
  } finally {
    ours.remove();
  }
});
