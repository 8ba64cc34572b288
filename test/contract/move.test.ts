import { makeDestroyPlan } from '../../src/plan/destroy';
import { deploy } from '../../src/plan/deploy';
import { planFrom } from '../../src/plan/plan';
import { schedulersBeside } from '../../src/plan/guard';
import type { Deployment } from '../../src/plan/deployment';
import { monitorAlerts } from '../../src/schedulers/opensearch-alerting/plugin-alert-store';
import { monitorRuleStates } from '../../src/schedulers/opensearch-alerting/monitor-runs';
import { planMonitors } from '../support/alerting-dataset';
import { quiet } from '../support/context';
import { contentWith } from '../support/content';
import {
  cameIn,
  commandLines,
  done,
  placeOfRule,
  ranBefore,
  runMove,
  runRow,
  schedulersWithRule,
  type Move,
  type Place,
  type Row,
} from '../support/moves';
import { watcherOfEachTest } from '../support/watcher-dataset';

const watcher = watcherOfEachTest();
const TO_MONITORS: Move = { to: 'opensearch-alerting' };

describe('deploy --move', () => {
  test.each<Row>([
    {
      title:
        'from local to OpenSearch Alerting alerts there on what came in since the last run, and deletes the local rule',
      moves: [
        {
          to: 'opensearch-alerting',
          arrange: async (place) => {
            await ranBefore(place);
            await place.here.index([cameIn('since then', 25), cameIn('just now', 0.1)]);
          },
          done: ['create monitor: done', 'delete detection_rule: done'],
          others: [],
          check: async ({ deployment, here }) => {
            const { alerts } = await monitorAlerts((deployment as Deployment).cluster, here.namespace, []);
            expect(commandLines(alerts)).toEqual(['just now', 'since then']);
          },
        },
      ],
    },
    {
      title: 'changes nothing where the last run is too long ago for monitors',
      moves: [
        {
          to: 'opensearch-alerting',
          arrange: ({ here }) => here.run(),
          refused: /the rules last ran at 2025-03-10T11:59:00.000Z: too long ago/,
          others: ['local'],
          check: async ({ monitors }) => {
            expect(await schedulersBeside((await monitors()).deployment.with({ scheduler: 'local' }))).toEqual([]);
          },
        },
      ],
    },
    {
      title: 'refuses to leave a rule on the old scheduler that is no longer in the content',
      moves: [
        {
          to: 'opensearch-alerting',
          content: (rule) => contentWith([{ ...rule, uuid: '11111111-2222-4333-8444-555555555555' }]),
          yes: true,
          refused: ({ uuid }) => [
            `“Children of WmiPrvSE” (${uuid}) on the scheduler local is no longer in the content. Nothing was changed.`,
          ],
        },
      ],
    },
    {
      title: 'from OpenSearch Alerting to local reads in the first run what the monitor may not have seen, and no more',
      moves: [
        TO_MONITORS,
        {
          to: 'local',
          arrange: ({ here }) => here.index([cameIn('long ago', 600), cameIn('just now', 0.1)]),
          done: ['create detection_rule: done', 'delete monitor: done'],
          check: async ({ here }) => {
            await here.run({ now: () => Date.now() });
            expect(commandLines(await here.alerts())).toEqual(['just now']);
          },
        },
      ],
    },
    {
      title: 'from local to Watcher alerts at once on what came in since, under the same id as ever',
      moves: [
        {
          to: 'watcher',
          arrange: async (place) => {
            await ranBefore(place);
            await place.here.index([cameIn('since then', 25)]);
          },
          done: ['create watch: done', 'delete detection_rule: done'],
          check: async ({ here }) => {
            expect(watcher().watches.size).toBe(1);
            expect(await here.alerts()).toMatchObject([{ process: { command_line: 'since then' } }]);
          },
        },
      ],
    },
  ])('$title', (row) => runRow(row, { watcher }));
});

describe('deploy --move of a rule whose monitor has open alerts', () => {
  const seenByMonitor: Move = { ...TO_MONITORS, arrange: ({ here }) => here.index([cameIn('seen', 5)]) };
  const back: Move = { to: 'local' };

  test.each<Row>([
    {
      title: 'leaves the monitor where it is: switched off, its alerts untouched, and not running',
      moves: [
        seenByMonitor,
        {
          ...back,
          done: ['create detection_rule: done', 'update monitor: done'],
          others: [],
          check: async ({ monitors }) => {
            const { deployment, server } = await monitors();
            const [left] = server.monitors.stored.values();
            expect(left?.monitor).toMatchObject({ enabled: false, ui_metadata: { wmi_detections: { left: true } } });
            expect(server.alerts.alerts).toMatchObject([{ state: 'ACTIVE' }]);
            const { alerts } = await monitorAlerts(deployment.cluster, deployment.namespace, []);
            expect(alerts).toMatchObject([{ wmi_detections: { status: 'open' }, process: { command_line: 'seen' } }]);
            expect(await monitorRuleStates(deployment, Date.now())).toEqual([]);
          },
        },
        // A second move finds nothing that is to leave.
        { ...back, done: [] },
      ],
    },
    {
      title: 'counts the monitor as running again when somebody switches it on',
      moves: [
        seenByMonitor,
        {
          ...back,
          check: async ({ deployment, monitors }) => {
            for (const { monitor } of (await monitors()).server.monitors.stored.values()) monitor.enabled = true;
            expect(await schedulersWithRule(deployment as Deployment)).toEqual(['opensearch-alerting']);
          },
        },
        // The first move has created the rule.
        { ...back, done: ['update monitor: done'], others: [] },
      ],
    },
  ])('$title', (row) => runRow(row, { watcher }));

  test('deletes the monitor with a later prune, or destroy, and asks while alerts are open', async () => {
    const place = await placeOfRule({});
    for (const move of [seenByMonitor, back]) await runMove(place, move);
    const { here, deployment: local } = place as Required<Place>;
    const { server } = await place.monitors();
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

  test('runs the monitor again when its rule comes back, with its alerts', async () => {
    const place = await placeOfRule({});
    await runMove(place, seenByMonitor);
    const { deployment, server } = await place.monitors();
    const [id] = server.monitors.stored.keys();
    await runMove(place, back);
    await place.here.run({ now: () => Date.now() });
    await runMove(place, { ...TO_MONITORS, done: ['update monitor: done', 'delete detection_rule: done'] });
    expect([...server.monitors.stored.keys()]).toEqual([id]);
    expect([...server.monitors.stored.values()].map(({ monitor }) => monitor.enabled)).toEqual([true]);
    expect((await planMonitors(deployment, contentWith([place.here.rule]))).steps).toEqual([]);
    expect(server.alerts.alerts).toMatchObject([{ state: 'ACTIVE' }]);
  });
});
