import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Paths of two PEM files. */
export interface Signed {
  readonly certificate: string;
  readonly key: string;
}

/** An authority that a test makes with openssl; it is worth nothing outside of it. */
export interface Authority extends Signed {
  /** SHA-256 of its certificate, as ca_fingerprint wants it. */
  readonly fingerprint: string;
  /**
   * @param names `DNS:es.test`, `IP:127.0.0.1`
   * @param days from now until it ends; -1 for one that has expired
   */
  sign(name: string, names: string, days?: number): Signed;
}

const CURVE = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];

/** @param folder where its files go; it must be there */
export function authority(folder: string, name: string): Authority {
  const at = (file: string): string => join(folder, file);
  const openssl = (...args: string[]): string => execFileSync('openssl', args, { encoding: 'utf8', stdio: 'pipe' });
  const [certificate, key] = [at(`${name}.crt`), at(`${name}.key`)];
  openssl('req', '-x509', ...CURVE, '-days', '2', '-subj', `/CN=${name}`, '-keyout', key, '-out', certificate);
  const shown = openssl('x509', '-in', certificate, '-noout', '-fingerprint', '-sha256');
  return {
    certificate,
    key,
    fingerprint: shown.slice(shown.indexOf('=') + 1).trim(),
    sign: (own, names, days = 1) => {
      const signed = { certificate: at(`${own}.crt`), key: at(`${own}.key`) };
      const [request, extensions] = [at(`${own}.csr`), at(`${own}.ext`)];
      openssl('req', '-new', ...CURVE, '-subj', `/CN=${own}`, '-keyout', signed.key, '-out', request);
      writeFileSync(extensions, `subjectAltName=${names}\n`);
      const by = ['-CA', certificate, '-CAkey', key, '-CAcreateserial', '-days', String(days), '-extfile', extensions];
      openssl('x509', '-req', '-in', request, ...by, '-out', signed.certificate);
      // As servers are set up: their own certificate, then the authority's.
      writeFileSync(signed.certificate, readFileSync(signed.certificate, 'utf8') + readFileSync(certificate, 'utf8'));
      return signed;
    },
  };
}
