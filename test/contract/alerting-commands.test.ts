import { alertsCommand } from '../../src/commands/alerts';
import type { Context, Outcome } from '../../src/commands/command';
import { deployCommand } from '../../src/commands/deploy';
import { destroyCommand } from '../../src/commands/destroy';
import { planCommand } from '../../src/commands/plan';
import { statusCommand } from '../../src/commands/status';
import { stateIndex } from '../../src/detections/indices';
import { request } from '../support/request';
import { alertingDataset } from '../support/alerting-dataset';
import { quiet } from '../support/context';
import { proxy, type Answer, type Fault } from '../support/proxy';
import { dataset, wmiChild } from '../support/dataset';

test('commands on OpenSearch Alerting: plan, deploy, alerts, status and destroy work from the command line', async () => {
  const events = await dataset();
  const { namespace } = events;
  // The data set comes with a rule of the local scheduler.
  await request(events.cluster, { method: 'DELETE', path: `/${stateIndex(namespace)}` });
  const { server, deployment } = await alertingDataset({ namespace });
  const argv = {
    esUrl: deployment.cluster.url,
    namespace,
    scheduler: 'opensearch-alerting',
    output: 'json',
    yes: true,
    prune: false,
  };
  const plain = (text: string) => text.replaceAll(` [${namespace}]`, '').replace(/\d+ unchanged/, 'n unchanged');

  const planned = await planCommand.run(quiet(), argv);
  expect(planned.json).toMatchObject({ counts: { create: 2, foreign: 0 } });
  await events.index([wmiChild('match', { 'event.ingested': new Date(Date.now() - 1_000).toISOString() })]);
  const deployed = await deployCommand.run(quiet(), argv);
  expect(deployed.exit).toBe(0);
  expect(deployed.json).toMatchObject({ unproven: ['monitor/0661c2de-93de-11ec-9833-acde48001122'] });
  expect(plain(deployed.text)).toMatchInlineSnapshot(`
   "  + monitor/24869767-8579-485d-9a4f-d9ddfd8f0cac “Process Execution via WMI”  created
     + monitor/0661c2de-93de-11ec-9833-acde48001122 “Windows WMI Process Call Create”  created
   Deploy: 2 done, 0 failed, 0 skipped, n unchanged.
     ? monitor/0661c2de-93de-11ec-9833-acde48001122 “wmi-detections/Windows WMI Process Call Create”  unproven: it has stored no alert yet as it now stands; its next match will be one"
  `);
  expect(plain((await planCommand.run(quiet(), argv)).text)).toMatchInlineSnapshot(`
   "Nothing to change: n unchanged.
     ? monitor/0661c2de-93de-11ec-9833-acde48001122 “wmi-detections/Windows WMI Process Call Create”  unproven: it has stored no alert yet as it now stands; its next match will be one"
  `);

  const { json } = await alertsCommand.run(quiet(), argv);
  expect(json).toMatchObject([
    {
      rule: { name: 'Process Execution via WMI' },
      event: { risk_score: 49 },
      threat: { technique: { id: ['T1047'] } },
    },
  ]);
  const local = await alertsCommand.run(quiet(), { ...argv, scheduler: 'local' });
  expect(local.json).toEqual([]);

  const asStatus = { ...argv, since: '24h', 'max-blind': 100 };
  expect((await statusCommand.run(quiet(), asStatus)).json).toMatchObject({ content: { inSync: true } });

  // The event keeps what all namespaces share.
  expect((await destroyCommand.run(quiet(), argv)).exit).toBe(0);
  expect(server.monitors.stored.size).toBe(0);
});

/** Deploys what is deployed already, while the alerts that would prove the monitors are not given. */
async function deployUnread(fate: Answer | Fault): Promise<{ outcome: Outcome; notes: string[] }> {
  const { deployment } = await alertingDataset();
  const notes: string[] = [];
  const stop = new AbortController();
  let reading = false;
  const between = await proxy(deployment.cluster, ({ path }) => {
    if (!reading || !path.endsWith('/monitors/alerts')) return undefined;
    if (fate === 'stall') stop.abort();
    return fate;
  });
  const context: Context = { ...quiet(), signal: stop.signal, note: (line) => notes.push(line) };
  const named = { namespace: deployment.namespace, scheduler: 'opensearch-alerting', output: 'json' };
  const argv = { ...named, esUrl: between.url, yes: true, prune: false, move: false };
  try {
    expect((await deployCommand.run(context, argv)).exit).toBe(0);
    reading = true;
    return { outcome: await deployCommand.run(context, argv), notes };
  } finally {
    between.close();
  }
}

test('commands on OpenSearch Alerting: deploy reports its changes even if it cannot read the proof of a monitor', async () => {
  const { outcome, notes } = await deployUnread({ status: 403, body: { error: { reason: 'not yours' }, status: 403 } });
  expect(outcome).toMatchObject({ exit: 0, json: { changes: [], counts: { create: 0 } } });
  expect(notes.join()).toMatch(/^Which rules are unproven could not be read: .*not yours/s);
});

test('commands on OpenSearch Alerting: deploy reports its changes even if reading the proof of a monitor is interrupted', async () => {
  const { outcome, notes } = await deployUnread('stall');
  expect(outcome).toMatchObject({ exit: 130, json: { changes: [] } });
  expect(notes.join()).toMatch(/^Which rules are unproven could not be read: .*interrupted$/s);
});

test('commands on OpenSearch Alerting: on a cluster without the plugin nothing is read or written', async () => {
  const { deployment } = await alertingDataset();
  const engine = process.env['TEST_ES_URL'];
  const argv = {
    esUrl: engine,
    namespace: deployment.namespace,
    scheduler: 'opensearch-alerting',
    output: 'text',
    yes: true,
    prune: true,
  };
  for (const command of [planCommand, deployCommand, destroyCommand, alertsCommand]) {
    await expect(command.run(quiet(), argv)).rejects.toMatchObject({ code: 'SETTINGS' });
  }
});
