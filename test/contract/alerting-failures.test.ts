import { makeDestroyPlan } from '../../src/plan/destroy';
import { deploy } from '../../src/plan/deploy';
import { adoptAll, findAdoptions } from '../../src/plan/adopt';
import { SCHEDULERS } from '../../src/schedulers';
import type { Deployment } from '../../src/plan/deployment';
import { triggerOf } from '../../src/schedulers/opensearch-alerting/monitor-ownership';
import { defaultIndices } from '../../src/detections/indices';
import { alertingDataset, deployMonitors, planMonitors } from '../support/alerting-dataset';
import { quiet } from '../support/context';
import { actions, results } from '../support/deployment';
import { contentWith, manyRules, rule } from '../support/content';
import { testCluster } from '../support/cluster';

const UUID = rule().uuid;

/** What was said of each change, without the URL of the test's server. */
function said(problems: readonly { message: string; hint?: string | undefined }[], url: string): string {
  return problems
    .map(({ message, hint }) => `${message}\n  ${hint ?? ''}`)
    .join('\n')
    .replaceAll(url, 'http://cluster');
}

test('failures of OpenSearch Alerting: a monitor that could never fire is not stored, and its dry run explains why', async () => {
  const here = await alertingDataset();
  here.server.fail(({ path }) => path === '/_execute', {
    status: 200,
    body: {
      error: null,
      input_results: { results: [], error: null },
      trigger_results: { [UUID]: { triggered: true, error: 'compile error', agg_result_buckets: {} } },
    },
  });
  const { problems } = await deployMonitors(here.deployment, contentWith([rule()]));
  expect(said(problems, here.deployment.cluster.url)).toMatchInlineSnapshot(`
   "monitor/24869767-8579-485d-9a4f-d9ddfd8f0cac “Process Execution via WMI”: a trial run of the monitor fails: compile error
     Nothing was stored. An index that it reads may have odd mappings: name others in \`indices\` of the settings."
  `);
  expect(here.server.monitors.stored.size).toBe(0);
});

test('failures of OpenSearch Alerting: a missing index is an error that names it; a pattern without a match is accepted', async () => {
  const here = await alertingDataset({ indices: ['nope-404'] });
  const { problems } = await deployMonitors(here.deployment, contentWith([rule()]));
  expect(said(problems, here.deployment.cluster.url)).toMatchInlineSnapshot(`
   "monitor/24869767-8579-485d-9a4f-d9ddfd8f0cac “Process Execution via WMI”: Configured indices are not found: [nope-404]
     Name only what is there in \`indices\` of the settings, or write a pattern: one that matches nothing is no error."
  `);
  const pattern = here.deployment.with({ indices: ['nope-404*'] });
  expect((await deployMonitors(pattern, contentWith([rule()]))).problems).toEqual([]);
});

test('failures of OpenSearch Alerting: the limit of monitors is reported with the setting that raises it, and stored monitors stay', async () => {
  const here = await alertingDataset();
  here.server.monitors.most = 1;
  const applied = await deployMonitors(here.deployment, contentWith(manyRules(2)));
  expect(applied.changes.map(({ status }) => status)).toEqual(['done', 'failed']);
  expect(said(applied.problems, here.deployment.cluster.url)).toMatchInlineSnapshot(`
   "monitor/6b86b273-ff34-4ce1-8d6b-804eff5a3f57 “Rule 1”: This request would create more than the allowed monitors [1].
     The cluster holds as many monitors as it may: raise its setting plugins.alerting.monitor.max_monitors (1,000 unless set), or delete monitors that nobody needs."
  `);
});

test("failures of OpenSearch Alerting: a 500 is reported with the plugin's reason and not retried", async () => {
  const here = await alertingDataset();
  const reason = 'lateinit property severity has not been initialized';
  here.server.fail(({ method, path }) => method === 'POST' && path === '', {
    status: 500,
    body: { error: { reason }, status: 500 },
  });
  const { problems } = await deployMonitors(here.deployment, contentWith([rule()]));
  expect(said(problems, here.deployment.cluster.url)).toContain(reason);
  expect(here.server.seen.filter(({ method, path }) => method === 'POST' && path === '')).toHaveLength(1);
});

test('failures of OpenSearch Alerting: a creation whose answer is lost is not sent again, and the next plan finds the monitor', async () => {
  const here = await alertingDataset();
  here.server.fail(({ method, path }) => method === 'POST' && path === '', 'cut');
  const content = contentWith([rule()]);
  const applied = await deployMonitors(here.deployment, content);
  expect(applied.changes.map(({ status }) => status)).toEqual(['failed']);
  expect(here.server.monitors.stored.size).toBe(1);
  expect(actions(await planMonitors(here.deployment, content))).toEqual([]);
});

test('failures of OpenSearch Alerting: a monitor that a user changes between read and write stays as the user made it', async () => {
  const here = await alertingDataset();
  await deployMonitors(here.deployment, contentWith([rule()]));
  const [stored] = [...here.server.monitors.stored.values()];
  here.server.fail(
    ({ path, query }) => {
      if (path !== '/_execute' || query.dryrun === undefined || stored === undefined) return false;
      stored.seqNo += 7;
      return false;
    },
    { status: 200, body: {} },
  );
  const { problems } = await deployMonitors(here.deployment, contentWith([rule({ version: 99 })]));
  expect(said(problems, here.deployment.cluster.url)).toMatch(
    /version conflict.*\n {2}Somebody changed the monitor meanwhile\. Run plan again\./,
  );
});

test('failures of OpenSearch Alerting: a monitor that a user renamed is not managed until it is adopted', async () => {
  const here = await alertingDataset();
  const content = contentWith([rule()]);
  await deployMonitors(here.deployment, content);
  const [stored] = [...here.server.monitors.stored.values()];
  Object.assign(stored?.monitor ?? {}, { name: 'WMI, tuned by the SOC', ui_metadata: {} });
  expect(actions(await planMonitors(here.deployment, content))).toEqual([`foreign monitor/${UUID}`]);
  expect(results(await deployMonitors(here.deployment, content))).toEqual([`foreign monitor/${UUID}: skipped`]);

  const { foreign } = await findAdoptions(here.deployment, content, [`monitor/${UUID}`]);
  expect((await adoptAll(here.deployment, foreign)).map(({ status }) => status)).toEqual(['adopted']);
  expect(actions(await planMonitors(here.deployment, content))).toEqual([`update monitor/${UUID}`]);
  await deployMonitors(here.deployment, content);
  expect(here.server.monitors.stored.size).toBe(1);
  expect(triggerOf([...here.server.monitors.stored.values()][0]?.monitor ?? {}).id).toBe(UUID);
});

test('failures of OpenSearch Alerting: without the plugin, and on Elasticsearch, the message names other schedulers', async () => {
  const cluster = await testCluster();
  await expect(SCHEDULERS.local.requireOn(cluster)).resolves.toBeUndefined();
  const refused = (product: 'opensearch' | 'elasticsearch') =>
    SCHEDULERS['opensearch-alerting'].requireOn({ ...cluster, url: 'http://cluster', product, version: '3.8.0' });
  await expect(refused('opensearch')).rejects.toThrowErrorMatchingInlineSnapshot(`
   "http://cluster: the scheduler is opensearch-alerting, and this OpenSearch 3.8.0 has no alerting plugin
     Install the plugin opensearch-alerting, or use \`--scheduler local\`, which works on every cluster."
  `);
  await expect(refused('elasticsearch')).rejects.toThrowErrorMatchingInlineSnapshot(`
   "http://cluster: the scheduler is opensearch-alerting, and this is Elasticsearch 3.8.0
     Use \`--scheduler kibana\` with Elastic Security, or \`--scheduler local\`, which works on every cluster."
  `);
});

test('failures of OpenSearch Alerting: a missing index before the first monitor counts as no monitor', async () => {
  const here = await alertingDataset();
  const missing = {
    status: 404,
    body: { error: { reason: 'no such index [.opendistro-alerting-config]' }, status: 404 },
  };
  for (let times = 0; times < 3; times += 1) here.server.fail(({ path }) => path === '/_search', missing);
  await expect(SCHEDULERS['opensearch-alerting'].requireOn(here.deployment.cluster)).resolves.toBeUndefined();
  expect(actions(await planMonitors(here.deployment, contentWith([rule()])))).toEqual([`create monitor/${UUID}`]);
});

test('failures of OpenSearch Alerting: a text that looks like a template is refused, because the plugin would fill it in', async () => {
  const here = await alertingDataset();
  const braces = { kind: 'text', pattern: [{ literal: 'x {{ctx}}' }], cased: true } as const;
  const bad = rule({ condition: { kind: 'field', field: 'process.name', test: braces } });
  await expect(planMonitors(here.deployment, contentWith([bad]))).rejects.toThrowErrorMatchingInlineSnapshot(`
   "rules/process_execution_via_wmi.yml: “Process Execution via WMI” or one of its exceptions looks for {{, which OpenSearch Alerting takes for a template
     Write it with a wildcard, {?, or run this rule on another scheduler."
  `);
  const another = { ...bad, uuid: manyRules(1)[0]?.uuid ?? '', name: 'Another' };
  await expect(planMonitors(here.deployment, contentWith([bad, another]))).rejects.toMatchObject({
    problems: [{}, { message: expect.stringContaining('“Another”') as string }],
  });
  const good = rule({
    condition: { ...bad.condition, test: { ...braces, pattern: [{ literal: 'x { {ctx} }' }] } } as never,
  });
  expect(actions(await planMonitors(here.deployment, contentWith([good])))).toEqual([`create monitor/${UUID}`]);
});

describe('failures of OpenSearch Alerting: one scheduler at a time', () => {
  test('monitors block a deploy to the local scheduler, and local rules block a deploy of monitors', async () => {
    const here = await alertingDataset();
    const content = contentWith([rule()]);
    await deployMonitors(here.deployment, content);
    const local = here.deployment.with({ scheduler: 'local' });
    const nothing = { ...(await local.plan(content, { prune: false })), steps: [] };
    await expect(deploy(local, nothing, quiet(), { yes: true })).rejects.toThrow(
      `rules of namespace ${here.deployment.namespace} run as monitors of OpenSearch Alerting on this cluster; two schedulers would alert twice. Nothing was changed.\n` +
        `  To move them: \`wmi-detections deploy --scheduler local --namespace ${here.deployment.namespace} --move\`.`,
    );
    const other = local.with({ namespace: `${here.deployment.namespace}b` });
    expect((await deploy(other, nothing, quiet(), { yes: true })).applied.problems).toEqual([]);

    await deployMonitors(here.deployment, contentWith([]), true);
    const plan = await local.plan(content, { prune: false });
    const steps = plan.steps.filter(({ kind }) => kind.name === 'detection_rule');
    await local.apply({ ...plan, steps });
    await expect(deploy(here.deployment, nothing, quiet(), { yes: true })).rejects.toMatchObject({ code: 'UNSAFE' });
  });

  test('destroy removes the monitors of its namespace, and no others', async () => {
    const here = await alertingDataset();
    await deployMonitors(here.deployment, contentWith([rule()]));
    const other = here.deployment.with({ namespace: `${here.deployment.namespace}b` });
    const monitorsOf = async (deployment: Deployment) => {
      const { plan } = await makeDestroyPlan(deployment, { withData: false });
      return actions(plan).filter((action) => action.includes('monitor/'));
    };
    expect(await monitorsOf(other)).toEqual([]);
    expect(await monitorsOf(here.deployment)).toEqual([`delete monitor/${UUID}`]);
  });
});

test('failures of OpenSearch Alerting: a monitor reads our streams as patterns because they exist only from their first event on', async () => {
  const here = await alertingDataset();
  await deployMonitors(here.deployment, contentWith([rule()]));
  const [stored] = [...here.server.monitors.stored.values()];
  const [input] = stored?.monitor.inputs as { search: { indices: string[] } }[];
  const own = defaultIndices(here.deployment.namespace)
    .slice(0, 3)
    .map((name) => `*${name}`);
  expect(input?.search.indices).toEqual(expect.arrayContaining(own));
});
