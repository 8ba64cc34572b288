import { planCommand } from '../../src/commands/plan';
import type { Outcome } from '../../src/commands/command';
import { quiet } from '../support/context';
import { shipped } from '../support/content';
import { API_KEY } from '../support/kibana-server';
import { testCluster } from '../support/cluster';
import { describeContract, kibanaOfEachTest } from '../support/kibana-dataset';

const server = kibanaOfEachTest();

/** Runs `plan` as the command line does; the key comes from the environment. */
async function plan(flags: Record<string, unknown>, apiKey = API_KEY): Promise<Outcome> {
  const environment = { WMI_DETECTIONS_KIBANA_API_KEY: apiKey };
  const esUrl = (await testCluster()).url;
  const argv = { esUrl, namespace: 'k1_commands', prune: false, 'exit-code': true, output: 'json', ...flags };
  return planCommand.run({ ...quiet(), environment }, argv);
}

/** The rules that a plan would create. */
function created({ json }: Outcome): string[] {
  const { changes } = json as { changes: { kind: string; id: string; action: string }[] };
  return changes.filter(({ kind, action }) => kind === 'detection_rule' && action === 'create').map(({ id }) => id);
}

describeContract('the command plan and Kibana', () => {
  test('a configured Kibana runs the rules in each configured space', async () => {
    const outcome = await plan({ kibanaUrl: server().url, space: 'default,soc' });
    expect(outcome.exit).toBe(1);
    const ids = created(outcome);
    expect(ids).toHaveLength(2 * shipped().rules.length);
    expect(ids.filter((id) => id.startsWith('soc/'))).toHaveLength(shipped().rules.length);
    expect(server().seen.every(({ method }) => method === 'GET')).toBe(true);
  });

  test('the scheduler kibana without a Kibana URL explains what to set', async () => {
    await expect(plan({ scheduler: 'kibana' })).rejects.toThrowErrorMatchingInlineSnapshot(`
     "the scheduler is kibana, and no Kibana is named
       Give --kibana-url URL, set WMI_DETECTIONS_KIBANA_URL, or write kibana.url into wmi-detections.yml; or use --scheduler local."
    `);
  });

  test('credentials that Kibana refuses end the command with 2', async () => {
    await expect(plan({ kibanaUrl: server().url }, 'd3Jvbmctb25l')).rejects.toMatchObject({
      code: 'UNAUTHORIZED',
      exitStatus: 2,
    });
  });
});
