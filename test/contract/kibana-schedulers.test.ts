import { deploy, recordDeployment } from '../../src/plan/deploy';
import type { Deployment } from '../../src/plan/deployment';
import { quiet } from '../support/context';
import {
  deployKibana,
  destroyKibana,
  planKibana,
  kibanaDeployment,
  describeContract,
  kibanaOfEachTest,
} from '../support/kibana-dataset';
import { contentWith, rule } from '../support/content';

const server = kibanaOfEachTest();

async function localRules(deployment: Deployment): Promise<Deployment> {
  const local: Deployment = deployment.with({ scheduler: 'local' });
  const plan = await local.plan(contentWith([rule()]), { prune: false });
  const steps = plan.steps.filter(({ kind }) => kind.name === 'detection_rule');
  await local.apply({ ...plan, steps });
  return local;
}

describeContract('one scheduler at a time', () => {
  test('local rules block a deploy to Kibana, and the error explains how to move', async () => {
    const deployment = await kibanaDeployment(server(), { namespace: 'k1_local_first' });
    const local = await localRules(deployment);
    const plan = await planKibana(deployment, contentWith([rule()]));
    const refused = deploy(deployment, plan, quiet(), { yes: true });
    await expect(refused).rejects.toMatchObject({ code: 'UNSAFE', exitStatus: 2 });
    await expect(refused).rejects.toThrowErrorMatchingInlineSnapshot(`
     "rules of namespace k1_local_first (1) run on the scheduler local of this cluster; two schedulers would alert twice. Nothing was changed.
       To move them: \`wmi-detections deploy --scheduler kibana --namespace k1_local_first --move\`. Events stay, and alerts where they are."
    `);
    expect(server().space().rules.size).toBe(0);

    const gone = await local.plan(contentWith([]), { prune: true });
    const steps = gone.steps.filter((step) => step.kind.name === 'detection_rule');
    await local.apply({ ...gone, steps });
    const moved = await deploy(deployment, plan, quiet(), { yes: true });
    expect(moved.applied.problems).toEqual([]);
    expect(server().space().rules.size).toBe(1);
    // A command of its own, which reads what the deploy recorded.
    const later = await kibanaDeployment(server(), { namespace: 'k1_local_first' });
    await recordDeployment(later, await destroyKibana(later), quiet());
  });

  test('rules in Kibana block a deploy to the local scheduler; those of another namespace do not', async () => {
    const deployment = await kibanaDeployment(server(), { namespace: 'k1_kibana_first', spaces: ['default', 'soc'] });
    await deployKibana(deployment, contentWith([rule()]));
    const local: Deployment = deployment.with({ scheduler: 'local' });
    const nothing = { ...(await local.plan(contentWith([]), { prune: false })), steps: [] };
    await expect(deploy(local, nothing, quiet(), { yes: true })).rejects.toThrowErrorMatchingInlineSnapshot(`
     "rules of namespace k1_kibana_first run in Kibana (space default, soc); two schedulers would alert twice. Nothing was changed.
       To move them: \`wmi-detections deploy --scheduler local --namespace k1_kibana_first --move\`. Events stay, and alerts where they are."
    `);
    const other = local.with({ namespace: 'k1_other' });
    expect((await deploy(other, nothing, quiet(), { yes: true })).applied.problems).toEqual([]);
    await destroyKibana(deployment);
    expect((await deploy(local, nothing, quiet(), { yes: true })).applied.problems).toEqual([]);
  });
});
