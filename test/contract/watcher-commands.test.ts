import { makeDestroyPlan } from '../../src/plan/destroy';
import { deploy } from '../../src/plan/deploy';
import type { Outcome } from '../../src/commands/command';
import { deployCommand } from '../../src/commands/deploy';
import { exportRules } from '../../src/commands/export';
import { planCommand } from '../../src/commands/plan';
import { statusCommand } from '../../src/commands/status';
import { PROGRAM_FOLDER } from '../../src/program';
import type { ExportedWatch } from '../../src/schedulers/watcher';
import { request } from '../support/request';
import { adoptAll, findAdoptions } from '../../src/plan/adopt';
import { makePlan } from '../../src/plan/plan';
import { ruleKind } from '../../src/schedulers/local/stored-rule-kind';
import type { Content } from '../../src/resources/kind';
import type { Deployment } from '../../src/plan/deployment';
import { watchId } from '../../src/schedulers/watcher/watch-body';
import { quiet } from '../support/context';
import { actions } from '../support/deployment';
import { contentWith, rule, shipped } from '../support/content';
import { testCluster } from '../support/cluster';
import { checkTypes } from '../support/watcher-contract';
import {
  deployWatches,
  planWatches,
  watcherDeployment,
  watcherOfEachTest,
  watchesOf,
} from '../support/watcher-dataset';

const server = watcherOfEachTest();

const flags = { scheduler: 'watcher', namespace: 'w1_commands', prune: false, output: 'json' };

function plan(esUrl: string): Promise<Outcome> {
  return planCommand.run(quiet(), { ...flags, esUrl, 'exit-code': true });
}

describe('commands on Watcher: the licence', () => {
  test('a licence with Watcher gives a plan with one watch per rule', async () => {
    const { json, exit } = await plan(server().url);
    const { changes } = json as { changes: { kind: string; id: string; action: string }[] };
    const watches = changes.filter(({ kind }) => kind === 'watch').map(({ action, id }) => `${action} ${id}`);
    expect(watches).toEqual(shipped().rules.map(({ uuid }) => `create wmi-detections-w1_commands-${uuid}`));
    expect(changes.filter(({ kind }) => kind === 'detection_rule')).toEqual([]);
    expect(exit).toBe(1);
    expect(server().seen.filter(({ method }) => ['PUT', 'DELETE'].includes(method))).toEqual([]);
  });

  test('of type basic is an error that names the alternatives', async () => {
    server().licence = 'basic';
    const refused = plan(server().url).catch((error: unknown) => {
      throw new Error((error as Error).message.replace(server().url, '<url>'));
    });
    await expect(refused).rejects.toThrowErrorMatchingInlineSnapshot(`
     "<url>: the scheduler is watcher, and this cluster runs no watches: its licence is basic, and Watcher needs a paid or a trial one that is valid
       Use --scheduler kibana with --kibana-url (the rules of Elastic Security run under every licence), or --scheduler local: \`deploy\` stores the rules and \`run\` executes them, on any cluster."
    `);
    expect(server().seen.map(({ path }) => path)).toEqual(['/', '/_xpack']);
  });

  test.each<['expired' | 'serverless', string]>([
    ['expired', 'its licence is gold and expired, and Watcher needs a paid or a trial one that is valid'],
    ['serverless', 'it is Serverless, or a build without Watcher'],
  ])('%s is reported', async (licence, said) => {
    server().licence = licence;
    await expect(plan(server().url)).rejects.toMatchObject({
      code: 'SETTINGS',
      exitStatus: 2,
      problems: [{ message: `the scheduler is watcher, and this cluster runs no watches: ${said}` }],
    });
  });

  test('OpenSearch has no Watcher', async () => {
    const { url, version } = await testCluster();
    for (const run of [
      () => plan(url),
      () => deployCommand.run(quiet(), { ...flags, esUrl: url, yes: true }),
      () => statusCommand.run(quiet(), { ...flags, esUrl: url, since: '24h', 'max-blind': 50, 'exit-code': false }),
    ]) {
      await expect(run()).rejects.toMatchObject({
        problems: [{ message: expect.stringContaining(`OpenSearch ${version} has no Watcher`) as string }],
      });
    }
  });
});

async function nothing(deployment: Deployment): Promise<Awaited<ReturnType<typeof makePlan>>> {
  return { ...(await deployment.plan(contentWith([]), { prune: false })), steps: [] };
}

describe('commands on Watcher: one scheduler at a time', () => {
  test('watches block a deploy to the local scheduler, and the error explains how to move', async () => {
    const deployment = await watcherDeployment(server(), 'w1_first');
    await deployWatches(deployment, contentWith([rule()]));
    const local: Deployment = deployment.with({ scheduler: 'local' });
    await expect(deploy(local, await nothing(local), quiet(), { yes: true })).rejects
      .toThrowErrorMatchingInlineSnapshot(`
     "rules of namespace w1_first run as watches of this cluster; two schedulers would alert twice. Nothing was changed.
       To move them: \`wmi-detections deploy --scheduler local --namespace w1_first --move\`. Events stay, and alerts where they are."
    `);
    const other = local.with({ namespace: 'w1_other' });
    expect((await deploy(other, await nothing(other), quiet(), { yes: true })).applied.problems).toEqual([]);
  });

  test('local rules block a deploy of watches', async () => {
    const deployment = await watcherDeployment(server(), 'w1_local');
    await storeLocal(deployment.with({ scheduler: 'local' }), contentWith([rule()]));
    const planned = await planWatches(deployment, contentWith([rule()]));
    await expect(deploy(deployment, planned, quiet(), { yes: true })).rejects.toMatchObject({ code: 'UNSAFE' });
    expect(server().watches.size).toBe(0);
  });

  test('watches that cannot be seen block no deploy', async () => {
    server().licence = 'basic';
    const local: Deployment = (await watcherDeployment(server(), 'w1_basic')).with({ scheduler: 'local' });
    expect((await deploy(local, await nothing(local), quiet(), { yes: true })).applied.problems).toEqual([]);
  });

  async function storeLocal(deployment: Deployment, content: Content): Promise<void> {
    for (const stored of await ruleKind.desired(deployment, content)) await ruleKind.put(deployment, stored, 'create');
  }
});

test('commands on Watcher: destroy removes the watches of its namespace and leaves what those of another need', async () => {
  const deployment = await watcherDeployment(server(), 'w1_gone');
  await deployWatches(deployment, contentWith([rule()]));
  await deployWatches(deployment.with({ namespace: 'w1_stays' }), contentWith([rule()]));
  const { plan: doomed, kept } = await makeDestroyPlan(deployment, { withData: false });
  // Of the rest of the plan nothing is applied: the node belongs to all tests.
  await deployment.apply(watchesOf(doomed));
  expect([...server().watches.keys()]).toEqual([watchId(rule().uuid, 'w1_stays')]);
  expect(kept.map(({ kind }) => kind)).toContain('ingest_pipeline');
});

test('commands on Watcher: adopt only adds the mark to an unmanaged watch', async () => {
  const deployment = await watcherDeployment(server(), 'w1_adopt');
  const id = watchId(rule().uuid, 'w1_adopt');
  const theirs = {
    trigger: { schedule: { interval: '1h' } },
    input: { simple: {} },
    condition: { always: {} },
    actions: { mail: { logging: { text: 'x' } } },
    metadata: { owner: 'soc' },
  };
  server().watches.set(id, { watch: theirs, active: false, seqNo: 3, version: 1 });
  const content = contentWith([rule()]);
  const { foreign } = await findAdoptions(deployment, content, [`watch/${id}`]);
  expect(await adoptAll(deployment, foreign)).toMatchObject([{ kind: 'watch', id, status: 'adopted' }]);
  expect(server().watches.get(id)).toMatchObject({
    active: false,
    watch: { ...theirs, metadata: { owner: 'soc', managed_by: 'wmi-detections', id, namespace: 'w1_adopt' } },
  });
  expect(actions(await planWatches(deployment, content))).toEqual([`update watch/${id}`]);
  await deployWatches(deployment, content);
  expect(actions(await planWatches(deployment, content))).toEqual([]);
  expect(server().watches.get(id)).toMatchObject({ active: false, watch: { metadata: { owner: 'soc' } } });
});

test('commands on Watcher: an exported watch that is put by hand is managed and equals what deploy makes', async () => {
  const deployment = await watcherDeployment(server(), 'w1_export');
  const { data, text } = exportRules({ format: 'watcher', root: PROGRAM_FOLDER, namespace: 'w1_export' });
  expect(JSON.parse(text)).toEqual(data);
  for (const { _id: id, watch } of data as ExportedWatch[]) {
    await request(deployment.cluster, { method: 'PUT', path: `/_watcher/watch/${id}`, body: watch });
  }
  expect(server().watches.size).toBe(shipped().rules.length);
  expect(actions(await planWatches(deployment, shipped()))).toEqual([]);
});

test('commands on Watcher: the contract accepts a right request and rejects a wrong one', () => {
  const right = { type: 'WatcherGetWatchRequest', value: { id: 'x' } };
  expect(checkTypes([right])).toEqual([]);
  expect(checkTypes([right, { type: 'WatcherGetWatchRequest', value: { id: 'x', actve: true } }])).toHaveLength(1);
  expect(
    checkTypes([{ type: 'WatcherPutWatchRequest', value: { id: 'x', trigger: { schedule: { every: '5m' } } } }]),
  ).not.toEqual([]);
});

test('commands on Watcher: a plan of no watches deletes none of a namespace that has none', async () => {
  const deployment = await watcherDeployment(server(), 'w1_none');
  expect((await deployment.apply(await planWatches(deployment, contentWith([]), true))).changes).toEqual([]);
});
