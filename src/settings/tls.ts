import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createSecureContext } from 'node:tls';
import { keepSecret, type Place, type Problem } from '../errors';
import type { SettingLookup } from './layers';
import type { WrittenKey } from './schema';

/** How the other end's certificate is verified, and the one that we show. */
export interface Tls {
  /** PEM text of the authorities to trust, in place of the system's. */
  readonly ca?: string | undefined;
  /** SHA-256 of the certificate of the authority to trust: 64 hexadecimal digits, in capitals. */
  readonly caFingerprint?: string | undefined;
  /** PEM text. */
  readonly clientCertificate?: string | undefined;
  readonly clientKey?: string | undefined;
  readonly clientKeyPassphrase?: string | undefined;
  /** False: no certificate is verified. */
  readonly verify?: boolean | undefined;
  /** Where it stands that none is verified. */
  readonly unverified?: Place | undefined;
}

/** Reads the files that TLS needs, and makes sure that they can serve. */
export function tlsOf(said: SettingLookup, problems: Problem[]): Tls {
  const ca = pem(said, 'ca', problems);
  if (ca !== undefined) checkAuthorities(ca, said, problems);
  const fingerprint = said.find('ca_fingerprint');
  if (fingerprint !== undefined && said.find('ca') !== undefined) {
    const message = `${said.product}: both ca and ca_fingerprint`;
    problems.push({ where: fingerprint.where, message, hint: 'Take one of them away: either says whom to trust.' });
  }
  const tls = said.find('tls');
  const verify = (tls?.value as { verify?: boolean } | undefined)?.verify;
  return {
    ca,
    caFingerprint: said.text('ca_fingerprint')?.replaceAll(':', '').toUpperCase(),
    ...clientOf(said, problems),
    ...(verify === false && { verify, unverified: tls?.where }),
  };
}

function clientOf(said: SettingLookup, problems: Problem[]): Tls {
  const certificate = said.find('client_certificate');
  const key = said.find('client_key');
  const half = certificate === undefined ? key : key === undefined ? certificate : undefined;
  if (half !== undefined) {
    const missing = half === key ? 'client_certificate' : 'client_key';
    const message = `${said.product}: ${half.key} without ${missing}`;
    problems.push({ where: half.where, message, hint: `Give ${missing}, too: the path of a PEM file.` });
  }
  const clientCertificate = pem(said, 'client_certificate', problems);
  const clientKey = pem(said, 'client_key', problems);
  const clientKeyPassphrase = said.text('client_key_passphrase');
  if (clientKeyPassphrase !== undefined) keepSecret(clientKeyPassphrase);
  if (certificate !== undefined && clientCertificate !== undefined && clientKey !== undefined) {
    try {
      createSecureContext({ cert: clientCertificate, key: clientKey, passphrase: clientKeyPassphrase });
    } catch (error) {
      const message = `${said.product}: client_certificate and client_key do not serve (${(error as Error).message})`;
      problems.push({
        where: certificate.where,
        message,
        hint: 'Both are PEM; an encrypted key wants client_key_passphrase.',
      });
    }
  }
  return { clientCertificate, clientKey, clientKeyPassphrase };
}

function checkAuthorities(ca: string, said: SettingLookup, problems: Problem[]): void {
  try {
    new X509Certificate(ca);
  } catch {
    const message = `${said.product}: the CA file holds no certificate`;
    problems.push({ where: said.find('ca')?.where, message, hint: 'It is to be PEM: -----BEGIN CERTIFICATE-----.' });
  }
}

function pem(said: SettingLookup, key: WrittenKey, problems: Problem[]): string | undefined {
  const path = said.text(key);
  if (path === undefined) return undefined;
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    const reason = (error as NodeJS.ErrnoException).code ?? String(error);
    const what = key === 'ca' ? 'CA' : key.replaceAll('_', ' ');
    problems.push({ where: { file: path }, message: `the ${what} file cannot be read (${reason})` });
    return undefined;
  }
}
