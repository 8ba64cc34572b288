import { createServer } from 'node:https';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { keepSecret } from '../../../src/errors';
import { openWebhook, originOf, type Reply } from '../../../src/notify/post';
import type { RetryPolicy } from '../../../src/cluster/retry-policy';
import type { Webhook } from '../../../src/settings';
import { authority } from '../../support/certificates';
import { connectProxy } from '../../support/connect-proxy';
import { listening } from '../../support/listening';
import { receiver, type Fate, type Receiver } from '../../support/receiver';
import { quick } from '../../support/retry-policy';

let here: Receiver;
beforeEach(async () => {
  here = await receiver();
});
afterEach(() => here.close());

async function post(webhook: Webhook, policy: Partial<RetryPolicy> = {}, signal?: AbortSignal): Promise<Reply> {
  const open = await openWebhook(webhook, { retryPolicy: quick(policy), signal });
  try {
    return await open.post('{"alerts":[]}');
  } finally {
    await open.close();
  }
}

/** The same without the port, which differs from run to run. */
async function replies(...fates: readonly (Fate | undefined)[]): Promise<Reply> {
  here.fate = (number) => fates[Math.min(number, fates.length - 1)];
  const reply = await post(here.webhook(), { timeout: 200 });
  return JSON.parse(JSON.stringify(reply).replaceAll(/:\d{4,5}\b/g, ':port')) as Reply;
}

describe('a message that is posted', () => {
  test('is JSON, with the headers of the settings in place of ours', async () => {
    await post(here.webhook({ headers: { Authorization: 'Bearer t', 'User-Agent': 'soc' } }));
    expect(here.received).toMatchObject([
      {
        path: '/hooks/a-secret-path',
        headers: { 'content-type': 'application/json', authorization: 'Bearer t', 'user-agent': 'soc' },
      },
    ]);
  });

  test('is accepted by any status from 200 to 299, however slowly the answer comes', async () => {
    expect(await replies({ status: 202 })).toEqual({ accepted: true, status: 202, said: '' });
    expect(await replies('slow')).toEqual({ accepted: true, status: 200, said: 'accepted' });
  });

  test.each<[string, Fate]>([
    ['the connection was cut', 'cut'],
    ['half of the answer came', 'half'],
    ['no answer came', 'stall'],
    ['the receiver was busy', { status: 429, headers: { 'retry-after': '1' } }],
    ['a proxy had no receiver', { status: 502 }],
  ])('is sent again when %s', async (_, fate) => {
    expect(await replies(fate, undefined)).toMatchObject({ accepted: true });
    expect(here.received).toHaveLength(2);
  });

  test('waits as long as the receiver asks', async () => {
    const pauses: number[] = [];
    here.fate = (number) => (number === 0 ? { status: 429, headers: { 'retry-after': '7' } } : undefined);
    const wait = (milliseconds: number): Promise<void> => {
      pauses.push(milliseconds);
      return Promise.resolve();
    };
    expect(await post(here.webhook(), { wait })).toMatchObject({ accepted: true });
    expect(pauses).toEqual([7_000]);
  });

  test('is left to the next run when the receiver asks for a longer pause', async () => {
    expect(await replies({ status: 429, headers: { 'retry-after': '900' }, body: 'rate_limited' })).toEqual({
      accepted: false,
      reason: 'answered 429: rate_limited; it asks for no message for 15 min 0 s',
      perhapsMessage: false,
      wait: 900_000,
    });
    expect(here.received).toHaveLength(1);
  });

  test.each<[string, Fate, number, string, boolean]>([
    ['a refusal', { status: 400, body: 'invalid_blocks' }, 1, 'answered 400: invalid_blocks', true],
    ['an error of the receiver', { status: 500, body: 'oops' }, 1, 'answered 500: oops', true],
    [
      'a redirect',
      { status: 302, headers: { location: 'https://elsewhere.test/login?token=1' } },
      1,
      'answered 302: it redirects to https://elsewhere.test, which is not followed',
      true,
    ],
    [
      'a firewall',
      { status: 403, body: '<h1>Blocked \u202e</h1>\nby rule 7' },
      1,
      'answered 403: Blocked \\u{202e} by rule 7',
      true,
    ],
    ['a busy receiver', { status: 503 }, 4, 'answered 503 (tried 4 times)', false],
    ['a cut connection', 'cut', 4, 'no answer: UND_ERR_SOCKET other side closed (tried 4 times)', true],
    ['half an answer', 'half', 4, 'no answer: UND_ERR_SOCKET other side closed (tried 4 times)', true],
    ['no answer', 'stall', 2, 'no answer in time (tried 2 times)', true],
  ])('says what %s came to', async (_, fate, sent, reason, perhapsMessage) => {
    expect(await replies(fate)).toEqual({ accepted: false, reason, perhapsMessage });
    expect(here.received).toHaveLength(sent);
  });

  test('says that nothing listens there', async () => {
    await here.close();
    const { reason, perhapsMessage } = (await post(here.webhook())) as Extract<Reply, { accepted: false }>;
    expect({ reason: reason.replace(/:\d+/, ':port'), perhapsMessage }).toMatchInlineSnapshot(`
     {
       "perhapsMessage": false,
       "reason": "no answer: connect ECONNREFUSED 127.0.0.1:port (tried 4 times)",
     }
    `);
  });

  test('shows no secret, whoever repeats it', async () => {
    keepSecret('a-secret-path');
    expect(await replies({ status: 404, body: 'no hook a-secret-path' })).toMatchObject({
      reason: 'answered 404: no hook ***',
    });
    expect(originOf(here.webhook({ url: 'https://hooks.example.test:8443/services/T/B/x?sig=y' }))).toBe(
      'https://hooks.example.test:8443',
    );
  });

  test('is read only so far when the answer is endless', async () => {
    const reply = await replies({ status: 400, body: 'x'.repeat(1_000_000) });
    expect((reply as { reason: string }).reason.length).toBeLessThanOrEqual(200);
  });

  test('is not sent again after an interruption', async () => {
    const interruption = new AbortController();
    here.fate = () => {
      interruption.abort();
      return { status: 503 };
    };
    await expect(post(here.webhook(), {}, interruption.signal)).rejects.toMatchObject({ code: 'INTERRUPTED' });
    expect(here.received).toHaveLength(1);
  });
});

describe('a message over TLS', () => {
  const folder = mkdtempSync(join(tmpdir(), 'webhook-tls-'));
  const trusted = authority(folder, 'trusted');
  const signed = trusted.sign('hook', 'IP:127.0.0.1');
  const server = createServer(
    { cert: readFileSync(signed.certificate), key: readFileSync(signed.key) },
    (_request, response) => response.end('ok'),
  );
  let url: string;
  let close: () => Promise<void>;
  beforeAll(async () => {
    const listens = await listening(server);
    url = listens.url.replace('http:', 'https:');
    close = listens.close;
  });
  afterAll(async () => {
    await close();
    rmSync(folder, { recursive: true });
  });

  test('goes to a server whose authority the settings name', async () => {
    const ca = readFileSync(trusted.certificate, 'utf8');
    expect(await post(here.webhook({ url, ca }))).toMatchObject({ accepted: true });
  });

  test('goes to no other server, and is not tried again', async () => {
    const reply = await post(here.webhook({ url }));
    expect(reply).toMatchObject({ accepted: false, perhapsMessage: false });
    expect((reply as { reason: string }).reason).toMatch(/certificate/);
  });
});

test('a message goes through the proxy of the environment', async () => {
  const between = await connectProxy(Number(new URL(here.url).port));
  const webhook = here.webhook({ url: 'http://hooks.example.test/x', proxies: { http: between.url } });
  expect(await post(webhook)).toMatchObject({ accepted: true });
  expect(between.asked.map(({ host }) => host)).toEqual(['hooks.example.test:80']);
  await between.close();
});
