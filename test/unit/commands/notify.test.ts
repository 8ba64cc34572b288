import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ProblemError } from '../../../src/errors';
import { notifyCommand } from '../../../src/commands/notify';
import type { Outcome } from '../../../src/commands/command';
import { quiet } from '../../support/context';
import { receiver, type Receiver } from '../../support/receiver';
import { quick } from '../../support/retry-policy';
import { settingsFolder } from '../../support/temporary-folders';

const { path, written } = settingsFolder();

let soc: Receiver;
beforeEach(async () => {
  soc = await receiver();
});
afterEach(() => soc.close());

/** Gives `notify test` with these settings. */
async function notify(settings: string, webhooks?: readonly string[]): Promise<Outcome> {
  const config = written(settings);
  const environment = { HOOK: `${soc.url}/services/T000/B000/hook-secret-123456` };
  const context = { ...quiet(), environment, retryPolicy: quick({ attempts: 1 }) };
  return notifyCommand.run(context, { config, action: 'test', webhooks, output: 'text' });
}

/** The ports differ from run to run. */
const ported = (text: string): string => text.replace(/:\d{4,5}\b/g, ':port');

const TWO = 'notify:\n  soc: {url: "${HOOK}", form: slack}\n  night: {url: "${HOOK}", min_severity: critical}\n';

describe('notify test', () => {
  test('sends a marked sample to each webhook, whatever it chooses, and says what came back', async () => {
    soc.fate = (number) => (number === 0 ? { status: 200, body: 'ok' } : { status: 404, body: 'no_team' });
    const { text, json, exit } = await notify(TWO);
    expect(ported(text)).toMatchInlineSnapshot(`
     "soc (slack, http://127.0.0.1:port): accepted: 200 ok
     night (json, http://127.0.0.1:port): not accepted: answered 404: no_team"
    `);
    expect(json).toMatchObject([
      { webhook: 'soc', accepted: true },
      { webhook: 'night', accepted: false },
    ]);
    expect(exit).toBe(1);
    expect(soc.received.map(({ body }) => body.text.split('\n')[0])).toEqual([
      'TEST, not an alert. High (risk 49): Sample of `wmi-detections notify test`',
      'TEST, not an alert. High (risk 49): Sample of `wmi-detections notify test`',
    ]);
    expect(soc.received[1]?.body).toMatchObject({ test: true });
  });

  test('sends to the webhooks that are named alone', async () => {
    const { json, exit } = await notify(TWO, ['night']);
    expect({ json, exit }).toMatchObject({ json: [{ webhook: 'night' }], exit: 0 });
    expect(soc.received).toHaveLength(1);
  });

  test('goes on to the next webhook when nothing listens at one', async () => {
    const { text } = await notify('notify:\n  none: {url: "http://127.0.0.1:1/x"}\n  soc: {url: "${HOOK}"}\n');
    expect(ported(text)).toMatchInlineSnapshot(`
     "none (json, http://127.0.0.1:1): not accepted: no answer: connect ECONNREFUSED 127.0.0.1:1
     soc (json, http://127.0.0.1:port): accepted: 200 ok"
    `);
  });

  test('shows nothing of a URL but scheme and host, not even where the receiver repeats it', async () => {
    soc.fate = () => ({ status: 400, body: `bad path ${soc.received[0]?.path ?? ''}` });
    const { text, json } = await notify(TWO);
    expect(`${text}${JSON.stringify(json)}`).not.toMatch(/hook-secret|T000/);
    expect(text).toContain('bad path ***');
  });

  test('refuses a name that is not in the settings, with the one that was meant', async () => {
    await expect(notify(TWO, ['nigth'])).rejects.toThrow(
      new ProblemError('USAGE', [{ message: 'the settings have no webhook `nigth`', hint: 'Did you mean `night`?' }]),
    );
    expect(soc.received).toEqual([]);
  });

  test('is an error where the settings have no webhook', async () => {
    await expect(notify('namespace: a\n')).rejects.toMatchObject({ code: 'SETTINGS' });
  });

  test('says that a certificate is not verified', async () => {
    const config = join(path(), 'unverified.yml');
    writeFileSync(config, `notify: {soc: {url: "${soc.url}/hook-secret-x", tls: {verify: false}}}\n`);
    const notes: string[] = [];
    const note = (line: string): void => void notes.push(ported(line));
    await notifyCommand.run({ ...quiet(), note }, { config, action: 'test', output: 'text' });
    expect(notes.join('\n').replace(path(), '~')).toMatchInlineSnapshot(
      `"warning: ~/unverified.yml:1:61: the certificate of http://127.0.0.1:port is not verified (tls.verify: false). Whoever stands in between reads and changes everything, credentials too."`,
    );
  });
});
