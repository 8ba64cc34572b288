import { createHash, createHmac } from 'node:crypto';
import { SignatureV4 } from '@smithy/signature-v4';
import type { Access } from '../settings';

type Aws = NonNullable<Access['aws']>;
type Running = ReturnType<typeof createHash> | ReturnType<typeof createHmac>;
type Bytes = string | ArrayBuffer | ArrayBufferView;

/** SHA-256 as the signing library asks for it. */
class Sha256 {
  private hash: Running;

  constructor(private readonly secret?: Bytes) {
    this.hash = this.started();
  }

  update(bytes: Bytes): void {
    this.hash.update(bytesOf(bytes));
  }

  digest(): Promise<Uint8Array> {
    return Promise.resolve(this.hash.digest());
  }

  reset(): void {
    this.hash = this.started();
  }

  private started(): Running {
    return this.secret === undefined ? createHash('sha256') : createHmac('sha256', bytesOf(this.secret));
  }
}

function bytesOf(bytes: Bytes): string | Buffer {
  if (typeof bytes === 'string') return bytes;
  return ArrayBuffer.isView(bytes) ? Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength) : Buffer.from(bytes);
}

/** A request as it goes onto the wire. */
interface Wire {
  readonly method: string;
  /** With the query. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | Buffer | null | undefined;
}

/**
 * Signs requests to one URL with AWS Signature Version 4. A signature lasts for five minutes, so a request that is sent again
 * is signed again. The body's checksum goes along: OpenSearch Serverless (`aoss`) asks for it.
 * @returns the headers of the signed request
 */
export function awsSigner(url: URL, { region, service, sessionToken, ...keys }: Aws) {
  const credentials = { ...keys, ...(sessionToken !== undefined && { sessionToken }) };
  const signer = new SignatureV4({ service, region, credentials, sha256: Sha256, applyChecksum: true });
  return async ({ method, path, headers, body }: Wire): Promise<Record<string, string>> => {
    const { pathname, searchParams } = new URL(path, url.origin);
    const signed = await signer.sign({
      method,
      protocol: url.protocol,
      hostname: url.hostname,
      path: pathname,
      query: queryOf(searchParams),
      headers: { ...headers, host: url.host },
      body: body ?? undefined,
    });
    return signed.headers;
  };
}

/** A name that stands there several times has a list of values. */
function queryOf(parameters: URLSearchParams): Record<string, string[]> {
  return Object.fromEntries([...new Set(parameters.keys())].map((name) => [name, parameters.getAll(name)]));
}
