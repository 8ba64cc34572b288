import { makeDestroyPlan } from '../../src/plan/destroy';
import { deploy } from '../../src/plan/deploy';
import type { Outcome } from '../../src/commands/command';
import { deployCommand } from '../../src/commands/deploy';
import { exportRules } from '../../src/commands/export';
import { planCommand } from '../../src/commands/plan';
import { statusCommand } from '../../src/commands/status';
import { PROGRAM_FOLDER } from '../../src/program';
import type { ExportedWatch } from '../../src/schedulers/watcher/export';
import { request } from '../support/request';
import { adoptAll, findAdoptions } from '../../src/plan/adopt';
import { makePlan } from '../../src/plan/plan';
import { ruleKind } from '../../src/schedulers/local/rule-kind';
import type { Content } from '../../src/resources/kind';
import type { Deployment } from '../../src/plan/deployment';
import { watchId } from '../../src/schedulers/watcher/ownership-marks';
import { quiet } from '../support/context';
import { actions, contentWith, rule, shipped } from '../support/kibana-dataset';
import { testCluster } from '../support/cluster';
import { checkTypes } from '../support/watcher-contract';
import { deployWatches, planWatches, scopeOn, watcherOfEachTest, watchesOf } from '../support/watcher-dataset';

const server = watcherOfEachTest();

const flags = { scheduler: 'watcher', namespace: 'w1_commands', prune: false, output: 'json' };

function plan(esUrl: string): Promise<Outcome> {
  return planCommand.run(quiet(), { ...flags, esUrl, 'exit-code': true });
}

describe('commands on Watcher: the licence', () => {
  test('with Watcher a plan has a watch a rule, and changes nothing', async () => {
    const { json, exit } = await plan(server().url);
    const { changes } = json as { changes: { kind: string; id: string; action: string }[] };
    const watches = changes.filter(({ kind }) => kind === 'watch').map(({ action, id }) => `${action} ${id}`);
    expect(watches).toEqual(shipped().rules.map(({ uuid }) => `create wmi-detections-w1_commands-${uuid}`));
    expect(changes.filter(({ kind }) => kind === 'detection_rule')).toEqual([]);
    expect(exit).toBe(1);
    expect(server().seen.filter(({ method }) => ['PUT', 'DELETE'].includes(method))).toEqual([]);
  });

  test('of type basic is told, with what there is instead', async () => {
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
  ])('%s is told', async (licence, said) => {
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

async function nothing(scope: Deployment): Promise<Awaited<ReturnType<typeof makePlan>>> {
  return { ...(await scope.plan(contentWith([]), { prune: false })), steps: [] };
}

describe('commands on Watcher: one scheduler at a time', () => {
  test('watches keep a deploy to the local scheduler from happening, which says how to move', async () => {
    const scope = await scopeOn(server(), 'w1_first');
    await deployWatches(scope, contentWith([rule()]));
    const local: Deployment = scope.with({ scheduler: 'local' });
    await expect(deploy(local, await nothing(local), quiet(), { yes: true })).rejects
      .toThrowErrorMatchingInlineSnapshot(`
     "rules of namespace w1_first run as watches of this cluster; two schedulers would alert twice. Nothing was changed.
       To move them: \`wmi-detections deploy --scheduler local --namespace w1_first --move\`. Events stay, and alerts where they are."
    `);
    const other = local.with({ namespace: 'w1_other' });
    expect((await deploy(other, await nothing(other), quiet(), { yes: true })).applied.problems).toEqual([]);
  });

  test('rules of the local scheduler keep a deploy of watches from happening', async () => {
    const scope = await scopeOn(server(), 'w1_local');
    await storeLocal(scope.with({ scheduler: 'local' }), contentWith([rule()]));
    const planned = await planWatches(scope, contentWith([rule()]));
    await expect(deploy(scope, planned, quiet(), { yes: true })).rejects.toMatchObject({ code: 'UNSAFE' });
    expect(server().watches.size).toBe(0);
  });

  test('where watches cannot be seen, they are in nobody’s way', async () => {
    server().licence = 'basic';
    const local: Deployment = (await scopeOn(server(), 'w1_basic')).with({ scheduler: 'local' });
    expect((await deploy(local, await nothing(local), quiet(), { yes: true })).applied.problems).toEqual([]);
  });

  async function storeLocal(scope: Deployment, content: Content): Promise<void> {
    for (const stored of await ruleKind.desired(scope, content)) await ruleKind.put(scope, stored, 'create');
  }
});

test('commands on Watcher: destroy takes the watches of its namespace, and leaves what those of another need', async () => {
  const scope = await scopeOn(server(), 'w1_gone');
  await deployWatches(scope, contentWith([rule()]));
  await deployWatches(scope.with({ namespace: 'w1_stays' }), contentWith([rule()]));
  const { plan: doomed, kept } = await makeDestroyPlan(scope, { withData: false });
  // Of the rest of the plan nothing is applied: the node belongs to all tests.
  await scope.apply(watchesOf(doomed));
  expect([...server().watches.keys()]).toEqual([watchId(rule().uuid, 'w1_stays')]);
  expect(kept.map(({ kind }) => kind)).toContain('ingest_pipeline');
});

test('commands on Watcher: a watch of somebody else becomes ours by the mark alone', async () => {
  const scope = await scopeOn(server(), 'w1_adopt');
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
  const { foreign } = await findAdoptions(scope, content, [`watch/${id}`]);
  expect(await adoptAll(scope, foreign)).toMatchObject([{ kind: 'watch', id, status: 'adopted' }]);
  expect(server().watches.get(id)).toMatchObject({
    active: false,
    watch: { ...theirs, metadata: { owner: 'soc', managed_by: 'wmi-detections', id, namespace: 'w1_adopt' } },
  });
  expect(actions(await planWatches(scope, content))).toEqual([`update watch/${id}`]);
  await deployWatches(scope, content);
  expect(actions(await planWatches(scope, content))).toEqual([]);
  expect(server().watches.get(id)).toMatchObject({ active: false, watch: { metadata: { owner: 'soc' } } });
});

test('commands on Watcher: what is exported and put by hand is ours, and what deploy would make', async () => {
  const scope = await scopeOn(server(), 'w1_export');
  const { data, text } = exportRules({ format: 'watcher', root: PROGRAM_FOLDER, namespace: 'w1_export' });
  expect(JSON.parse(text)).toEqual(data);
  for (const { _id: id, watch } of data as ExportedWatch[]) {
    await request(scope.cluster, { method: 'PUT', path: `/_watcher/watch/${id}`, body: watch });
  }
  expect(server().watches.size).toBe(shipped().rules.length);
  expect(actions(await planWatches(scope, shipped()))).toEqual([]);
});

test('commands on Watcher: the contract knows a wrong request from a right one', () => {
  const right = { type: 'WatcherGetWatchRequest', value: { id: 'x' } };
  expect(checkTypes([right])).toEqual([]);
  expect(checkTypes([right, { type: 'WatcherGetWatchRequest', value: { id: 'x', actve: true } }])).toHaveLength(1);
  expect(
    checkTypes([{ type: 'WatcherPutWatchRequest', value: { id: 'x', trigger: { schedule: { every: '5m' } } } }]),
  ).not.toEqual([]);
});

test('commands on Watcher: a plan of no watches deletes none of a namespace that has none', async () => {
  const scope = await scopeOn(server(), 'w1_none');
  expect((await scope.apply(await planWatches(scope, contentWith([]), true))).changes).toEqual([]);
});
