import { once } from 'node:events';
import { connect, type DetailedPeerCertificate, type TLSSocket } from 'node:tls';
import { ProblemError } from '../errors';
import type { Access } from '../settings';
import type { RequestContext } from './connection';
import { unreachable } from './failure';

/** Milliseconds, as the system's own tools give up on a host that does not answer. */
const LONGEST = 20_000;

interface Pinnable extends Access {
  readonly url: string;
  readonly otherUrls?: readonly string[] | undefined;
}

/**
 * The same connection, in which a fingerprint has become the certificate that it is of. That is then the authority to trust,
 * and everything else (signature, dates, host name) is verified as ever: a chain that merely shows the right certificate
 * somewhere proves nothing. Nothing is sent while the certificates are looked at.
 * @throws ProblemError UNREACHABLE when no node answers or none shows that certificate; INTERRUPTED
 */
export async function withAuthority<T extends Pinnable>(
  connection: T,
  { signal }: Pick<RequestContext, 'signal'>,
): Promise<T> {
  const { url, otherUrls = [], caFingerprint } = connection;
  if (caFingerprint === undefined) return connection;
  const problems: ProblemError[] = [];
  for (const each of [url, ...otherUrls]) {
    try {
      return { ...connection, ca: await authorityOf(each, caFingerprint, signal) };
    } catch (error) {
      if (!(error instanceof ProblemError) || error.code === 'INTERRUPTED') throw error;
      problems.push(error);
    }
  }
  throw new ProblemError(
    'UNREACHABLE',
    problems.flatMap((error) => error.problems),
  );
}

async function authorityOf(url: string, fingerprint: string, signal: AbortSignal | undefined): Promise<string> {
  const where = { url, method: 'GET' };
  const shown = await certificatesOf(new URL(url), signal).catch((error: unknown) => {
    if (signal?.aborted === true) throw new ProblemError('INTERRUPTED', [{ where, message: 'interrupted' }]);
    throw unreachable(error, where);
  });
  const found = shown.find(({ fingerprint256 }) => fingerprint256.replaceAll(':', '') === fingerprint);
  if (found !== undefined) return pemOf(found.raw);
  const message = `no certificate that is shown there has the fingerprint of ca_fingerprint; shown are ${shown
    .map(({ subject, fingerprint256 }) => `${String(subject.CN)} ${fingerprint256}`)
    .join(', ')}`;
  const hint =
    'The fingerprint is that of another authority, somebody stands in between, or the authority itself is not shown there: then give its file as `ca`.';
  throw new ProblemError('UNREACHABLE', [{ where: { url }, message, hint }]);
}

/** The chain that a host shows, its own certificate first. */
async function certificatesOf(
  { protocol, hostname, port }: URL,
  signal: AbortSignal | undefined,
): Promise<DetailedPeerCertificate[]> {
  if (protocol !== 'https:')
    throw new Error('a certificate has its fingerprint checked, and the URL is no https:// one');
  const host = hostname.replace(/^\[|\]$/g, '');
  const servername = /^[\d.]+$|:/.test(host) ? {} : { servername: host };
  const socket = connect({ host, port: Number(port || 443), ...servername, rejectUnauthorized: false });
  socket.setTimeout(LONGEST, () => socket.destroy(new Error('no answer in time')));
  try {
    await once(socket, 'secureConnect', signal === undefined ? {} : { signal });
    return chainOf(socket);
  } finally {
    socket.destroy();
  }
}

function chainOf(socket: TLSSocket): DetailedPeerCertificate[] {
  const chain: DetailedPeerCertificate[] = [];
  let current: DetailedPeerCertificate | undefined = socket.getPeerCertificate(true);
  // One that signed itself is its own issuer.
  while (current !== undefined && !chain.includes(current)) {
    chain.push(current);
    current = issuerOf(current);
  }
  return chain;
}

function pemOf(der: Buffer): string {
  const lines = der.toString('base64').match(/.{1,64}/g) ?? [];
  return ['-----BEGIN CERTIFICATE-----', ...lines, '-----END CERTIFICATE-----', ''].join('\n');
}

/** The issuer's, where the server sent it; the types say that it always does. */
function issuerOf({ issuerCertificate }: DetailedPeerCertificate): DetailedPeerCertificate | undefined {
  return issuerCertificate;
}
