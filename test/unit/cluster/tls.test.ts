import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ProblemError } from '../../../src/errors';
import { connect } from '../../../src/cluster/cluster';
import type { Access } from '../../../src/settings';
import { authority, type Authority, type Signed } from '../../support/certificates';
import { fakeCluster, type FakeCluster } from '../../support/fake-cluster';

// The same on a real node with security: test/contract/elasticsearch-security.test.ts.
const folder = mkdtempSync(join(tmpdir(), 'tls-'));
let ours: Authority;
let other: Authority;
let good: FakeCluster;
let expired: FakeCluster;
let otherName: FakeCluster;
let mutual: FakeCluster;
let client: Signed;

const text = (path: string): string => readFileSync(path, 'utf8');
const pair = ({ certificate, key }: Signed) => ({ cert: text(certificate), key: text(key) });

beforeAll(async () => {
  ours = authority(folder, 'ours');
  other = authority(folder, 'other');
  client = ours.sign('client', 'DNS:client.test');
  const signed = ours.sign('node', 'IP:127.0.0.1');
  good = await fakeCluster(pair(signed));
  expired = await fakeCluster(pair(ours.sign('expired', 'IP:127.0.0.1', -1)));
  otherName = await fakeCluster(pair(ours.sign('elsewhere', 'DNS:es.elsewhere.test')));
  mutual = await fakeCluster({
    ...pair(signed),
    ca: text(ours.certificate),
    requestCert: true,
    rejectUnauthorized: true,
  });
});
afterAll(async () => {
  for (const server of [good, expired, otherName, mutual]) await server.close();
  rmSync(folder, { recursive: true });
});

async function refused(server: FakeCluster, access: Access): Promise<string> {
  const before = server.arrived.length;
  try {
    await connect({ url: server.url, apiKey: 'aWQ6a2V5', ...access });
  } catch (error) {
    if (!(error instanceof ProblemError)) throw error;
    expect(error.code).toBe('UNREACHABLE');
    expect(server.arrived.length).toBe(before);
    return error.message
      .replaceAll(server.url, '<url>')
      .replace(/(Local|Remote): 127\.0\.0\.1:\d+/g, '$1: <port>')
      .replace(/([0-9A-F]{2}:){31}[0-9A-F]{2}/g, '<fingerprint>');
  }
  throw new Error('nothing was thrown');
}

const fingerprintOf = (of: Authority) => of.fingerprint.replaceAll(':', '');

test('TLS: a certificate of our authority is accepted, by its file or its fingerprint', async () => {
  expect((await connect({ url: good.url, ca: text(ours.certificate) })).version).toBe('3.8.0');
  expect((await connect({ url: good.url, caFingerprint: fingerprintOf(ours) })).version).toBe('3.8.0');
});

test('TLS: an unknown authority is refused, and nothing is sent', async () => {
  expect(await refused(good, {})).toMatchInlineSnapshot(`
   "GET <url>/: cannot be reached (self-signed certificate in certificate chain)
     The certificate is not signed by a known authority: give its CA file in WMI_DETECTIONS_ES_CA."
  `);
});

test('TLS: another authority than the one that is named is refused', async () => {
  expect(await refused(good, { ca: text(other.certificate) })).toMatchInlineSnapshot(`
   "GET <url>/: cannot be reached (self-signed certificate in certificate chain)
     The certificate is not signed by a known authority: give its CA file in WMI_DETECTIONS_ES_CA."
  `);
  expect(await refused(good, { caFingerprint: fingerprintOf(other) })).toMatchInlineSnapshot(`
   "<url>: no certificate that is shown there has the fingerprint of ca_fingerprint; shown are node <fingerprint>, ours <fingerprint>
     The fingerprint is that of another authority, somebody stands in between, or the authority itself is not shown there: then give its file as \`ca\`."
  `);
});

test.each([
  ['its file', () => ({ ca: text(ours.certificate) })],
  ['its fingerprint', () => ({ caFingerprint: fingerprintOf(ours) })],
])('TLS: with %s, an expired certificate and one for another name are refused all the same', async (_, access) => {
  expect(await refused(expired, access())).toContain('The certificate has expired: renew it on the cluster.');
  expect(await refused(otherName, access())).toContain('The certificate is for another host name');
});

test('TLS: a chain that shows the right authority and is not signed by it is refused', async () => {
  const forged = other.sign('forged', 'IP:127.0.0.1');
  const { cert, key } = pair(forged);
  const server = await fakeCluster({ cert: cert.replace(text(other.certificate), text(ours.certificate)), key });
  try {
    await refused(server, { caFingerprint: fingerprintOf(ours) });
  } finally {
    await server.close();
  }
});

test('TLS: an interruption while certificates are checked ends the command, and no other node is tried', async () => {
  const stop = new AbortController();
  let asked = 0;
  const silent = createServer((socket) => {
    asked += 1;
    stop.abort();
    socket.destroy();
  });
  await once(silent.listen(0, '127.0.0.1'), 'listening');
  const url = `https://127.0.0.1:${(silent.address() as AddressInfo).port}`;
  try {
    const connection = { url, otherUrls: [url], caFingerprint: fingerprintOf(ours) };
    await expect(connect(connection, { signal: stop.signal })).rejects.toMatchObject({ code: 'INTERRUPTED' });
    expect(asked).toBe(1);
    // Without an interruption it is a node that does not answer, and so the next one is asked.
    await expect(connect(connection)).rejects.toMatchObject({ code: 'UNREACHABLE' });
    expect(asked).toBe(3);
  } finally {
    silent.close();
  }
});

test('TLS: NODE_TLS_REJECT_UNAUTHORIZED lifts nothing', async () => {
  process.env['NODE_TLS_REJECT_UNAUTHORIZED'] = '0';
  try {
    expect(await refused(good, {})).toContain('not signed by a known authority');
  } finally {
    delete process.env['NODE_TLS_REJECT_UNAUTHORIZED'];
  }
});

test('TLS: certificates are not verified when the settings say so', async () => {
  for (const server of [good, expired, otherName]) {
    expect((await connect({ url: server.url, verify: false })).version).toBe('3.8.0');
  }
});

test('TLS: a client certificate opens what asks for one', async () => {
  const access = { ca: text(ours.certificate) };
  expect(await refused(mutual, access)).toMatchInlineSnapshot(`
   "GET <url>/: cannot be reached (other side closed - Local: <port>, Remote: <port>)
     The connection was cut: an https port spoken to as http:// does this, and so does a proxy."
  `);
  const own = { clientCertificate: text(client.certificate), clientKey: text(client.key) };
  expect((await connect({ url: mutual.url, ...access, ...own })).version).toBe('3.8.0');
});
