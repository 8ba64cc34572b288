import { runCommand } from '../../src/commands/run';
import type { Context, Outcome } from '../../src/commands/command';
import { dataset, storeRule, SYSMON, wmiChild, type Dataset } from '../support/dataset';
import { quiet } from '../support/context';
import { receiver, type Receiver } from '../support/receiver';
import { quick } from '../support/retry-policy';
import { settingsFolder } from '../support/temporary-folders';

const { written } = settingsFolder();

let soc: Receiver;
beforeEach(async () => {
  soc = await receiver();
});
afterEach(() => soc.close());

interface Given {
  readonly outcome: Outcome;
  readonly notes: readonly string[];
}

/** Gives `run` with a webhook in the settings. */
async function run(here: Dataset, argv: Record<string, unknown> = {}, change: Partial<Context> = {}): Promise<Given> {
  const config = written(`notify: {soc: {url: "${soc.url}/hook-secret-123456", rules: [wmi_children, gone_rule]}}\n`);
  const notes: string[] = [];
  const note = (line: string): void => void notes.push(line.replace(/:\d{4,5}\b/, ':port'));
  const context = { ...quiet(), retryPolicy: quick(), note, ...change };
  const flags = { config, esUrl: here.cluster.url, namespace: here.namespace, output: 'json', watch: false };
  return { outcome: await runCommand.run(context, { ...flags, 'dry-run': false, ...argv }), notes };
}

describe('run with webhooks', () => {
  test('sends new alerts and says so, and warns of a rule that is not stored', async () => {
    const here = await dataset();
    await here.index([wmiChild('a')]);
    const { outcome, notes } = await run(here);
    expect(outcome).toMatchObject({
      exit: 0,
      json: { rules: [{ new: 1 }], notified: [{ webhook: 'soc', alerts: 1 }] },
    });
    expect(notes).toEqual([
      'warning: notify.soc.rules: no stored rule is called "gone_rule"',
      'notify soc (http://127.0.0.1:port): 1 alert sent in 1 message',
    ]);
  });

  test('exits with 1 and says why when a webhook does not take an alert', async () => {
    const here = await dataset();
    await here.index([wmiChild('a')]);
    soc.fate = () => ({ status: 410, body: 'no_service' });
    const { outcome, notes } = await run(here);
    expect(outcome).toMatchObject({ exit: 1, json: { rules: [{ new: 1 }], notified: [{ waiting: 1 }] } });
    expect(notes.at(-1)).toBe('notify soc (http://127.0.0.1:port): 1 alert not sent: answered 410: no_service');
  });

  test.each([
    ['over a period', { from: '2025-01-01' }, 0],
    ['over a period with --notify', { from: '2025-01-01', notify: true }, 1],
    ['that is dry', { 'dry-run': true }, 0],
    ['with --no-notify', { notify: false }, 0],
  ])('a run %s sends %j: %i', async (_, argv, sent) => {
    const here = await dataset();
    await here.index([wmiChild('a')]);
    await run(here, argv);
    expect(soc.received).toHaveLength(sent);
  });

  test('refuses --notify beside --dry-run, and without a webhook', async () => {
    const here = await dataset();
    await expect(run(here, { notify: true, 'dry-run': true })).rejects.toMatchObject({ code: 'USAGE' });
    await expect(run(here, { notify: true, config: undefined })).rejects.toMatchObject({ code: 'SETTINGS' });
  });

  test('a watch sends what its windows find, and ends what it sends when it is interrupted', async () => {
    const here = await dataset();
    await here.index([wmiChild('a')]);
    const interruption = new AbortController();
    soc.fate = () => {
      interruption.abort();
      return undefined;
    };
    const { outcome, notes } = await run(here, { watch: true }, { signal: interruption.signal });
    expect(outcome.exit).toBe(130);
    expect(notes.at(-1)).toBe('notify soc (http://127.0.0.1:port): 1 alert sent in 1 message');
    const [alert] = await here.alerts();
    expect(alert?.wmi_detections).toMatchObject({ notified: [{ to: 'soc', state: 'sent' }] });
  });

  test('a watch goes on with its rules while a webhook does not answer', async () => {
    const here = await dataset();
    const rule = { ...here.rule, schedule: { interval: '1s', lookback: '1h' } };
    const query = { term: { 'process.parent.name': 'WmiPrvSE.exe' } };
    const indices = [`${SYSMON}-${here.namespace}`];
    const about = { kind: 'rule', managed_by: 'wmi-detections', digest: '' } as const;
    await storeRule(here.cluster, here.namespace, { ...about, rule, query, indices });
    await here.index([wmiChild('a')]);
    soc.fate = () => 'stall';
    const interruption = new AbortController();
    let windows = 0;
    const print = (): void => {
      windows += 1;
      if (windows === 2) interruption.abort();
    };
    // The second window would wait for both attempts if the message were sent between the two.
    const retryPolicy = quick({ timeout: 4_000 });
    await run(here, { watch: true }, { print, signal: interruption.signal, retryPolicy });
    expect(windows).toBe(2);
    expect(soc.received).toHaveLength(1);
  });
});
