import { testRules, type Verdict } from '../../src/testing/test-rules';
import { join } from 'node:path';
import { testRulesCommand, liveScheduler } from '../../src/commands/test-rules';
import { readAllContent } from '../../src/resources/read-all-content';
import { listRuleFolder } from '../../src/content/rule-folder';
import { readRuleTests } from '../../src/testing/rule-tests';
import { withSandbox } from '../../src/testing/sandbox';
import { readSettings } from '../../src/settings';
import { alertingDataset, type AlertingDataset } from '../support/alerting-dataset';
import { quiet } from '../support/context';
import { project, type Project } from '../support/temporary-folders';
import { testCluster } from '../support/cluster';
import { watcherOfEachTest } from '../support/watcher-dataset';

const SLUG = 'process_execution_via_wmi';
const RULE = `rules/${SLUG}.yml`;
const watcher = watcherOfEachTest();

let ours: Project;
let alerting: AlertingDataset;
beforeEach(async () => {
  ours = project();
  alerting = await alertingDataset();
});
afterEach(() => {
  ours.remove();
});

const LIVE: Readonly<Record<string, (rules?: readonly string[]) => Promise<readonly Verdict[]>>> = {
  async 'opensearch-alerting'(rules) {
    const argv = { esUrl: alerting.deployment.cluster.url, content: ours.folder, live: true, rules };
    const flags = { ...argv, scheduler: 'opensearch-alerting', report: 'text', output: 'json' };
    const { json } = await testRulesCommand.run(quiet(), flags);
    return (json as { results: readonly Verdict[] }).results;
  },

  /** The node behind Watcher is no Elasticsearch, so the pipelines are put on it directly. */
  async watcher(rules) {
    const content = readAllContent(ours.folder);
    const folder = join(ours.folder, 'rules');
    const tests = readRuleTests(listRuleFolder(folder));
    const scheduler = await liveScheduler(quiet(), readSettings({ esUrl: watcher().url, scheduler: 'watcher' }, {}));
    const front = await watcher().cluster();
    return withSandbox(await testCluster(), content, (sandbox) =>
      testRules({ ...sandbox, cluster: front }, content, tests, { rules, scheduler }),
    );
  },
};

function resultsOf(verdicts: readonly Verdict[]): string[] {
  return [...new Set(verdicts.map(({ expected, result }) => `${String(expected)}: ${result}`))].sort();
}

describe.each(Object.keys(LIVE))('test --live on %s', (scheduler) => {
  const live = LIVE[scheduler] ?? (() => Promise.reject(new Error(scheduler)));

  test('every event of the shipped rules is as its file says, and nothing is stored', async () => {
    const verdicts = await live();
    expect(verdicts.filter(({ result }) => result !== 'PASS')).toEqual([]);
    expect(verdicts.length).toBeGreaterThan(20);
    expect(alerting.server.monitors.stored.size + watcher().watches.size).toBe(0);
    expect(alerting.server.alerts.alerts).toEqual([]);
  });

  test('a rule that misses its events fails, and its negative events pass', async () => {
    ours.edit(RULE, 'process.parent.name: WmiPrvSE.exe', 'process.parent.name: WmiPrvSF.exe');
    expect(resultsOf(await live([SLUG]))).toEqual(['alert: FAIL', 'no alert: PASS']);
  });

  test('a rule that finds too much fails on its negative events', async () => {
    ours.edit(RULE, 'process.parent.name: WmiPrvSE.exe', "process.parent.name: '*'");
    const verdicts = await live([SLUG]);
    expect(resultsOf(verdicts)).toContain('no alert: FAIL');
    expect(resultsOf(verdicts)).toContain('alert: PASS');
    expect(verdicts.find(({ result }) => result === 'FAIL')?.reason).toMatch(/^it alerts: .+; it was indexed with /);
  });
});

test('test --live: a monitor that cannot run is an error of its rule, not a pass of its negative events', async () => {
  const error = { error: null, input_results: { results: [], error: 'all shards failed' }, trigger_results: {} };
  alerting.server.fail(({ path }) => path === '/_execute', { status: 200, body: error });
  const verdicts = await LIVE['opensearch-alerting']?.([SLUG]);
  expect(resultsOf(verdicts ?? [])).toEqual(['alert: ERROR', 'no alert: ERROR']);
  expect(verdicts?.[0]?.reason).toContain('the rule could not run: ');
  expect(verdicts?.[0]?.reason).toContain('all shards failed');
});

test.each([
  ['a search that failed', { input: { chain: { found: { status: 'failure', error: { reason: 'no such index' } } } } }],
  ['a transform that failed', { transform: { status: 'failure', reason: 'no such method' } }],
  [
    'a run that has not seen everything',
    { transform: { status: 'success', payload: { _doc: [{ message: 'shards', wmi_detections: { count: 0 } }] } } },
  ],
])('test --live: %s of a watch is an error of its rule', async (_, result) => {
  const watch_record = { state: 'executed', result: { ...result, actions: [] } };
  watcher().answer(({ path }) => path.endsWith('/_execute'), 200, { _id: 'inlined_1', watch_record });
  expect(resultsOf((await LIVE.watcher?.([SLUG])) ?? [])).toEqual(['alert: ERROR', 'no alert: ERROR']);
});

test('test --live: without the plugin, or without a licence for Watcher, nothing is run', async () => {
  const esUrl = (await testCluster()).url;
  await expect(liveScheduler(quiet(), readSettings({ esUrl, scheduler: 'opensearch-alerting' }, {}))).rejects.toThrow(
    /this OpenSearch .* has no alerting plugin/,
  );
  watcher().licence = 'basic';
  await expect(
    liveScheduler(quiet(), readSettings({ esUrl: watcher().url, scheduler: 'watcher' }, {})),
  ).rejects.toThrow(/its licence is basic/);
});
