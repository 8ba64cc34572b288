import { riskCommand } from '../../src/commands/risk';
import type { Outcome } from '../../src/commands/command';
import type { RiskEntity } from '../../src/alerts/risk';
import { quiet } from '../support/context';
import { dataset, sharedDataset, wmiChild, type Dataset } from '../support/dataset';

function risk(here: Dataset, more: object = {}): Promise<Outcome> {
  const argv = { esUrl: here.cluster.url, namespace: here.namespace, scheduler: 'local', output: 'json', cap: 3 };
  return riskCommand.run(quiet(), { ...argv, from: '2025-03-10', ...more });
}

const scores = ({ json }: Outcome): string[] =>
  (json as { entities: RiskEntity[] }).entities.map(({ type, value, score }) => `${type} ${value} ${score}`);

/** One process as Sysmon and as 4688 tell of it, and another of a user without name on another host. */
async function threeAlerts(): Promise<Dataset> {
  const here = await dataset();
  await here.index([wmiChild('sysmon')]);
  const security = wmiChild('4688', { '@timestamp': '2025-03-10T11:50:00.030Z', 'process.command_line': null });
  await here.index([security], 'logs-windows_security.process_creation');
  await here.index([
    wmiChild('other', { 'host.name': 'ws02', 'user.name': null, '@timestamp': '2025-03-10T06:00:00Z' }),
  ]);
  await here.run();
  return here;
}

describe('risk', () => {
  // Nothing here changes it.
  const alerted = sharedDataset(threeAlerts);

  test('a process from two sources counts once, its twin on another host separately', async () => {
    const here = alerted();
    expect(await here.alerts()).toHaveLength(3);
    expect(scores(await risk(here))).toEqual(['host ws01.example.test 49', 'host ws02 49', 'user alice 49']);
  });

  test('counts only alerts of the period', async () => {
    const here = alerted();
    expect(scores(await risk(here, { from: '2025-03-10T12:00' }))).toEqual([]);
    expect(scores(await risk(here, { to: '2025-03-10T07:00' }))).toEqual(['host ws02 49']);
  });

  test('lists the alerts behind a score, and at most so many entities', async () => {
    const here = alerted();
    const { json } = await risk(here, { limit: 1 });
    const { entities, ...period } = json as { entities: RiskEntity[] };
    expect(period).toEqual({ from: '2025-03-10T00:00:00.000Z', to: null, cap: 3 });
    expect(entities).toHaveLength(1);
    expect(entities[0]?.alerts.map(({ added, why }) => [added, why])).toEqual([
      [49, null],
      [0, 'repeat'],
    ]);
    expect((await risk(here, { output: 'csv' })).text.split('\r\n')).toHaveLength(1 + 2 + 1 + 2);
  });

  test.each([-1, 1.5, NaN])('rejects a cap of %s', async (cap) => {
    await expect(risk(alerted(), { cap })).rejects.toMatchObject({ code: 'USAGE' });
  });

  test.each([-1, 0, 1.5, NaN])('rejects a limit of %s', async (limit) => {
    await expect(risk(alerted(), { limit })).rejects.toMatchObject({ code: 'USAGE' });
  });
});
