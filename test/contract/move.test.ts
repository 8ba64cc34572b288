import { makeDestroyPlan } from '../../src/plan/destroy';
import { deploy, type Deployed } from '../../src/plan/deploy';
import type { Context } from '../../src/commands/command';
import { deployCommand } from '../../src/commands/deploy';
import { ProblemError } from '../../src/errors';
import { makePlan, planFrom } from '../../src/plan/plan';
import { schedulersBeside } from '../../src/plan/other-schedulers';
import type { Content } from '../../src/resources/kind';
import type { Deployment } from '../../src/plan/deployment';
import { stateIndex } from '../../src/detections/indices';
import type { Rule } from '../../src/detections/rule';
import { monitorAlerts } from '../../src/schedulers/opensearch-alerting/monitor-alerts';
import { readWatermark } from '../../src/schedulers/local/state';
import { monitorRuleStates } from '../../src/schedulers/opensearch-alerting/rule-states';
import { request } from '../../src/cluster/cluster';
import { alertingDataset, planMonitors } from '../support/alerting-dataset';
import { quiet } from '../support/context';
import { contentWith, planKibana, scopeFor } from '../support/kibana-dataset';
import { API_KEY } from '../support/kibana-server';
import { describeContract, kibanaOfEachTest } from '../support/kibana-suite';
import { proxy } from '../support/proxy';
import { dataset, wmiChild, type Event, type Dataset } from '../support/dataset';
import { planWatches, scopeOn, watcherOfEachTest } from '../support/watcher-dataset';

const MINUTE = 60_000;
const kibana = kibanaOfEachTest();
const watcher = watcherOfEachTest();

function ago(minutes: number): string {
  return new Date(Date.now() - minutes * MINUTE).toISOString();
}

function cameIn(id: string, minutes: number, change: Readonly<Record<string, unknown>> = {}): Event {
  return wmiChild(id, { 'event.ingested': ago(minutes), 'process.command_line': id, ...change });
}

/** Moves the scene's rule to the scheduler of a scope. */
async function move(scope: Deployment, { rule }: Dataset): Promise<Deployed> {
  const content = contentWith([rule]);
  const plans = { kibana: planKibana, 'opensearch-alerting': planMonitors, watcher: planWatches, local: noPlan };
  const plan = await plans[scope.scheduler ?? 'local'](scope, content);
  return deploy(scope, plan, quiet(), { yes: false, move: { content, prune: false } });
}

/** Of the local scheduler the scene has deployed the rule already. */
async function noPlan(scope: Deployment): ReturnType<typeof planMonitors> {
  return { ...(await planMonitors(scope.with({ scheduler: 'local' }), contentWith([]))), steps: [] };
}

function done({ applied }: Deployed): string[] {
  return applied.changes.map(({ action, kind, status }) => `${action} ${kind}: ${status}`);
}

test('deploy --move: from local to OpenSearch Alerting, what came in since the last run alerts there, and the local rule is gone', async () => {
  const here = await dataset();
  await here.run({ now: () => Date.now() - 29 * MINUTE });
  await here.index([cameIn('since then', 25), cameIn('just now', 0.1)]);
  const { scope } = await alertingDataset({ namespace: here.namespace });
  expect(done(await move(scope, here))).toEqual(['create monitor: done', 'delete detection_rule: done']);
  const { alerts } = await monitorAlerts(scope.cluster, scope.namespace, []);
  const lines = alerts.map(({ process }) => (process as { command_line?: string }).command_line);
  expect(lines.sort()).toEqual(['just now', 'since then']);
  expect(await schedulersBeside(scope)).toEqual([]);
});

test('deploy --move: a last run too long ago for monitors is told before anything is changed', async () => {
  const here = await dataset();
  await here.run();
  const { scope } = await alertingDataset({ namespace: here.namespace });
  const refused: unknown = await move(scope, here).catch((error: unknown) => error);
  expect(refused).toBeInstanceOf(ProblemError);
  expect((refused as ProblemError).problems[0]?.message).toMatch(
    /the rules last ran at 2025-03-10T11:59:00.000Z: too long ago/,
  );
  expect((await schedulersBeside(scope)).map(({ scheduler }) => scheduler)).toEqual(['local']);
  expect(await schedulersBeside(scope.with({ scheduler: 'local' }))).toEqual([]);
});

test('deploy --move: a rule on the old scheduler that is no longer in the content is not left alone there', async () => {
  const here = await dataset();
  const { scope } = await alertingDataset({ namespace: here.namespace });
  const content = contentWith([{ ...here.rule, uuid: '11111111-2222-4333-8444-555555555555' }]);
  const refused: unknown = await deploy(scope, await planMonitors(scope, content), quiet(), {
    yes: true,
    move: { content, prune: false },
  }).catch((error: unknown) => error);
  expect((refused as ProblemError).problems).toMatchObject([
    {
      message: `“Children of WmiPrvSE” (${here.rule.uuid}) on the scheduler local is no longer in the content. Nothing was changed.`,
    },
  ]);
});

test('deploy --move: from OpenSearch Alerting to local: the first run reads what the monitor may not have seen, and no more', async () => {
  const here = await dataset();
  const { scope } = await alertingDataset({ namespace: here.namespace });
  await move(scope, here);
  await here.index([cameIn('long ago', 600), cameIn('just now', 0.1)]);
  const local: Deployment = scope.with({ scheduler: 'local' });
  const plan = await planOfRule(local, here);
  const moved = await deploy(local, plan, quiet(), {
    yes: false,
    move: { content: contentWith([here.rule]), prune: false },
  });
  expect(done(moved)).toEqual(['create detection_rule: done', 'delete monitor: done']);
  await here.run({ now: () => Date.now() });
  const lines = (await here.alerts()).map(({ process }) => (process as { command_line?: string }).command_line);
  expect(lines).toEqual(['just now']);
});

/** As {@link move}, from monitors to the local scheduler. */
async function moveToLocal(scope: Deployment, here: Dataset, yes = false): Promise<Deployed> {
  const local: Deployment = scope.with({ scheduler: 'local' });
  const move = { content: contentWith([here.rule]), prune: false };
  return deploy(local, await planOfRule(local, here), quiet(), { yes, move });
}

describe('deploy --move: a monitor with open alerts', () => {
  test('stays where it is when its rule moves away: switched off, its alerts untouched, and not running', async () => {
    const here = await dataset();
    const { scope, server } = await alertingDataset({ namespace: here.namespace });
    await here.index([cameIn('seen', 5)]);
    await move(scope, here);
    expect(done(await moveToLocal(scope, here))).toEqual(['create detection_rule: done', 'update monitor: done']);
    const [left] = server.monitors.stored.values();
    expect(left?.monitor).toMatchObject({ enabled: false, ui_metadata: { wmi_detections: { left: true } } });
    expect(server.alerts.alerts).toMatchObject([{ state: 'ACTIVE' }]);
    const { alerts } = await monitorAlerts(scope.cluster, scope.namespace, []);
    expect(alerts).toMatchObject([{ wmi_detections: { status: 'open' }, process: { command_line: 'seen' } }]);
    expect(await schedulersBeside(scope.with({ scheduler: 'local' }))).toEqual([]);
    expect(await monitorRuleStates(scope)).toEqual([]);
    // A second move finds nothing that is to leave.
    expect(done(await moveToLocal(scope, here))).toEqual([]);
  });

  test('counts as running again when somebody switches it on', async () => {
    const here = await dataset();
    const { scope, server } = await alertingDataset({ namespace: here.namespace });
    await here.index([cameIn('seen', 5)]);
    await move(scope, here);
    await moveToLocal(scope, here);
    for (const { monitor } of server.monitors.stored.values()) monitor.enabled = true;
    const others = await schedulersBeside(scope.with({ scheduler: 'local' }));
    expect(others.map(({ scheduler }) => scheduler)).toEqual(['opensearch-alerting']);
    expect(done(await moveToLocal(scope, here))).toContain('update monitor: done');
    expect(await schedulersBeside(scope.with({ scheduler: 'local' }))).toEqual([]);
  });

  test('goes with a later prune, or destroy, from the scheduler where the rules are; with a question while alerts are open', async () => {
    const here = await dataset();
    const { scope, server } = await alertingDataset({ namespace: here.namespace });
    await here.index([cameIn('seen', 5)]);
    await move(scope, here);
    await moveToLocal(scope, here);
    const local: Deployment = scope.with({ scheduler: 'local' });
    const kept = await local.plan(contentWith([here.rule]), { prune: false });
    expect(kept.leftovers).toContainEqual({ kind: 'monitor', id: here.rule.uuid });
    const { plan } = await makeDestroyPlan(local, { withData: false });
    expect(plan.steps.map(({ change }) => `${change.action} ${change.kind}`)).toContain('delete monitor');
    const all = await local.plan(contentWith([here.rule]), { prune: true });
    const gone = planFrom(
      all.steps.filter(({ kind }) => kind.name === 'monitor'),
      all.counts.unchanged,
      [],
    );
    await expect(deploy(local, gone, quiet(), { yes: false })).rejects.toThrow(/which has 1 open alert/);
    Object.assign(server.alerts.alerts[0] ?? {}, { state: 'ACKNOWLEDGED', acknowledged_time: Date.now() });
    expect(done(await deploy(local, gone, quiet(), { yes: false }))).toEqual(['delete monitor: done']);
    expect(server.monitors.stored.size).toBe(0);
  });

  test('runs again when its rule comes back, with its alerts', async () => {
    const here = await dataset();
    const { scope, server } = await alertingDataset({ namespace: here.namespace });
    await here.index([cameIn('seen', 5)]);
    await move(scope, here);
    const [id] = server.monitors.stored.keys();
    await moveToLocal(scope, here);
    await here.run({ now: () => Date.now() });
    expect(done(await move(scope, here))).toEqual(['update monitor: done', 'delete detection_rule: done']);
    expect([...server.monitors.stored.keys()]).toEqual([id]);
    expect([...server.monitors.stored.values()].map(({ monitor }) => monitor.enabled)).toEqual([true]);
    expect((await planMonitors(scope, contentWith([here.rule]))).steps).toEqual([]);
    expect(server.alerts.alerts).toMatchObject([{ state: 'ACTIVE' }]);
  });
});

/** The plan of the rule alone. */
async function planOfRule(scope: Deployment, { rule }: Pick<Dataset, 'rule'>): ReturnType<typeof planMonitors> {
  const { steps, counts } = await scope.plan(contentWith([rule]), { prune: false });
  return planFrom(
    steps.filter(({ kind }) => kind.name === 'detection_rule'),
    counts.unchanged,
    [],
  );
}

test('deploy --move: from local to Watcher: what came in since has its alert at once, under the same id as ever', async () => {
  const here = await dataset();
  await here.run({ now: () => Date.now() - 29 * MINUTE });
  await here.index([cameIn('since then', 25)]);
  const scope = await scopeOn(watcher(), here.namespace);
  expect(done(await move(scope, here))).toEqual(['create watch: done', 'delete detection_rule: done']);
  expect(watcher().watches.size).toBe(1);
  expect(await here.alerts()).toMatchObject([{ process: { command_line: 'since then' } }]);
});

describeContract('deploy --move: with Kibana', () => {
  test('from local to Kibana: a manual run over the time since the last run', async () => {
    const here = await dataset();
    await here.run({ now: () => Date.now() - 29 * MINUTE });
    const mark = await readWatermark(here.cluster, here.namespace, here.rule.uuid);
    const scope = await scopeFor(kibana(), { namespace: here.namespace });
    expect(done(await move(scope, here))).toEqual(['create detection_rule: done', 'delete detection_rule: done']);
    const [run] = kibana().seen.filter(({ path }) => path.endsWith('/_bulk_action'));
    expect(run?.body).toMatchObject({
      action: 'run',
      ids: [[...kibana().space().rules.values()][0]?.id],
      run: { start_date: new Date(mark?.at ?? 0).toISOString() },
    });
    expect(await schedulersBeside(scope)).toEqual([]);
  });

  test('a rule that is disabled, or whose last run failed, moves only after a yes', async () => {
    const here = await dataset();
    const content = contentWith([here.rule]);
    const scope = await scopeFor(kibana(), { namespace: here.namespace });
    await move(scope, here);
    const last = { date: ago(2), status: 'failed', status_order: 0, message: 'no', metrics: {} };
    kibana().decorate = (stored) => ({ ...stored, execution_summary: { last_execution: last } });
    const local: Deployment = scope.with({ scheduler: 'local' });
    const back = async (yes: boolean): Promise<Deployed> =>
      deploy(local, await planOfRule(local, here), quiet(), { yes, move: { content, prune: false } });
    await expect(back(false)).rejects.toThrow(/The last run of “Children of WmiPrvSE .*” on kibana failed/);
    kibana().decorate = (stored) => ({ ...stored, enabled: false });
    await expect(back(false)).rejects.toThrow(/is disabled on kibana, and will be enabled/);
    expect(kibana().space().rules.size).toBe(1);
    expect(done(await back(true))).toEqual(['create detection_rule: done', 'delete detection_rule: done']);
  });

  test('a rule that Kibana cannot run may leave it; one that is no longer in the content may not', async () => {
    const here = await dataset();
    const scope = await scopeFor(kibana(), { namespace: here.namespace });
    await move(scope, here);
    const long = [{ literal: `${'x'.repeat(260)}*` }];
    const test = { kind: 'text', pattern: long, cased: false } as const;
    const rule: Rule = { ...here.rule, condition: { kind: 'field', field: 'process.name', test } };
    await expect(planKibana(scope, contentWith([rule]))).rejects.toMatchObject({ code: 'RULE_INVALID' });
    const local: Deployment = scope.with({ scheduler: 'local' });
    const leave = async (content: Content): Promise<Deployed> =>
      deploy(local, await planOfRule(local, { rule }), quiet(), { yes: false, move: { content, prune: false } });
    await expect(leave(contentWith([]))).rejects.toThrow(
      /“Children of WmiPrvSE \[.*\]” \(.*\) on the scheduler kibana, space default, is no longer in the content/,
    );
    expect(done(await leave(contentWith([rule])))).toEqual([
      'create detection_rule: done',
      'delete detection_rule: done',
    ]);
  });

  test('a disabled rule needs no yes where its file says that it is not to run in Kibana either', async () => {
    const here = await dataset();
    const monitors = await alertingDataset({ namespace: here.namespace });
    await move(monitors.scope, here);
    for (const { monitor } of monitors.server.monitors.stored.values()) monitor.enabled = false;
    const scope = { ...(await scopeFor(kibana(), { namespace: here.namespace })), cluster: monitors.scope.cluster };
    await expect(move(scope, here)).rejects.toThrow(/is disabled on opensearch-alerting, and will be enabled/);
    const rule: Rule = { ...here.rule, kibana: { enabled: false } };
    expect(done(await move(scope, { ...here, rule }))).toEqual(['create detection_rule: done', 'delete monitor: done']);
    expect([...kibana().space().rules.values()]).toMatchObject([{ enabled: false }]);
  });

  test('where the time since cannot be covered the rule is on both, and a second run mends it', async () => {
    const here = await dataset();
    await here.run({ now: () => Date.now() - 29 * MINUTE });
    const scope = await scopeFor(kibana(), { namespace: here.namespace });
    kibana().fail(({ path }) => path.endsWith('/_bulk_action'), { status: 403 }, 1);
    const half = await move(scope, here);
    expect(done(half)).toEqual(['create detection_rule: done']);
    expect(half.halfway?.because?.code).toBe('FORBIDDEN');
    expect((await schedulersBeside(scope)).map(({ scheduler }) => scheduler)).toEqual(['local']);
    expect(done(await move(scope, here))).toEqual(['delete detection_rule: done']);
  });

  test('where what is on the old scheduler cannot be read the rule is on both, and what was done is told', async () => {
    const here = await dataset();
    const refresh = `/${stateIndex(here.namespace)}/_refresh`;
    const between = await proxy(here.cluster, ({ path }) =>
      path === refresh && kibana().space().rules.size > 0 ? { status: 403, body: { error: 'no' } } : undefined,
    );
    try {
      const scope = { ...(await scopeFor(kibana(), { namespace: here.namespace })), cluster: between.cluster };
      const half = await move(scope, here);
      expect(done(half)).toEqual(['create detection_rule: done']);
      expect(half.halfway?.because?.code).toBe('FORBIDDEN');
    } finally {
      between.close();
    }
    const whole = await move(await scopeFor(kibana(), { namespace: here.namespace }), here);
    expect([done(whole), whole.halfway]).toEqual([['delete detection_rule: done'], undefined]);
  });

  test('a move that is not finished says that the rules may be on both, and what to do; one that is does not', async () => {
    const { cluster, namespace } = await dataset();
    await request(cluster, { method: 'DELETE', path: `/${stateIndex(namespace)}` });
    const flags = { esUrl: cluster.url, namespace, output: 'json', yes: true, prune: false };
    expect((await deployCommand.run(quiet(), { ...flags, scheduler: 'local', move: false })).exit).toBe(0);
    const notes: string[] = [];
    const context: Context = {
      ...quiet(),
      environment: { WMI_DETECTIONS_KIBANA_API_KEY: API_KEY },
      note: (line) => notes.push(line),
    };
    const moving = { ...flags, scheduler: 'kibana', kibanaUrl: kibana().url, move: true };
    kibana().fail(({ method, path }) => method === 'POST' && path.endsWith('/rules'), { status: 400 }, 1);
    expect((await deployCommand.run(context, moving)).exit).toBe(2);
    expect(notes).toMatchInlineSnapshot(`
     [
       "The move is not finished: rules may be on both schedulers now, and alert twice. Deploy with --move again. What failed or was skipped says why.",
     ]
    `);
    notes.length = 0;
    expect((await deployCommand.run(context, moving)).exit).toBe(0);
    expect(notes).toEqual([]);
  });

  test('what the new scheduler refuses stays on the old one', async () => {
    const here = await dataset();
    const scope = await scopeFor(kibana(), { namespace: here.namespace });
    kibana().fail(({ method, path }) => method === 'POST' && path.endsWith('/rules'), { status: 400 });
    expect(done(await move(scope, here))).toEqual(['create detection_rule: failed']);
    expect((await schedulersBeside(scope)).map(({ scheduler }) => scheduler)).toEqual(['local']);
  });

  test('without --move nothing is done, and what to do is told', async () => {
    const here = await dataset();
    const scope = await scopeFor(kibana(), { namespace: here.namespace });
    const plan = await planKibana(scope, contentWith([here.rule]));
    const refused: unknown = await deploy(scope, plan, quiet(), { yes: true }).catch((error: unknown) => error);
    expect((refused as ProblemError).problems[0]?.hint?.replace(here.namespace, 'NS')).toMatchInlineSnapshot(
      `"To move them: \`wmi-detections deploy --scheduler kibana --namespace NS --move\`. Events stay, and alerts where they are."`,
    );
  });
});
