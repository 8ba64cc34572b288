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
export function tlsOf(lookup: SettingLookup, problems: Problem[]): Tls {
  const ca = pem(lookup, 'ca', problems);
  if (ca !== undefined) checkAuthorities(ca, lookup, problems);
  const fingerprint = lookup.find('ca_fingerprint');
  if (fingerprint !== undefined && lookup.find('ca') !== undefined) {
    const message = `${lookup.product}: both ca and ca_fingerprint`;
    problems.push({ where: fingerprint.where, message, hint: 'Take one of them away: either says whom to trust.' });
  }
  const tls = lookup.find('tls');
  const verify = (tls?.value as { verify?: boolean } | undefined)?.verify;
  return {
    ca,
    caFingerprint: lookup.text('ca_fingerprint')?.replaceAll(':', '').toUpperCase(),
    ...clientOf(lookup, problems),
    ...(verify === false && { verify, unverified: tls?.where }),
  };
}

function clientOf(lookup: SettingLookup, problems: Problem[]): Tls {
  const certificate = lookup.find('client_certificate');
  const key = lookup.find('client_key');
  const half = certificate === undefined ? key : key === undefined ? certificate : undefined;
  if (half !== undefined) {
    const missing = half === key ? 'client_certificate' : 'client_key';
    const message = `${lookup.product}: ${half.key} without ${missing}`;
    problems.push({ where: half.where, message, hint: `Give ${missing}, too: the path of a PEM file.` });
  }
  const clientCertificate = pem(lookup, 'client_certificate', problems);
  const clientKey = pem(lookup, 'client_key', problems);
  const clientKeyPassphrase = lookup.text('client_key_passphrase');
  if (clientKeyPassphrase !== undefined) keepSecret(clientKeyPassphrase);
  if (certificate !== undefined && clientCertificate !== undefined && clientKey !== undefined) {
    try {
      createSecureContext({ cert: clientCertificate, key: clientKey, passphrase: clientKeyPassphrase });
    } catch (error) {
      const message = `${lookup.product}: client_certificate and client_key do not serve (${(error as Error).message})`;
      problems.push({
        where: certificate.where,
        message,
        hint: 'Both are PEM; an encrypted key wants client_key_passphrase.',
      });
    }
  }
  return { clientCertificate, clientKey, clientKeyPassphrase };
}

function checkAuthorities(ca: string, lookup: SettingLookup, problems: Problem[]): void {
  try {
    new X509Certificate(ca);
  } catch {
    const message = `${lookup.product}: the CA file holds no certificate`;
    problems.push({ where: lookup.find('ca')?.where, message, hint: 'It is to be PEM: -----BEGIN CERTIFICATE-----.' });
  }
}

function pem(lookup: SettingLookup, key: WrittenKey, problems: Problem[]): string | undefined {
  const path = lookup.text(key);
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
