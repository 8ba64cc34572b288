import { deploy } from '../../src/plan/deploy';
import type { Context } from '../../src/commands/command';
import { deployCommand } from '../../src/commands/deploy';
import type { ProblemError } from '../../src/errors';
import type { Deployment } from '../../src/plan/deployment';
import { stateIndex } from '../../src/detections/indices';
import type { Rule } from '../../src/detections/rule';
import { request } from '../support/request';
import { quiet } from '../support/context';
import { planKibana, kibanaDeployment, describeContract, kibanaOfEachTest } from '../support/kibana-dataset';
import { contentWith } from '../support/content';
import { API_KEY } from '../support/kibana-server';
import { ago, ranBefore, runRow, type Move, type Row } from '../support/moves';
import { proxy } from '../support/proxy';
import { dataset } from '../support/dataset';

const kibana = kibanaOfEachTest();
const TO_KIBANA: Move = { to: 'kibana' };
const TO_MONITORS: Move = { to: 'opensearch-alerting' };

describeContract('deploy --move with Kibana', () => {
  const BOTH_DONE = ['create detection_rule: done', 'delete detection_rule: done'];
  const LONG = { kind: 'text', pattern: [{ literal: `${'x'.repeat(260)}*` }], cased: false } as const;
  /** A rule that Kibana cannot run. */
  const inexpressible = (rule: Rule): Rule => ({
    ...rule,
    condition: { kind: 'field', field: 'process.name', test: LONG },
  });
  const createFails = (): void => {
    kibana().fail(({ method, path }) => method === 'POST' && path.endsWith('/rules'), { status: 400 });
  };

  test.each<Row>([
    {
      title: 'from local to Kibana starts a manual run over the time since the last run',
      moves: [
        {
          to: 'kibana',
          arrange: ranBefore,
          done: BOTH_DONE,
          others: [],
          check: ({ watermark }) => {
            const [run] = kibana().seen.filter(({ path }) => path.endsWith('/_bulk_action'));
            expect(run?.body).toMatchObject({
              action: 'run',
              ids: [[...kibana().space().rules.values()][0]?.id],
              run: { start_date: new Date(watermark ?? 0).toISOString() },
            });
          },
        },
      ],
    },
    {
      title: 'moves a rule that is disabled, or whose last run failed, only after a yes',
      moves: [
        TO_KIBANA,
        {
          to: 'local',
          arrange: () => {
            const last = { date: ago(2), status: 'failed', status_order: 0, message: 'no', metrics: {} };
            kibana().decorate = (stored) => ({ ...stored, execution_summary: { last_execution: last } });
          },
          refused: /The last run of “Children of WmiPrvSE .*” on kibana failed/,
        },
        {
          to: 'local',
          arrange: () => {
            kibana().decorate = (stored) => ({ ...stored, enabled: false });
          },
          refused: /is disabled on kibana, and will be enabled/,
          check: () => {
            expect(kibana().space().rules.size).toBe(1);
          },
        },
        { to: 'local', yes: true, done: BOTH_DONE },
      ],
    },
    {
      title: 'takes a rule from Kibana that Kibana cannot run, but not one that is no longer in the content',
      moves: [
        {
          ...TO_KIBANA,
          check: async ({ deployment, here }) => {
            const content = contentWith([inexpressible(here.rule)]);
            await expect(planKibana(deployment as Deployment, content)).rejects.toMatchObject({ code: 'RULE_INVALID' });
          },
        },
        {
          to: 'local',
          rule: inexpressible,
          content: () => contentWith([]),
          refused:
            /“Children of WmiPrvSE \[.*\]” \(.*\) on the scheduler kibana, space default, is no longer in the content/,
        },
        { to: 'local', rule: inexpressible, done: BOTH_DONE },
      ],
    },
    {
      title: 'needs no yes for a disabled rule where its file says that it is not to run in Kibana either',
      moves: [
        {
          ...TO_MONITORS,
          check: async ({ monitors }) => {
            for (const { monitor } of (await monitors()).server.monitors.stored.values()) monitor.enabled = false;
          },
        },
        { to: 'kibana', refused: /is disabled on opensearch-alerting, and will be enabled/ },
        {
          to: 'kibana',
          rule: (rule) => ({ ...rule, kibana: { type: 'eql', enabled: false } }),
          done: ['create detection_rule: done', 'delete monitor: done'],
          check: () => {
            expect([...kibana().space().rules.values()]).toMatchObject([{ enabled: false }]);
          },
        },
      ],
    },
    {
      title: 'leaves the rule on both where the time since cannot be covered, and a second run completes it',
      moves: [
        {
          to: 'kibana',
          arrange: async (place) => {
            await ranBefore(place);
            kibana().fail(({ path }) => path.endsWith('/_bulk_action'), { status: 403 }, 1);
          },
          done: ['create detection_rule: done'],
          halfway: 'FORBIDDEN',
          others: ['local'],
        },
        { to: 'kibana', done: ['delete detection_rule: done'] },
      ],
    },
    {
      title: 'leaves the rule on both where the old scheduler cannot be read, and reports what was done',
      moves: [
        {
          to: 'kibana',
          arrange: async (place) => {
            const refresh = `/${stateIndex(place.here.namespace)}/_refresh`;
            const between = await proxy(place.here.cluster, ({ path }) =>
              path === refresh && kibana().space().rules.size > 0 ? { status: 403, body: { error: 'no' } } : undefined,
            );
            place.close = () => {
              between.close();
            };
            place.cluster = between.cluster;
          },
          done: ['create detection_rule: done'],
          halfway: 'FORBIDDEN',
          check: (place) => {
            place.cluster = undefined;
          },
        },
        { to: 'kibana', done: ['delete detection_rule: done'], halfway: undefined },
      ],
    },
    {
      title: 'leaves on the old scheduler what the new one refuses',
      moves: [{ to: 'kibana', arrange: createFails, done: ['create detection_rule: failed'], others: ['local'] }],
    },
  ])('$title', (row) => runRow(row, { kibana }));

  test('warns that rules may be on both schedulers only if the move is not finished', async () => {
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

  test('is what a deploy without it suggests, and nothing is changed', async () => {
    const here = await dataset();
    const deployment = await kibanaDeployment(kibana(), { namespace: here.namespace });
    const plan = await planKibana(deployment, contentWith([here.rule]));
    const refused: unknown = await deploy(deployment, plan, quiet(), { yes: true }).catch((error: unknown) => error);
    expect((refused as ProblemError).problems[0]?.hint?.replace(here.namespace, 'NS')).toMatchInlineSnapshot(
      `"To move them: \`wmi-detections deploy --scheduler kibana --namespace NS --move\`. Events stay, and alerts where they are."`,
    );
  });
});
