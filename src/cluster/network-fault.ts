import { UnexpectedResponse } from './check-response';

/**
 * Why there is no answer.
 *
 *   not sent    nothing took the connection: the request never left
 *   cut         the connection ended before the answer did
 *   unreadable  the answer is not what such a request is answered with: cut off, not JSON, somebody else's
 *   timeout     nothing was heard in time
 *   permanent   asking again changes nothing: a wrong certificate, a fault of ours
 */
export type Fault = 'not sent' | 'cut' | 'unreadable' | 'timeout' | 'permanent';

/** An error or one of its causes. */
export interface ErrorLink {
  readonly name: string;
  readonly code: string;
  readonly message: string;
}

/** By the codes that Node.js, OpenSSL and undici give to errors. */
const FAULTS: readonly (readonly [RegExp, Fault])[] = [
  [/^(?:CERT_|UNABLE_TO_|SELF_SIGNED|DEPTH_ZERO|ERR_TLS_|ERR_SSL_|EPROTO)/, 'permanent'],
  [/^(?:ECONNREFUSED|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH|UND_ERR_CONNECT_TIMEOUT)$/, 'not sent'],
  [/^(?:ETIMEDOUT|UND_ERR_HEADERS_TIMEOUT|UND_ERR_BODY_TIMEOUT)$/, 'timeout'],
  // A connection that was kept open for too long, most often.
  [/^(?:UND_ERR_SOCKET|ECONNRESET|EPIPE)$/, 'cut'],
];

/** The fault that an error of the network is; undefined where its codes do not say it. */
export function networkFault(error: unknown): Fault | undefined {
  const codes = errorChain(error).map(({ code }) => code);
  return FAULTS.find(([pattern]) => codes.some((code) => pattern.test(code)))?.[1];
}

/** Why a request by undici has no answer, by what was thrown. */
export function undiciFault(error: unknown): Fault {
  if (error instanceof UnexpectedResponse) return 'unreadable';
  const names = errorChain(error).map(({ name }) => name);
  // Aborted by a signal, which is ours; a signal that ran out has the name of a timeout.
  if (names.includes('AbortError')) return 'permanent';
  return networkFault(error) ?? (names.some((name) => /Timeout/.test(name)) ? 'timeout' : 'permanent');
}

/** An error and its causes. An aborted signal throws what is no `Error`, so each is known by its members. */
export function errorChain(error: unknown): ErrorLink[] {
  const chain: ErrorLink[] = [];
  let current: unknown = error;
  while (typeof current === 'object' && current !== null && chain.length < 4) {
    const { name, code, message, cause } = current as Partial<Record<keyof ErrorLink | 'cause', unknown>>;
    chain.push({ name: textOf(name), code: textOf(code), message: textOf(message) });
    current = cause;
  }
  return chain;
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
