import { testRulesCommand } from '../../src/commands/test-rules';
import type { Outcome } from '../../src/commands/command';
import type { Verdict } from '../../src/testing/test-rules';
import { quiet } from '../support/context';
import { API_KEY } from '../support/kibana-server';
import { describeContract, kibanaOfEachTest } from '../support/kibana-dataset';
import { project, type Project } from '../support/temporary-folders';
import { testCluster } from '../support/cluster';

const server = kibanaOfEachTest();
const RULE = 'rules/process_execution_via_wmi.yml';

let ours: Project;
beforeEach(() => {
  ours = project();
});
afterEach(() => {
  ours.remove();
});

/** Runs `test --live` as the command line does. */
async function live(flags: Record<string, unknown> = {}): Promise<Outcome> {
  const context = { ...quiet(), environment: { WMI_DETECTIONS_KIBANA_API_KEY: API_KEY } };
  const esUrl = (await testCluster()).url;
  const argv = { esUrl, kibanaUrl: server().url, content: ours.folder, live: true, report: 'text', output: 'json' };
  return testRulesCommand.run(context, { ...argv, ...flags });
}

function results({ json }: Outcome): Verdict[] {
  return (json as { results: Verdict[] }).results;
}

describeContract('test --live and Kibana', () => {
  test('every event of the shipped rules is as its file says when Kibana runs them, and no rule is saved', async () => {
    const outcome = await live();
    expect(results(outcome).filter(({ result }) => result !== 'PASS')).toEqual([]);
    expect(results(outcome).length).toBeGreaterThan(20);
    expect(outcome.exit).toBe(0);
    expect(server().space().rules.size).toBe(0);
    const asked = server().seen.filter(({ path }) => path.endsWith('/preview'));
    expect(asked.map(({ space }) => space)).toEqual(['default', 'default']);
  });

  test('a rule that misses its events in Kibana fails', async () => {
    ours.edit(RULE, 'process.parent.name: WmiPrvSE.exe', 'process.parent.name: WmiPrvSF.exe');
    const outcome = await live({ which: ['process_execution_via_wmi'], space: 'soc' });
    const missed = results(outcome).filter(({ expected }) => expected === 'alert');
    expect([...new Set(missed.map(({ result }) => result))]).toEqual(['FAIL']);
    expect(outcome.exit).toBe(1);
    expect(server().seen.some(({ path, space }) => path.endsWith('/preview') && space === 'soc')).toBe(true);
  });

  test('a trial leaves out the actions of a rule', async () => {
    const kibana = { actions: [{ action_type_id: '.email', id: 'mail', params: { message: 'Look.' } }] };
    ours.edit(RULE, '  schedule:\n', `  kibana: ${JSON.stringify(kibana)}\n  schedule:\n`);
    const outcome = await live({ which: ['process_execution_via_wmi'] });
    expect(outcome.exit).toBe(0);
    const asked = server().seen.filter(({ path }) => path.endsWith('/preview'));
    expect(asked.map(({ body }) => (body as { actions: unknown }).actions)).toEqual([[]]);
  });

  test('what Kibana cannot run is an error of the rule, not a pass of its negative events', async () => {
    const errors = { logs: [{ errors: ['no index matches'], warnings: [], duration: 1 }], previewId: 'p' };
    server().fail(({ path }) => path.endsWith('/preview'), { status: 200, body: errors });
    const outcome = await live({ which: ['process_execution_via_wmi'] });
    expect([...new Set(results(outcome).map(({ result, reason }) => `${result}: ${String(reason)}`))]).toEqual([
      'ERROR: the rule could not run: Kibana says: no index matches',
    ]);
  });

  test('a rule that EQL cannot express fails alone, and the others are tried', async () => {
    ours.edit(RULE, 'process.parent.name: WmiPrvSE.exe', `process.parent.name: '${'x'.repeat(260)}\\*'`);
    const found = results(await live());
    const verdictsOn = (slug: string): string[] => [
      ...new Set(found.filter(({ rule }) => rule.slug === slug).map(({ result }) => result)),
    ];
    expect(verdictsOn('process_execution_via_wmi')).toEqual(['ERROR']);
    expect(verdictsOn('windows_wmi_process_call_create')).toEqual(['PASS']);
    expect(found.find(({ result }) => result === 'ERROR')?.reason).toMatch(/EQL cannot compare process.parent.name/);
  });

  test('without a Kibana the error explains what to do', async () => {
    await expect(live({ kibanaUrl: undefined })).rejects.toThrowErrorMatchingInlineSnapshot(`
     "in a live test Kibana runs the rules, and no Kibana is named
       Give --kibana-url URL, set WMI_DETECTIONS_KIBANA_URL, or write kibana.url into wmi-detections.yml; without --live our own scheduler runs them."
    `);
  });

  test('without the cluster of that Kibana the trial fails', async () => {
    await expect(live({ esUrl: undefined })).rejects.toThrowErrorMatchingInlineSnapshot(`
     "a live test needs the cluster of that Kibana, for its events
       Give --es-url URL, or set WMI_DETECTIONS_ES_URL."
    `);
  });
});
