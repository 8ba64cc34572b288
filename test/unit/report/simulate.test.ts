import type { SimulateResult } from '../../../src/testing/fixture-compare';
import { simulateJunit, simulateText } from '../../../src/report/test-text';

const pipeline = 'logs-x@default-pipeline';
const result: SimulateResult = {
  cases: [
    { pipeline, file: 'test-a.json', status: 'passed', events: 1, reasons: [], diff: '' },
    {
      pipeline,
      file: 'test-b.json',
      status: 'failed',
      events: 2,
      reasons: ['event 1: unexpected error.message: <"no">', 'differs from b'],
      diff: '--- b\n+++ a\n-1 & \u0000\n+2\n',
    },
    { pipeline: 'other', file: 'test-c.json', status: 'skipped', events: 0, reasons: ['not yet'], diff: '' },
  ],
  unreached: [{ pipeline, tag: 'drop-noise' }],
};

test('report of simulate: the text lists how many processors of each pipeline events came to', () => {
  const coverage = [{ pipeline: 'a@default-pipeline', reached: 2, processors: 3 }];
  expect(simulateText({ cases: [], unreached: [], coverage })).toBe(
    'Events came to:\n    a@default-pipeline: 2 of 3 processors\n0 passed, 0 failed, 0 skipped',
  );
});

test('report of simulate: the text lists faults, unreached processors and counts', () => {
  expect(simulateText(result)).toMatchInlineSnapshot(`
   "ok      test-a.json (1 event)
   FAILED  test-b.json (2 events)
       event 1: unexpected error.message: <"no">
       differs from b
       --- b
       +++ a
       -1 & \\u{0}
       +2
   skipped test-c.json (0 events)
       not yet
   No event came to:
       logs-x@default-pipeline: drop-noise
   1 passed, 1 failed, 1 skipped"
  `);
});

test('report of simulate: all that is fine is short', () => {
  expect(simulateText({ cases: result.cases.slice(0, 1), unreached: [] })).toMatchInlineSnapshot(`
   "ok      test-a.json (1 event)
   1 passed, 0 failed, 0 skipped"
  `);
});

test('report of simulate: JUnit has a suite for each pipeline; nothing in it breaks the XML', () => {
  expect(simulateJunit(result)).toMatchInlineSnapshot(`
   "<?xml version="1.0" encoding="UTF-8"?>
   <testsuites>
     <testsuite name="logs-x@default-pipeline" tests="2" failures="1" errors="0" skipped="0">
       <testcase classname="logs-x@default-pipeline" name="test-a.json"/>
       <testcase classname="logs-x@default-pipeline" name="test-b.json"><failure message="event 1: unexpected error.message: &lt;&quot;no&quot;&gt;; differs from b">--- b
   +++ a
   -1 &amp; �
   +2
   </failure></testcase>
     </testsuite>
     <testsuite name="other" tests="1" failures="0" errors="0" skipped="1">
       <testcase classname="other" name="test-c.json"><skipped message="not yet"/></testcase>
     </testsuite>
   </testsuites>
   "
  `);
});
