import { testRulesJunit, testRulesText } from '../../../src/report/test-text';
import type { Verdict } from '../../../src/testing/test-rules';

const rule = { uuid: '6a9c2c6e-6a7b-4c67-9d0f-5a1f4f3f8d10', name: 'A rule', slug: 'a_rule' };
const verdicts: Verdict[] = [
  { rule, name: 'one', source: 'sysmon', expected: 'alert', result: 'PASS', reason: null, where: 'a.yml:2:5' },
  {
    rule,
    name: 'two',
    source: 'crowdstrike',
    expected: 'no alert',
    result: 'FAIL',
    reason: 'it alerts: <"x">\u001b',
    where: 'a.yml:9:5',
  },
  {
    rule: { ...rule, name: 'Another' },
    name: '(none)',
    source: null,
    expected: null,
    result: 'ERROR',
    reason: 'no events',
    where: null,
  },
];

test('report of test: the text names each event with its fault and place, and the counts', () => {
  expect(testRulesText(verdicts)).toMatchInlineSnapshot(`
   "A rule
     PASS  one (sysmon, alert)
     FAIL  two (crowdstrike, no alert)
           a.yml:9:5: it alerts: <"x">\\u{1b}
   Another
     ERROR (none)
           no events
   1 passed, 1 failed, 1 with errors."
  `);
});

test('report of test: JUnit has a suite for each rule; a FAIL is a failure, an ERROR an error', () => {
  expect(testRulesJunit(verdicts)).toMatchInlineSnapshot(`
   "<?xml version="1.0" encoding="UTF-8"?>
   <testsuites>
     <testsuite name="A rule" tests="2" failures="1" errors="0" skipped="0">
       <testcase classname="A rule" name="one (sysmon)"/>
       <testcase classname="A rule" name="two (crowdstrike)"><failure message="it alerts: &lt;&quot;x&quot;&gt;�">a.yml:9:5</failure></testcase>
     </testsuite>
     <testsuite name="Another" tests="1" failures="0" errors="1" skipped="0">
       <testcase classname="Another" name="(none)"><error message="no events"/></testcase>
     </testsuite>
   </testsuites>
   "
  `);
});
