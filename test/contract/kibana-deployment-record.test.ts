import type { Plan } from '../../src/plan/plan';
import type { SchedulerName } from '../../src/settings/schema';
import { localDeployment, connectedDeployment } from '../support/deployment';
import { makeDestroyPlan } from '../../src/plan/destroy';
import { deploy, recordDeployment, type Deployed } from '../../src/plan/deploy';
import { planCommand } from '../../src/commands/plan';
import type { Context } from '../../src/commands/command';
import { locateSpaces, type KibanaSpaces } from '../../src/schedulers/kibana/spaces';
import { schedulersBeside } from '../../src/plan/other-schedulers';
import {
  DEPLOYMENT_RECORD,
  readDeploymentRecord,
  removeDeploymentRecord,
} from '../../src/schedulers/deployment-record';
import type { Deployment } from '../../src/plan/deployment';
import { stateIndex } from '../../src/detections/indices';
import { request } from '../../src/cluster/cluster';
import { quiet } from '../support/context';
import { actions, contentWith, destroyKibana, planKibana, rule, connectionTo } from '../support/kibana-dataset';
import { startKibana } from '../support/kibana-server';
import { describeContract, kibanaOfEachTest } from '../support/kibana-suite';
import { proxy } from '../support/proxy';
import { freshNamespace } from '../support/dataset';
import { testCluster } from '../support/cluster';

const server = kibanaOfEachTest();
const CONTENT = contentWith([rule()]);
const BOTH = ['default', 'soc'];

let namespace = '';
beforeEach(() => {
  namespace = freshNamespace();
});

afterEach(async () => {
  const asked = { method: 'DELETE', path: `/${stateIndex(namespace)}`, allow: [404] } as const;
  await request(await testCluster(), asked);
});

interface Named {
  readonly spaces?: readonly string[];
  /** Whether a flag names them. */
  readonly chosen?: boolean;
  readonly scheduler?: SchedulerName;
  readonly url?: string;
}

/** The deployment of a call whose settings name these spaces. */
async function naming({ spaces, chosen = false, scheduler = 'kibana', url }: Named): Promise<Deployment> {
  const kibana = await connectionTo({ ...server(), url: url ?? server().url }, { ...(spaces && { spaces }) });
  return connectedDeployment({ cluster: await testCluster(), namespace }, { kibana }, { runs: scheduler, chosen });
}

/** The spaces that a call sees whose settings name the default space. */
async function located(): Promise<KibanaSpaces> {
  const scope = { cluster: await testCluster(), namespace, now: Date.now() };
  return locateSpaces(scope, await connectionTo(server()), { chosen: false, runsRules: true });
}

function notesOf({ scheduler }: Deployment, { leftovers }: Plan): readonly string[] {
  return scheduler.notes({ command: 'plan', leftovers });
}

async function deployed(scope: Deployment, options: { prune?: boolean; move?: boolean } = {}): Promise<Deployed> {
  const { prune = false, move = false } = options;
  const plan = await planKibana(scope, CONTENT, prune);
  return deploy(scope, plan, quiet(), { yes: true, move: move ? { content: CONTENT, prune } : undefined });
}

async function remembered(): Promise<unknown> {
  const scope = { cluster: await testCluster(), namespace, now: Date.now() };
  const record = await readDeploymentRecord(scope, 'kibana');
  return record && { url: record.url, spaces: record.spaces };
}

/** How often the document was written; undefined where it is not there. */
async function version(): Promise<number | undefined> {
  const path = `/${stateIndex(namespace)}/_doc/${DEPLOYMENT_RECORD}`;
  const asked = { method: 'GET', path, allow: [404] } as const;
  return (await request<{ _version?: number }>(await testCluster(), asked)).body._version;
}

function rulesIn(space: string): number {
  return server().space(space).rules.size;
}

function withoutPort(error: unknown): string {
  return String(error)
    .replaceAll(/:\d{4,5}/g, ':PORT')
    .replaceAll(namespace, 'NS');
}

describeContract('where in Kibana the rules are', () => {
  test('a deploy writes it down once, a plan never', async () => {
    const scope = await naming({ spaces: BOTH });
    await planKibana(scope, CONTENT);
    expect(await remembered()).toBeUndefined();
    await deployed(scope);
    expect(await remembered()).toEqual({ url: server().url, spaces: BOTH });
    await deployed(await naming({ spaces: BOTH }));
    expect(await version()).toBe(1);
  });

  test('what is in a space that is not named any more is told, and deleted only with prune', async () => {
    await deployed(await naming({ spaces: BOTH }));
    const scope = await naming({});
    const plan = await planKibana(scope, CONTENT);
    expect([actions(plan), plan.leftovers.length]).toEqual([[], 1]);
    expect(notesOf(scope, plan)).toEqual([
      'Space soc of Kibana is not named any more, and holds 1 of ours; --prune deletes them.',
    ]);
    await deployed(scope);
    expect([rulesIn('soc'), await version()]).toEqual([1, 1]);

    const pruned = await deployed(scope, { prune: true });
    expect(pruned.applied.changes).toMatchObject([{ action: 'delete', kind: 'detection_rule', status: 'done' }]);
    expect([rulesIn('default'), rulesIn('soc')]).toEqual([1, 0]);
    expect(await remembered()).toEqual({ url: server().url, spaces: ['default'] });
  });

  test('the default space, too, can be the one that is not named any more', async () => {
    await deployed(await naming({ spaces: BOTH }));
    const scope = await naming({ spaces: ['soc'] });
    expect(notesOf(scope, await planKibana(scope, CONTENT))).toEqual([
      'Space default of Kibana is not named any more, and holds 1 of ours; --prune deletes them.',
    ]);
  });

  test('spaces that a flag leaves out are told, and left as they are even with prune', async () => {
    await deployed(await naming({ spaces: BOTH }));
    const scope = await naming({ chosen: true });
    expect(notesOf(scope, await planKibana(scope, CONTENT, true))).toEqual([
      'Rules of ours are in space soc of Kibana, too; they are left as they are.',
    ]);
    await deployed(scope, { prune: true });
    expect([rulesIn('soc'), await version()]).toEqual([1, 1]);
  });

  test('a space that was deleted in Kibana is no obstacle', async () => {
    await deployed(await naming({ spaces: BOTH }));
    server().fail(({ path }) => path === '/api/spaces/space/soc', { status: 404 });
    const scope = await naming({});
    expect(await located()).toMatchObject({ formerSpaces: [], otherSpaces: [] });
    await deployed(scope);
  });

  test('a space that is closed to us is told, and left as it is', async () => {
    await deployed(await naming({ spaces: BOTH }));
    server().fail(({ space }) => space === 'soc', { status: 403 });
    const scope = await naming({});
    expect(await located()).toMatchObject({ formerSpaces: [], otherSpaces: ['soc'] });
    await deployed(scope, { prune: true });
    expect(await remembered()).toEqual({ url: server().url, spaces: BOTH });
  });

  test('another scheduler is refused while rules are written down in a space that is closed to us', async () => {
    await deployed(await naming({ spaces: ['soc'] }));
    server().fail(({ space }) => space === 'soc', { status: 403 });
    const scope = await naming({ scheduler: 'local' });
    expect((await schedulersBeside(scope)).map(({ where }) => withoutPort(where))).toEqual([
      'rules of namespace NS were deployed to Kibana (space soc), where they are not seen from here',
    ]);
    await expect(deployed(scope).catch(withoutPort)).resolves.toMatchInlineSnapshot(`
     "ProblemError: rules of namespace NS were deployed to Kibana (space soc), where they are not seen from here; two schedulers would alert twice. Nothing was changed.
       Use credentials that may read the rules of that space. If there are none any more: DELETE /wmi-detections-state-NS/_doc/deployed."
    `);
    await expect(deployed(scope, { move: true })).rejects.toMatchObject({ code: 'UNSAFE' });
    expect(await remembered()).toEqual({ url: server().url, spaces: ['soc'] });
  });

  test('a space that is closed to us, and in which nothing is written down, is told to other schedulers and no end', async () => {
    server().fail(({ space }) => space === 'soc', { status: 403 });
    const scope = await naming({ spaces: ['soc'], scheduler: 'local' });
    const notes: string[] = [];
    const context: Context = { ...quiet(), note: (line) => notes.push(line) };
    for (const move of [undefined, { content: CONTENT, prune: false }]) {
      const { applied } = await deploy(scope, await planKibana(scope, CONTENT), context, { yes: true, move });
      expect(applied.changes.map(({ status }) => status)).toEqual(move === undefined ? ['done'] : []);
    }
    expect([...new Set(notes.map(withoutPort))]).toMatchInlineSnapshot(`
     [
       "whether rules of namespace NS run in Kibana (space soc) cannot be seen: it is closed to this user.",
     ]
    `);
    expect(await remembered()).toBeUndefined();
  });

  test('another scheduler is refused although no Kibana is named, and so is a move that could not be done', async () => {
    await deployed(await naming({ spaces: BOTH }));
    const scope = localDeployment({ cluster: await testCluster(), namespace });
    await expect(deployed(scope).catch(withoutPort)).resolves.toMatchInlineSnapshot(`
     "ProblemError: rules of namespace NS run in the Kibana http://127.0.0.1:PORT (space default, soc); two schedulers would alert twice. Nothing was changed.
       To move them: \`wmi-detections deploy --scheduler local --namespace NS --kibana-url http://127.0.0.1:PORT --move\`. Events stay, and alerts where they are. If there is no such Kibana any more: DELETE /wmi-detections-state-NS/_doc/deployed."
    `);
    await expect(deployed(scope, { move: true })).rejects.toMatchObject({ code: 'UNSAFE' });
    const notes: string[] = [];
    const context: Context = { ...quiet(), note: (line) => notes.push(line) };
    const argv = { esUrl: scope.cluster.url, namespace, scheduler: 'local', prune: false, output: 'json' };
    await planCommand.run(context, argv);
    expect(notes.map(withoutPort)).toMatchInlineSnapshot(`
     [
       "rules of namespace NS run in the Kibana http://127.0.0.1:PORT (space default, soc): deploy refuses, unless they move.",
     ]
    `);
  });

  test('a move takes the rules from every space, named or not, and then nothing is remembered', async () => {
    await deployed(await naming({ spaces: BOTH }));
    const scope = await naming({ scheduler: 'local' });
    await expect(deployed(scope).catch(withoutPort)).resolves.toMatchInlineSnapshot(`
     "ProblemError: rules of namespace NS run in Kibana (space default, soc); two schedulers would alert twice. Nothing was changed.
       To move them: \`wmi-detections deploy --scheduler local --namespace NS --move\`. Events stay, and alerts where they are."
    `);
    const moved = await deployed(scope, { move: true });
    expect(moved.applied.problems).toEqual([]);
    expect([rulesIn('default'), rulesIn('soc'), await remembered()]).toEqual([0, 0, undefined]);
    expect((await deployed(localDeployment(scope))).applied.problems).toEqual([]);
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

  test('rules that leave a Kibana reached by another name are forgotten, too', async () => {
    await deployed(await naming({}));
    const renamed = server().url.replace('127.0.0.1', 'localhost');
    const moved = await deployed(await naming({ url: renamed, scheduler: 'local' }), { move: true });
    expect([moved.applied.problems, await remembered()]).toEqual([[], undefined]);
    await deployed(localDeployment({ cluster: await testCluster(), namespace }));
  });

  test('what is written of another Kibana stays as it is when this one has nothing of ours', async () => {
    await deployed(await naming({}));
    const other = await startKibana();
    try {
      await destroyed(await naming({ url: other.url }));
      expect(await remembered()).toEqual({ url: server().url, spaces: ['default'] });
    } finally {
      await other.close();
    }
  });

  test('what is written down is read once in a command', async () => {
    await deployed(await naming({ spaces: BOTH }));
    const between = await proxy(await testCluster(), () => undefined);
    try {
      const kibana = await connectionTo(server(), { spaces: BOTH });
      await deployed(
        await connectedDeployment({ cluster: between.cluster, namespace }, { kibana }, { runs: 'kibana' }),
      );
      expect(between.asked.filter((path) => path.endsWith(`/_doc/${DEPLOYMENT_RECORD}`))).toHaveLength(1);
    } finally {
      between.close();
    }
  });

  test('destroy leaves what is in the spaces that were not named, and the last takes the memory away', async () => {
    await deployed(await naming({ spaces: BOTH }));
    const one = await naming({ spaces: ['soc'], chosen: true });
    await destroyed(one);
    expect([rulesIn('default'), rulesIn('soc')]).toEqual([1, 0]);
    expect(await remembered()).toEqual({ url: server().url, spaces: ['default'] });
    await destroyed(await naming({}));
    expect(await remembered()).toBeUndefined();
    const asked = { method: 'HEAD', path: `/${stateIndex(namespace)}`, allow: [404] } as const;
    expect((await request(await testCluster(), asked)).status).toBe(404);
  });

  test('what is shared stays while rules are in a space that is not named', async () => {
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
        const scope = (await naming(named)).with({ cluster: between.cluster });
        const { plan, kept: left } = await makeDestroyPlan(scope, { withData: false });
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

  test('where it may not be written down the rules are deployed all the same, and that is told', async () => {
    const closed = await proxy(await testCluster(), ({ path }) =>
      path.endsWith(`/_doc/${DEPLOYMENT_RECORD}`)
        ? { status: 403, body: { error: { reason: 'not yours' }, status: 403 } }
        : undefined,
    );
    try {
      const scope = (await naming({})).with({ cluster: closed.cluster });
      const notes: string[] = [];
      const context: Context = { ...quiet(), note: (line) => notes.push(line) };
      await deploy(scope, await planKibana(scope, CONTENT), context, { yes: true });
      expect(rulesIn('default')).toBe(1);
      expect(notes.join()).toMatch(/^Where in Kibana the rules are could not be written down: .*not yours/s);
    } finally {
      closed.close();
    }
  });

  test('where the memory was lost, only what is named is seen; the next deploy writes it again', async () => {
    await deployed(await naming({ spaces: BOTH }));
    await removeDeploymentRecord({ cluster: await testCluster(), namespace, now: Date.now() });
    const blind = localDeployment({ cluster: await testCluster(), namespace });
    expect(
      (await deploy(blind, { ...(await planKibana(blind, contentWith([]))), steps: [] }, quiet(), { yes: true })).plan
        .steps,
    ).toEqual([]);
    await deployed(await naming({ spaces: BOTH }));
    expect(await remembered()).toEqual({ url: server().url, spaces: BOTH });
  });
});

/** As `destroy` does it, but for what all namespaces share: the other tests use it. */
async function destroyed(scope: Deployment): Promise<void> {
  const applied = await destroyKibana(scope);
  expect(applied.problems).toEqual([]);
  await recordDeployment(scope, applied, quiet());
}
