import type { JsonRecord } from '../../src/json';
import { doctor } from '../../src/commands/doctor';
import { status as readStatus } from '../../src/commands/status';
import { readSettings } from '../../src/settings';
import { statusText } from '../../src/report/status-text';
import type { Status } from '../../src/status/status';
import type { RuleState } from '../../src/schedulers/deployed-rule';
import { alertingLimits } from '../../src/schedulers/opensearch-alerting/limits';
import { alertingDataset, deployMonitors, type AlertingDataset } from '../support/alerting-dataset';
import { contentWith, manyRules, rule } from '../support/content';

const MINUTE = 60_000;

async function deployed(): Promise<AlertingDataset & { id: string }> {
  const here = await alertingDataset();
  await deployMonitors(here.deployment, contentWith([rule()]));
  const [id = ''] = here.server.monitors.stored.keys();
  return { ...here, id };
}

function look({ deployment }: AlertingDataset, options: { tryRules?: boolean } = {}): Promise<Status> {
  return readStatus(deployment, contentWith([rule()]), { span: 60 * MINUTE, ...options });
}

/** What needs attention of the rule and its scheduler, and not of the sources or of the rest of the node. */
function ofRule({ attention }: Status): string[] {
  return attention.filter((sentence) => sentence.startsWith(rule().name));
}

async function stateOf(here: AlertingDataset): Promise<RuleState | undefined> {
  return (await here.deployment.scheduler.ruleStates(here.deployment, Date.now()))[0];
}

describe('status of OpenSearch Alerting: runs', () => {
  test('a monitor that ran by its schedule shows when, and when it runs next', async () => {
    const here = await deployed();
    here.server.locks.set(here.id, { time: Date.now() - 2 * MINUTE, released: true });
    const found = await look(here);
    expect(found.rules).toMatchObject([{ execution: { result: 'ended', gap: 0 }, overdue: false }]);
    expect(found.rules[0]?.nextRun).not.toBeNull();
    expect(ofRule(found)).toEqual([]);
    expect(statusText(found)).toMatch(/every 5m: ran [^;]+ ago; ended; next /);
  });

  test('a run that does not end needs attention, and one that began just now does not', async () => {
    const here = await deployed();
    here.server.locks.set(here.id, { time: Date.now() - MINUTE, released: false });
    expect(ofRule(await look(here))).toEqual([]);
    here.server.locks.set(here.id, { time: Date.now() - 20 * MINUTE, released: false });
    expect(ofRule(await look(here)).join('\n')).toMatch(
      /has not run for two intervals\n.*its last run ended in failed: this run has not ended/,
    );
  });

  test('a monitor that has not run for two intervals needs attention', async () => {
    const here = await deployed();
    here.server.locks.set(here.id, { time: Date.now() - 20 * MINUTE, released: true });
    expect(ofRule(await look(here))).toEqual([expect.stringContaining('has not run for two intervals')]);
  });

  test('a monitor without a run is new, or has never run', async () => {
    const here = await deployed();
    expect(ofRule(await look(here))).toEqual([]);
    const [stored] = here.server.monitors.stored.values();
    Object.assign(stored?.monitor ?? {}, { enabled_time: Date.now() - 60 * MINUTE });
    expect(ofRule(await look(here))).toEqual([expect.stringContaining('has never run')]);
  });

  test('runs that nobody may see are never called well', async () => {
    const here = await deployed();
    here.server.node.locksHidden = true;
    const found = await look(here);
    expect(ofRule(found)).toEqual([expect.stringContaining('whether it runs is not known')]);
    expect(statusText(found)).not.toContain('Nothing needs attention');
    expect(statusText(found)).toContain('every 5m: enabled; when it ran is not known');
  });

  test('an alert that was raised just now shows that a monitor runs, and an old one when it last did', async () => {
    const here = await deployed();
    here.server.node.locksHidden = true;
    const alert = { id: 'a', monitor_id: here.id, state: 'ACTIVE', start_time: Date.now() - MINUTE };
    here.server.alerts.alerts.push(alert);
    const found = await look(here);
    expect(ofRule(found)).toEqual([]);
    expect(found.rules).toMatchObject([{ execution: { result: 'raised an alert' } }]);
    alert.start_time = Date.parse('2026-01-31');
    expect(ofRule(await look(here))).toEqual([expect.stringContaining('its newest alert is of 2026-01-31')]);
  });

  test('a rule that is tried on request is known to run, or why not; no alert is stored', async () => {
    const here = await deployed();
    here.server.node.locksHidden = true;
    expect(ofRule(await look(here, { tryRules: true }))).toEqual([]);
    here.server.renderer.most = 0;
    here.server.renderer.texts.clear();
    expect(ofRule(await look(here, { tryRules: true }))).toEqual([
      expect.stringMatching(
        /its last run ended in failed: a trial run of the monitor fails: .*Too many dynamic script/,
      ),
    ]);
    expect(here.server.alerts.alerts).toEqual([]);
  });

  test('a search of version 0.1.0 is not tried, because it may never end', async () => {
    const here = await deployed();
    const [stored] = here.server.monitors.stored.values();
    const text = JSON.stringify(stored?.monitor.inputs).replaceAll('wmi_detections_stamp', 'wmi_detections_search');
    Object.assign(stored?.monitor ?? {}, { inputs: JSON.parse(text) as unknown });
    const before = here.server.seen.length;
    expect(ofRule(await look(here, { tryRules: true })).join()).toContain('was not run: deploy it again');
    expect(here.server.seen.slice(before).filter(({ path }) => path.endsWith('/_execute'))).toEqual([]);
  });

  test('a disabled monitor is disabled, whatever is known of its runs', async () => {
    const here = await deployed();
    const [stored] = here.server.monitors.stored.values();
    Object.assign(stored?.monitor ?? {}, { enabled: false });
    here.server.node.locksHidden = true;
    expect(ofRule(await look(here))).toEqual([`${rule().name} is disabled`]);
    expect(await stateOf(here)).not.toHaveProperty('runsUnknown');
  });
});

describe('limits of OpenSearch Alerting', () => {
  test('more search texts than a node keeps are reported before a deploy', async () => {
    const { deployment, server } = await alertingDataset();
    expect(await alertingLimits(deployment, contentWith(manyRules(50)))).toEqual([]);
    expect(await alertingLimits(deployment, contentWith(manyRules(51)))).toEqual([
      expect.stringMatching(
        /^51 enabled monitors will have after a deploy up to 102 search texts .* keeps 100 compiled/,
      ),
    ]);
    server.node.settings = { 'script.context.template.cache_max_size': '200' };
    expect(await alertingLimits(deployment, contentWith(manyRules(51)))).toEqual([]);
    server.node.settings = { 'script.context.template.max_compilations_rate': 'unlimited' };
    expect(await alertingLimits(deployment, contentWith(manyRules(200)))).toEqual([]);
  });

  test('a deploy of what is there already adds nothing, and monitors of others count', async () => {
    const here = await deployed();
    const [[, first] = []] = here.server.monitors.stored;
    if (first === undefined) throw new Error('there is no monitor');
    for (let number = 0; number < 49; number += 1) {
      const monitor: JsonRecord = { ...structuredClone(first.monitor), name: `theirs ${number}`, ui_metadata: {} };
      const [input] = monitor.inputs as { search: { query: { size: number } } }[];
      if (input !== undefined) input.search.query.size = number + 1;
      here.server.monitors.stored.set(`their-${number}`, { ...first, monitor });
    }
    expect(await alertingLimits(here.deployment, contentWith([rule()]))).toEqual([]);
    expect(await alertingLimits(here.deployment, contentWith(manyRules(2)))).toHaveLength(1);
  });

  test('refused compilations need attention', async () => {
    const here = await deployed();
    expect((await look(here)).limits).toEqual([]);
    here.server.renderer.refused = 3;
    const { attention } = await look(here);
    expect(attention).toContainEqual(
      expect.stringContaining('node node-1 has refused 3 script compilations since it started'),
    );
  });

  test.each([
    [499, []],
    [500, [/ has 500 alerts whose groups are found again/]],
    [10_000, [/ has 10000 alerts whose groups are found again/, / has 10000 alerts or more/]],
  ])('%d active alerts of a monitor are reported where they pass a limit', async (count, expected) => {
    const here = await deployed();
    const alert = { monitor_id: here.id, start_time: 0, acknowledged_time: null };
    here.server.alerts.alerts.push(
      ...Array.from({ length: count }, (_, number) => ({ ...alert, id: String(number), state: 'ACTIVE' })),
    );
    const found = await alertingLimits(here.deployment);
    expect(found).toEqual(expected.map((pattern) => expect.stringMatching(pattern) as unknown));
  });
});

describe('doctor on OpenSearch Alerting', () => {
  const examine = (here: AlertingDataset, user: Parameters<typeof doctor>[1]) =>
    doctor(readSettings({ esUrl: here.deployment.cluster.url, scheduler: 'opensearch-alerting' }, {}), user);

  test('a plugin whose scheduled jobs are switched off is missing', async () => {
    const here = await alertingDataset();
    const about = 'scheduler opensearch-alerting';
    expect((await examine(here, 'deployer')).checks).toContainEqual(expect.objectContaining({ about, state: 'ok' }));
    here.server.node.scheduledJobs = false;
    const { checks, missing } = await examine(here, 'deployer');
    const message = expect.stringContaining('plugins.scheduled_jobs.enabled is false') as string;
    expect(checks).toContainEqual(expect.objectContaining({ about, state: 'missing', message }));
    expect(missing).toBe(true);
  });

  test('a shipper needs no scheduler', async () => {
    const here = await alertingDataset();
    here.server.node.scheduledJobs = false;
    const { checks, missing } = await examine(here, 'shipper');
    expect(missing).toBe(false);
    expect(checks.map(({ about }) => about)).not.toContain('scheduler opensearch-alerting');
    expect((await examine(here, 'reader')).missing).toBe(true);
  });

  test('limits that are passed are warnings', async () => {
    const here = await alertingDataset();
    here.server.renderer.refused = 1;
    const { checks, missing } = await examine(here, 'deployer');
    expect(checks).toContainEqual(
      expect.objectContaining({ about: 'limits of opensearch-alerting', state: 'warning' }),
    );
    expect(missing).toBe(false);
  });
});
