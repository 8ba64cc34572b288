import { errors } from '@elastic/transport';
import { ProblemError, type ErrorCode, type Problem } from '../errors';
import { canonicalJson, isRecord } from '../json';
import { recordsOf } from '../lists';
import { UnexpectedResponse } from './check-response';
import type { RequestPlace } from './connection';

/** What the cause of a failed connection means to the person who typed the URL. */
const NETWORK_HINTS: readonly (readonly [RegExp, string])[] = [
  [
    /proxy answered 407/,
    'The proxy wants a user: write it into HTTPS_PROXY or HTTP_PROXY, as in http://user:password@proxy.example:3128.',
  ],
  [
    /proxy answered/,
    'The proxy that HTTPS_PROXY or HTTP_PROXY names does not let this host through; NO_PROXY names hosts that are reached without it.',
  ],
  [
    /the proxy .* cannot be reached/,
    'HTTPS_PROXY or HTTP_PROXY names this proxy: check it, or list the host in NO_PROXY.',
  ],
  [
    /alert certificate required|alert handshake failure|alert bad certificate/i,
    'A client certificate is asked for there, and one that it knows: client_certificate and client_key in the settings.',
  ],
  [
    /ECONNREFUSED/,
    'Nothing listens there: check host and port, or start the embedded engine with `wmi-detections engine start`.',
  ],
  [/ENOTFOUND|EAI_AGAIN/, 'The host name is not known here: check its spelling.'],
  [
    /self.signed|unable to verify|UNABLE_TO|issuer certificate/i,
    'The certificate is not signed by a known authority: give its CA file in WMI_DETECTIONS_ES_CA.',
  ],
  [/altnames|does not match certificate/i, 'The certificate is for another host name: use the name that stands in it.'],
  [/certificate has expired|CERT_HAS_EXPIRED/i, 'The certificate has expired: renew it on the cluster.'],
  [
    /wrong version number|packet length too long|EPROTO|SSL routines/i,
    'TLS was not understood there: is it an http:// port, or the other way round?',
  ],
  [
    /other side closed|socket hang up|ECONNRESET/i,
    'The connection was cut: an https port spoken to as http:// does this, and so does a proxy.',
  ],
];

/** The error for a request that got no (readable) answer. */
export function unreachable(error: unknown, { url, method }: RequestPlace): ProblemError {
  const where = { url, method };
  if (error instanceof errors.RequestAbortedError) {
    return new ProblemError('INTERRUPTED', [{ where, message: 'interrupted' }], { cause: error });
  }
  if (error instanceof errors.DeserializationError || error instanceof UnexpectedResponse) {
    const message = error instanceof UnexpectedResponse ? error.message : 'the answer is not JSON';
    const hint = 'Something else answers at this URL (a proxy, a login page?): give the URL of the cluster itself.';
    return new ProblemError('NOT_A_SEARCH_ENGINE', [{ where, message, hint }], { cause: error });
  }
  const reason = reasons(error).join(': ');
  if (error instanceof errors.TimeoutError) {
    const hint = 'Is the cluster overloaded, or a firewall in the way? A second run goes on from here.';
    return new ProblemError('UNREACHABLE', [{ where, message: `no answer in time (${reason})`, hint }], {
      cause: error,
    });
  }
  const hint = NETWORK_HINTS.find(([pattern]) => pattern.test(reason))?.[1] ?? 'Check the URL and the network.';
  return new ProblemError('UNREACHABLE', [{ where, message: `cannot be reached (${reason})`, hint }], { cause: error });
}

function reasons(error: unknown): string[] {
  const chain: string[] = [];
  for (let current: unknown = error; current instanceof Error && chain.length < 4; current = current.cause) {
    const code = (current as NodeJS.ErrnoException).code;
    const text = code !== undefined && !current.message.includes(code) ? `${code} ${current.message}` : current.message;
    if (text !== '' && !chain.some((known) => known.includes(text))) chain.push(text.trim());
  }
  return chain.length > 0 ? chain : [String(error)];
}

/** The error for an answer with a status from 400 on. */
export function refusal(status: number, body: unknown, { url, method }: RequestPlace): ProblemError {
  const said = serverReason(body);
  const [code, message, hint] = meaning(status, said);
  const problem: Problem = { where: { url, method, status }, message, hint };
  return new ProblemError(code, [problem]);
}

function meaning(status: number, said: string): [ErrorCode, string, string | undefined] {
  if (status === 401) {
    return ['UNAUTHORIZED', `the credentials were not accepted (${said})`, CREDENTIALS_HINT];
  }
  if (/read.only|flood.stage|cluster_block_exception/i.test(said)) {
    const hint =
      'The index is blocked for writing: a full disk (flood-stage watermark) or a read-only setting. Free space or lift the block, then run the command again.';
    return ['READ_ONLY', said, hint];
  }
  if (status === 403) {
    return [
      'FORBIDDEN',
      `not allowed (${said})`,
      'Give the user or API key the privilege named here, then run the command again.',
    ];
  }
  if (status === 409) {
    return ['REFUSED', said, 'Somebody else changed the same thing at the same time: run the command again.'];
  }
  if (status >= 500 && PERMANENT.test(said)) {
    const hint =
      'The engine refuses this query whatever its load: make the rule simpler, or raise the limit that is named (indices.query.bool.max_clause_count, index.max_regex_length); then run the command again.';
    return ['REFUSED', said, hint];
  }
  if (status === 429 || status >= 500) {
    return ['REFUSED', said, 'The cluster could not do this now; run the command again when it is well.'];
  }
  return ['REFUSED', said, undefined];
}

/**
 * Causes that lie in the query and not in the cluster, as the engine names them: it may answer 500 for them, but the same query is
 * refused again.
 */
const PERMANENT =
  /\b(too_many_(nested_)?clauses|too_complex_to_determinize_exception|query_shard_exception)\b|maxClauseCount|Determinizing automaton/;

/** Whether a request was refused for what it asks, so that the cluster will refuse it again. */
export function isPermanent({ problems }: ProblemError): boolean {
  return problems.some(({ where, message }) => {
    const status = where !== undefined && 'url' in where ? where.status : undefined;
    return status === 400 || (status !== undefined && status >= 500 && PERMANENT.test(message));
  });
}

const CREDENTIALS_HINT =
  'Set WMI_DETECTIONS_ES_API_KEY, or WMI_DETECTIONS_ES_USERNAME and WMI_DETECTIONS_ES_PASSWORD, or put them into the settings file.';

/** What the server itself says of an error: its reason and root causes, once each; the body's beginning when it has another form. */
export function serverReason(body: unknown): string {
  if (isRecord(body)) {
    const error = body.error ?? body.message;
    if (typeof error === 'string') return error;
    if (isRecord(error)) {
      const said = new Set<string>();
      collectReasons(error, said, 0);
      if (said.size > 0) return [...said].join('; caused by ');
    }
  }
  // A proxy answers with a page.
  const text =
    typeof body === 'string'
      ? body
          .replace(/<[^>]*>|\s+/g, ' ')
          .replace(/ +/g, ' ')
          .trim()
      : canonicalJson(body);
  return text === '' || text === 'null' ? 'no reason given' : text.slice(0, 300);
}

/** Elasticsearch names the cause of a failed search in `root_cause` and `failed_shards`, OpenSearch in `caused_by`. */
function collectReasons(error: Record<string, unknown>, said: Set<string>, depth: number): void {
  if (depth > 4) return;
  const { type, reason } = error;
  if (typeof reason === 'string') said.add(typeof type === 'string' ? `${type}: ${reason}` : reason);
  else if (typeof type === 'string') said.add(type);
  const shards = recordsOf(error.failed_shards).map((shard) => shard.reason);
  for (const cause of [error.caused_by, ...recordsOf(error.root_cause), ...shards]) {
    if (isRecord(cause)) collectReasons(cause, said, depth + 1);
  }
}
