import { alertsCommand } from '../../src/commands/alerts';
import { reconcile } from '../../src/alerts/reconcile';
import { alerts } from '../../src/schedulers/alert-index-search';
import { unsafeReasons } from '../../src/plan/guard';
import { makeDestroyPlan } from '../../src/plan/destroy';
import { planFrom } from '../../src/plan/plan';
import { monitorAlerts } from '../../src/schedulers/opensearch-alerting/plugin-alert-store';
import { alertingDataset, deployMonitors, planMonitors, type AlertingDataset } from '../support/alerting-dataset';
import { quiet } from '../support/context';
import { contentWith } from '../support/content';
import { dataset, wmiChild, type Dataset } from '../support/dataset';
import { ago, placeOfRule, runMove } from '../support/moves';

interface Place extends AlertingDataset {
  readonly events: Dataset;
}

/** A monitor with so many active alerts. */
async function withAlerts(count: number): Promise<Place> {
  const events = await dataset();
  const here = { ...(await alertingDataset({ namespace: events.namespace })), events };
  const ingested = new Date(Date.now() - 1_000).toISOString();
  const pids = Array.from({ length: count }, (_, pid) => pid);
  await events.index(pids.map((pid) => wmiChild(`p${pid}`, { 'process.pid': pid, 'event.ingested': ingested })));
  await deployMonitors(here.deployment, contentWith([events.rule]));
  expect(here.server.alerts.alerts).toHaveLength(count);
  return here;
}

function states({ server }: AlertingDataset): string[] {
  return [...new Set(server.alerts.alerts.map(({ state }) => String(state)))].sort();
}

describe('deletion of a monitor of OpenSearch Alerting', () => {
  test('acknowledges its active alerts first, so that none stays active without a monitor', async () => {
    const here = await withAlerts(25);
    const nothing = contentWith([]);
    const plan = await planMonitors(here.deployment, nothing, true);
    expect(await unsafeReasons(here.deployment, plan)).toContainEqual(
      expect.stringContaining('which has 25 open alerts. They are acknowledged first.'),
    );
    expect((await deployMonitors(here.deployment, nothing, true)).problems).toEqual([]);
    expect(here.server.monitors.stored.size).toBe(0);
    expect(states(here)).toEqual(['ACKNOWLEDGED', 'DELETED']);
  });

  test('acknowledges those of a destroy as well', async () => {
    const here = await withAlerts(2);
    const { plan } = await makeDestroyPlan(here.deployment, { withData: false });
    const monitors = plan.steps.filter(({ kind }) => kind.name === 'monitor');
    await here.deployment.apply(planFrom(monitors, 0, []));
    expect(here.server.seen.filter(({ path }) => path.endsWith('/_acknowledge/alerts'))).toHaveLength(1);
  });

  test('does not happen where they cannot be acknowledged, and the message says how many remain', async () => {
    const here = await withAlerts(12);
    const refusal = { error: { type: 'security_exception', reason: 'no permissions' }, status: 403 };
    here.server.fail(({ path }) => path.endsWith('/_acknowledge/alerts'), { status: 403, body: refusal });
    const { problems } = await deployMonitors(here.deployment, contentWith([]), true);
    expect(problems).toMatchObject([
      { message: expect.stringContaining('was not deleted, because 12 active alerts of it could not be') as string },
    ]);
    expect(here.server.monitors.stored.size).toBe(1);
    expect(states(here)).toEqual(['ACTIVE']);
  });

  test('does not wait for alerts that ended meanwhile', async () => {
    const here = await withAlerts(2);
    here.server.fail(
      ({ path }) => {
        if (path.endsWith('/_acknowledge/alerts')) {
          for (const alert of here.server.alerts.alerts) alert.state = 'COMPLETED';
        }
        return false;
      },
      { status: 200, body: {} },
    );
    expect((await deployMonitors(here.deployment, contentWith([]), true)).problems).toEqual([]);
    expect(here.server.monitors.stored.size).toBe(0);
  });
});

test('alerts of OpenSearch Alerting: a red alert index is an error, and no part of the alerts passes for all of them', async () => {
  const here = await withAlerts(2);
  const { cluster, namespace } = here.deployment;
  here.server.node.health = 'red';
  here.server.alerts.alerts.length = 1;
  await expect(monitorAlerts(cluster, namespace, [])).rejects.toThrow(/index \.opendistro-alerting-alert\* is red/);
  const now = Date.now();
  const period = { from: Date.parse('2025-03-10'), to: now, now };
  await expect(reconcile(here.deployment, contentWith([here.events.rule]), period)).rejects.toThrow(/is red/);
  here.server.node.health = 'yellow';
  expect((await monitorAlerts(cluster, namespace, [])).alerts).toHaveLength(1);
});

describe('an alert that the alert index and OpenSearch Alerting both have', () => {
  const statuses = async ({ deployment, server }: AlertingDataset): Promise<unknown[]> => {
    const stored = await alerts(deployment.cluster, { namespace: deployment.namespace });
    const ours = stored.map(({ wmi_detections: each }) => (each as { status: string }).status);
    return [...ours, ...server.alerts.alerts.map(({ state }) => state)];
  };
  const acknowledge = async ({ deployment }: AlertingDataset, scheduler: string): Promise<void> => {
    const { cluster, namespace } = deployment;
    const [alert] = await alerts(cluster, { namespace });
    const ids = [String(alert?._id)];
    const argv = { esUrl: cluster.url, namespace, scheduler, action: 'ack', ids, output: 'text' };
    await alertsCommand.run(quiet(), argv);
  };

  test('is acknowledged in both by an analyst of OpenSearch Alerting', async () => {
    const here = await withAlerts(1);
    await here.events.run({ from: Date.parse('2025-03-10') });
    expect(await statuses(here)).toEqual(['open', 'ACTIVE']);
    await acknowledge(here, 'opensearch-alerting');
    expect(await statuses(here)).toEqual(['acknowledged', 'ACKNOWLEDGED']);
  });

  test('is acknowledged in both by an analyst of the scheduler that the rule moved to', async () => {
    const place = await placeOfRule({});
    await runMove(place, {
      to: 'opensearch-alerting',
      arrange: ({ here }) => here.index([wmiChild('a', { 'event.ingested': ago(5) })]),
    });
    await runMove(place, { to: 'local' });
    await place.here.run({ now: () => Date.now() });
    const monitors = await place.monitors();
    expect(await statuses(monitors)).toEqual(['open', 'ACTIVE']);
    await acknowledge(monitors, 'local');
    expect(await statuses(monitors)).toEqual(['acknowledged', 'ACKNOWLEDGED']);
  });
});
