import { deploy } from '../../src/plan/deploy';
import { planCommand } from '../../src/commands/plan';
import type { Context } from '../../src/commands/command';
import { makeDestroyPlan } from '../../src/plan/destroy';
import { schedulersBeside } from '../../src/plan/guard';
import { DEPLOYMENT_RECORD, removeDeploymentRecord } from '../../src/schedulers/deployment-record';
import type { Deployment } from '../../src/plan/deployment';
import { stateIndex } from '../../src/detections/indices';
import { connectedDeployment, localDeployment } from '../support/deployment';
import { quiet } from '../support/context';
import { connectionTo, planKibana, describeContract } from '../support/kibana-dataset';
import { contentWith } from '../support/content';
import { startKibana } from '../support/kibana-server';
import { BOTH, CONTENT, recordDataset, type Named } from '../support/kibana-record';
import { proxy } from '../support/proxy';
import { testCluster } from '../support/cluster';

const { server, namespace, naming, deployed, destroyed, remembered, rulesIn, withoutPort } = recordDataset();

describeContract('deployment record of Kibana', () => {
  test('another scheduler is refused while the record lists rules in an unreadable space', async () => {
    await deployed(await naming({ spaces: ['soc'] }));
    server().fail(({ space }) => space === 'soc', { status: 403 });
    const deployment = await naming({ scheduler: 'local' });
    expect((await schedulersBeside(deployment)).map(({ where }) => withoutPort(where))).toEqual([
      'rules of namespace NS were deployed to Kibana (space soc), where they are not seen from here',
    ]);
    await expect(deployed(deployment).catch(withoutPort)).resolves.toMatchInlineSnapshot(`
     "ProblemError: rules of namespace NS were deployed to Kibana (space soc), where they are not seen from here; two schedulers would alert twice. Nothing was changed.
       Use credentials that may read the rules of that space. If there are none any more: DELETE /wmi-detections-state-NS/_doc/deployed."
    `);
    await expect(deployed(deployment, { move: true })).rejects.toMatchObject({ code: 'UNSAFE' });
    expect(await remembered()).toEqual({ url: server().url, spaces: ['soc'] });
  });

  test('an unreadable space without recorded rules is a warning for other schedulers', async () => {
    server().fail(({ space }) => space === 'soc', { status: 403 });
    const deployment = await naming({ spaces: ['soc'], scheduler: 'local' });
    const notes: string[] = [];
    const context: Context = { ...quiet(), note: (line) => notes.push(line) };
    for (const move of [undefined, { content: CONTENT, prune: false }]) {
      const { applied } = await deploy(deployment, await planKibana(deployment, CONTENT), context, { yes: true, move });
      expect(applied.changes.map(({ status }) => status)).toEqual(move === undefined ? ['done'] : []);
    }
    expect([...new Set(notes.map(withoutPort))]).toMatchInlineSnapshot(`
     [
       "whether rules of namespace NS run in Kibana (space soc) cannot be seen: it is closed to this user.",
     ]
    `);
    expect(await remembered()).toBeUndefined();
  });

  test('another scheduler and an impossible move are refused even without a configured Kibana', async () => {
    await deployed(await naming({ spaces: BOTH }));
    const deployment = localDeployment({ cluster: await testCluster(), namespace: namespace() });
    await expect(deployed(deployment).catch(withoutPort)).resolves.toMatchInlineSnapshot(`
     "ProblemError: rules of namespace NS run in the Kibana http://127.0.0.1:PORT (space default, soc); two schedulers would alert twice. Nothing was changed.
       To move them: \`wmi-detections deploy --scheduler local --namespace NS --kibana-url http://127.0.0.1:PORT --move\`. Events stay, and alerts where they are. If there is no such Kibana any more: DELETE /wmi-detections-state-NS/_doc/deployed."
    `);
    await expect(deployed(deployment, { move: true })).rejects.toMatchObject({ code: 'UNSAFE' });
    const notes: string[] = [];
    const context: Context = { ...quiet(), note: (line) => notes.push(line) };
    const argv = {
      esUrl: deployment.cluster.url,
      namespace: namespace(),
      scheduler: 'local',
      prune: false,
      output: 'json',
    };
    await planCommand.run(context, argv);
    expect(notes.map(withoutPort)).toMatchInlineSnapshot(`
     [
       "rules of namespace NS run in the Kibana http://127.0.0.1:PORT (space default, soc): deploy refuses, unless they move.",
     ]
    `);
  });

  test('another Kibana is refused; the same one under another name is not', async () => {
    await deployed(await naming({}));
    const other = await startKibana();
    try {
      const elsewhere: Deployment = await naming({ url: other.url });
      await expect(deployed(elsewhere).catch(withoutPort)).resolves.toMatchInlineSnapshot(`
       "ProblemError: rules of namespace NS run in the Kibana http://127.0.0.1:PORT (space default); two schedulers would alert twice. Nothing was changed.
         Name that one with --kibana-url http://127.0.0.1:PORT, or destroy them there first. If there is no such Kibana any more: DELETE /wmi-detections-state-NS/_doc/deployed."
      `);
      expect(other.space().rules.size).toBe(0);
    } finally {
      await other.close();
    }
    const renamed = server().url.replace('127.0.0.1', 'localhost');
    await deployed(await naming({ url: renamed }));
    expect(await remembered()).toEqual({ url: renamed, spaces: ['default'] });
  });

  test('the record of another Kibana stays when this one has no managed rules', async () => {
    await deployed(await naming({}));
    const other = await startKibana();
    try {
      await destroyed(await naming({ url: other.url }));
      expect(await remembered()).toEqual({ url: server().url, spaces: ['default'] });
    } finally {
      await other.close();
    }
  });

  test('a command reads the record once', async () => {
    await deployed(await naming({ spaces: BOTH }));
    const between = await proxy(await testCluster(), () => undefined);
    try {
      const kibana = await connectionTo(server(), { spaces: BOTH });
      const here = { cluster: between.cluster, namespace: namespace() };
      await deployed(await connectedDeployment(here, { kibana }, { runs: 'kibana' }));
      expect(between.asked.filter((path) => path.endsWith(`/_doc/${DEPLOYMENT_RECORD}`))).toHaveLength(1);
    } finally {
      between.close();
    }
  });

  test('shared resources stay while rules are in a space that is not configured', async () => {
    await deployed(await naming({ spaces: BOTH }));
    const id = 'logs-x@default-pipeline';
    const description = `[managed_by: wmi-detections; id: ${id}; digest: 0123456789abcdef]`;
    // The tests beside this one make data streams and state indices meanwhile: they are not to be seen.
    const answers: readonly (readonly [string, object])[] = [
      ['/_ingest/pipeline', { [id]: { description, processors: [] } }],
      ['/_data_stream/', { data_streams: [] }],
      [`/${stateIndex('*')}/_mapping`, {}],
    ];
    const between = await proxy(await testCluster(), ({ path }) => {
      const asked = decodeURIComponent(path);
      const body = answers.find(([start]) => (start.endsWith('/') ? asked.startsWith(start) : asked === start))?.[1];
      return body === undefined ? undefined : { status: 200, body };
    });
    try {
      const kept = async (named: Named): Promise<unknown[]> => {
        const deployment = (await naming(named)).with({ cluster: between.cluster });
        const { plan, kept: left } = await makeDestroyPlan(deployment, { withData: false });
        const deleted = plan.steps.filter(({ change }) => change.id === id);
        return [deleted.map(({ change }) => change.action), left.find((each) => each.id === id)?.reason];
      };
      const others = 'used by the rules in other spaces of Kibana';
      expect(await kept({ spaces: ['soc'], chosen: true })).toEqual([[], others]);
      expect(await kept({ spaces: BOTH, chosen: true })).toEqual([['delete'], undefined]);
      server().fail(({ space }) => space === 'soc', { status: 403 });
      expect(await kept({})).toEqual([[], others]);
      expect(await kept({ scheduler: 'local' })).toEqual([[], 'used by the rules of scheduler kibana']);
    } finally {
      between.close();
    }
  });

  test('rules are deployed with a warning if the record cannot be written', async () => {
    const closed = await proxy(await testCluster(), ({ path }) =>
      path.endsWith(`/_doc/${DEPLOYMENT_RECORD}`)
        ? { status: 403, body: { error: { reason: 'not yours' }, status: 403 } }
        : undefined,
    );
    try {
      const deployment = (await naming({})).with({ cluster: closed.cluster });
      const notes: string[] = [];
      const context: Context = { ...quiet(), note: (line) => notes.push(line) };
      await deploy(deployment, await planKibana(deployment, CONTENT), context, { yes: true });
      expect(rulesIn('default')).toBe(1);
      expect(notes.join()).toMatch(/^Where in Kibana the rules are could not be written down: .*not yours/s);
    } finally {
      closed.close();
    }
  });

  test('without a record only configured spaces are seen, and the next deploy writes the record', async () => {
    await deployed(await naming({ spaces: BOTH }));
    await removeDeploymentRecord({ cluster: await testCluster(), namespace: namespace(), now: Date.now() });
    const blind = localDeployment({ cluster: await testCluster(), namespace: namespace() });
    expect(
      (await deploy(blind, { ...(await planKibana(blind, contentWith([]))), steps: [] }, quiet(), { yes: true })).plan
        .steps,
    ).toEqual([]);
    await deployed(await naming({ spaces: BOTH }));
    expect(await remembered()).toEqual({ url: server().url, spaces: BOTH });
  });
});
