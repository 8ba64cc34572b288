import { createHash, createHmac } from 'node:crypto';
import type { Arrived } from './fake-cluster';

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');
const hmac = (key: string | Buffer, text: string): Buffer => createHmac('sha256', key).update(text).digest();
const encode = (text: string): string =>
  encodeURIComponent(text).replace(/[!'()*]/g, (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`);

/**
 * What AWS does with a signed request: it computes the signature anew, from what arrived, step by step as "Create a signed
 * AWS API request" of the IAM User Guide tells it. Written from that page alone, so that it can contradict the library.
 * @returns the signature that the request should have, and the one that it has
 */
export function signatures(request: Arrived, secret: string): { right: string; given: string } {
  const authorization = request.headers.authorization ?? '';
  const [, scope = '', names = '', given = ''] =
    /^AWS4-HMAC-SHA256 Credential=[^/]+\/(\S+), SignedHeaders=(\S+), Signature=(\w+)$/.exec(authorization) ?? [];
  const [date = '', region = '', service = ''] = scope.split('/');
  const url = new URL(request.path, 'http://host');
  const query = [...url.searchParams]
    .map(([name, value]) => `${encode(name)}=${encode(value)}`)
    .sort()
    .join('&');
  const canonical = [
    request.method,
    // Twice, for every service but S3: the path arrives encoded once.
    url.pathname.split('/').map(encode).join('/'),
    query,
    ...names.split(';').map((name) => `${name}:${String(request.headers[name]).trim().replace(/ +/g, ' ')}`),
    '',
    names,
    sha256(request.body),
  ].join('\n');
  const toSign = ['AWS4-HMAC-SHA256', String(request.headers['x-amz-date']), scope, sha256(canonical)].join('\n');
  const key = ['aws4_request'].reduce(hmac, [date, region, service].reduce<string | Buffer>(hmac, `AWS4${secret}`));
  return { right: hmac(key, toSign).toString('hex'), given };
}
