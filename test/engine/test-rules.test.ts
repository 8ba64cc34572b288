import { testRules, type Verdict } from '../../src/testing/test-rules';
import { join } from 'node:path';
import { testRulesCommand } from '../../src/commands/test-rules';
import { isRecord } from '../../src/json';
import { readAllContent } from '../../src/resources/read-all-content';
import { PROGRAM_FOLDER } from '../../src/program';
import { listRuleFolder } from '../../src/content/rule-folder';
import { readRuleTests } from '../../src/testing/rule-tests';
import { withSandbox } from '../../src/testing/sandbox';
import { request } from '../support/request';
import { quiet } from '../support/context';
import { project, type Project } from '../support/temporary-folders';
import { testCluster } from '../support/cluster';

const CHILD = 'process_execution_via_wmi';
const CHILD_FILE = `rules/tests/${CHILD}.yml`;

let ours: Project;
beforeEach(() => {
  ours = project();
});
afterEach(() => {
  ours.remove();
});

/** The verdicts of the project's content on the node that all tests share. */
async function verdicts(rules?: readonly string[]): Promise<Verdict[]> {
  const content = readAllContent(ours.folder);
  const folder = join(ours.folder, 'rules');
  const tests = readRuleTests(listRuleFolder(folder));
  return withSandbox(await testCluster(), content, (sandbox) => testRules(sandbox, content, tests, { rules }));
}

function named(found: readonly Verdict[], name: string): Verdict | undefined {
  return found.find((verdict) => verdict.name === name);
}

/** Indices and pipelines that a trial has on the node. */
async function trialThings(): Promise<string[]> {
  const cluster = await testCluster();
  const patterns = 'wmi-detections-trial-*,wmi-detections-alerts-trial.*,wmi-detections-state-trial.*';
  const path = `/${patterns}/_settings`;
  const indices = await request<Record<string, unknown>>(cluster, { method: 'GET', path });
  return Object.keys(indices.body);
}

async function deployedPipelines(): Promise<Record<string, unknown>> {
  const cluster = await testCluster();
  const { body } = await request<unknown>(cluster, { method: 'GET', path: '/_ingest/pipeline/*@*' });
  return Object.fromEntries(Object.entries(isRecord(body) ? body : {}).filter(([id]) => !id.includes('-trial-')));
}

test('test: every event of the shipped rules is as its file says, and nothing of the cluster is touched', async () => {
  const before = await deployedPipelines();
  const found = await verdicts();
  expect(found.filter(({ result }) => result !== 'PASS')).toEqual([]);
  for (const { slug } of listRuleFolder(join(PROGRAM_FOLDER, 'rules')).rules) {
    for (const expected of ['alert', 'no alert']) {
      const own = found.filter((verdict) => verdict.rule.slug === slug && verdict.expected === expected);
      expect([...new Set(own.map(({ source }) => source))].sort()).toEqual([
        'crowdstrike',
        'sysmon',
        'windows_security',
      ]);
    }
  }
  expect(await deployedPipelines()).toEqual(before);
  expect(await trialThings()).toEqual([]);
});

test('test: a rule that misses its event, and one that alerts too much, FAIL with what was indexed', async () => {
  ours.edit(`rules/${CHILD}.yml`, 'process.parent.name: WmiPrvSE.exe', 'process.parent.name: explorer.exe');
  const found = await verdicts([CHILD]);
  const missed = named(found, 'a child of the WMI provider host');
  expect({ result: missed?.result, reason: missed?.reason }).toMatchInlineSnapshot(`
   {
     "reason": "it does not alert; it was indexed with event.category ["process"], event.type ["start"], process.parent.name "WmiPrvSE.exe"",
     "result": "FAIL",
   }
  `);
  const tooMuch = named(found, 'another parent');
  expect({ result: tooMuch?.result, reason: tooMuch?.reason }).toMatchInlineSnapshot(`
   {
     "reason": "it alerts: A remote instance execution of wmic.exe that will spawn explorer.exe in host pc-32.harbour.example; it was indexed with event.category ["process"], event.type ["start"], process.parent.name "explorer.exe"",
     "result": "FAIL",
   }
  `);
  expect(named(found, 'no parent')?.result).toBe('PASS');
});

test('test: the pipelines of the content are tried, not the deployed ones', async () => {
  ours.write('pipelines/logs-crowdstrike.process_rollup2@default-pipeline.yml', 'processors: [{drop: {}}]\n');
  const found = await verdicts([CHILD]);
  const dropped = named(found, 'ProcessRollup2, whose parent has a name and no path');
  expect({ result: dropped?.result, reason: dropped?.reason }).toMatchInlineSnapshot(`
   {
     "reason": "it is not in its index: a pipeline dropped it, or it was moved elsewhere",
     "result": "ERROR",
   }
  `);
  expect(named(found, 'ProcessRollup2, another parent')?.result).toBe('ERROR');
  expect(named(found, 'a child of the WMI provider host')?.result).toBe('PASS');
});

test('test: an event on which a pipeline fails is an ERROR, though it does not alert', async () => {
  ours.write(
    'pipelines/logs-crowdstrike.process_rollup2@default-pipeline.yml',
    'processors: [{fail: {message: broken}}]\non_failure: [{set: {field: event.kind, value: pipeline_error}}, {set: {field: error.message, value: broken}}]\n',
  );
  const failed = named(await verdicts([CHILD]), 'ProcessRollup2, another parent');
  expect({ result: failed?.result, reason: failed?.reason }).toMatchInlineSnapshot(`
   {
     "reason": "a pipeline failed on it: broken",
     "result": "ERROR",
   }
  `);
});

test('test: an event under the wrong source is an ERROR, and the same under the right one passes', async () => {
  ours.edit(CHILD_FILE, 'source: windows_security', 'source: sysmon');
  const wrong = named(await verdicts([CHILD]), '4688, another parent');
  expect({ result: wrong?.result, reason: wrong?.reason }).toMatchInlineSnapshot(`
   {
     "reason": "it is an event of source windows_security, and not of sysmon",
     "result": "ERROR",
   }
  `);
  ours.edit(
    CHILD_FILE,
    'name: 4688, who acts is the machine and the target is who it runs as\n    source: sysmon',
    'name: 4688, who acts is the machine and the target is who it runs as\n    source: windows_security',
  );
  expect(named(await verdicts([CHILD]), '4688, another parent')?.result).toBe('PASS');
});

test('test: a rule without events is an ERROR', async () => {
  ours.delete(CHILD_FILE);
  const found = await verdicts();
  expect(found.filter(({ rule, result }) => rule.slug === CHILD || result !== 'PASS')).toMatchInlineSnapshot(`
   [
     {
       "expected": null,
       "name": "(none)",
       "reason": "the rule has no events: write rules/tests/process_execution_via_wmi.yml",
       "result": "ERROR",
       "rule": {
         "name": "Process Execution via WMI",
         "slug": "process_execution_via_wmi",
         "uuid": "24869767-8579-485d-9a4f-d9ddfd8f0cac",
       },
       "source": null,
       "where": null,
     },
   ]
  `);
});

test('test: the trial is removed in every case', async () => {
  const content = readAllContent(ours.folder);
  let during: string[] = [];
  const failing = withSandbox(await testCluster(), content, async () => {
    during = await trialThings();
    throw new Error('in the middle');
  });
  await expect(failing).rejects.toThrow('in the middle');
  expect(during).toHaveLength(5);
  expect(await trialThings()).toEqual([]);
});

test('test: what a killed trial has left behind is removed, what may still be in use is not', async () => {
  const cluster = await testCluster();
  const index = (made: number): string => `wmi-detections-trial-${made}-0a1b2c3d-sysmon.process_creation`;
  const old = index(Date.now() - 2 * 3_600_000);
  const young = index(Date.now() - 60_000);
  for (const name of [old, young]) await request(cluster, { method: 'PUT', path: `/${name}`, body: {} });
  const content = readAllContent(ours.folder);
  const during = await withSandbox(cluster, content, () => trialThings());
  expect(during).toContain(young);
  expect(during).not.toContain(old);
  await request(cluster, { method: 'DELETE', path: `/${young}` });
});

describe('test: the command', () => {
  const flags = { output: 'text', content: undefined, rules: [CHILD] };

  test('exits with 0 and counts when all pass, with 1 when one does not', async () => {
    const { url } = await testCluster();
    const passed = await testRulesCommand.run(quiet(), { ...flags, report: 'text', esUrl: url, content: ours.folder });
    expect(passed.exit).toBe(0);
    expect(passed.json).toMatchObject({ failed: 0, errors: 0 });
    expect(passed.text).toMatch(/^\d+ passed, 0 failed, 0 with errors\.$/m);

    ours.edit(`rules/${CHILD}.yml`, 'process.parent.name: WmiPrvSE.exe', 'process.parent.name: explorer.exe');
    const failed = await testRulesCommand.run(quiet(), { ...flags, report: 'junit', esUrl: url, content: ours.folder });
    expect(failed.exit).toBe(1);
    expect(failed.text).toContain(
      '<testcase classname="Process Execution via WMI" name="another parent (sysmon)"><failure ',
    );
  });

  test('refuses a rule that is not there before anything is started', async () => {
    const asked = { ...flags, report: 'text', rules: ['process_execution_by_wmi'] };
    await expect(testRulesCommand.run(quiet(), asked)).rejects.toThrowErrorMatchingInlineSnapshot(`
     "there is no rule "process_execution_by_wmi"
       Did you mean "process_execution_via_wmi"?"
    `);
  });

  test('without a URL deploys to an engine of its own, with data streams and templates as in use', async () => {
    const { exit, json } = await testRulesCommand.run(quiet(), { ...flags, report: 'text' });
    expect(json).toMatchObject({ failed: 0, errors: 0 });
    expect(exit).toBe(0);
  });
});
