import { ProblemError, type ErrorCode } from '../errors';
import { isRecord } from '../json';
import { UnexpectedResponse } from './check-response';
import type { RequestPlace } from './connection';
import { serverReason, unreachable } from './failure';
import { errorChain, type ErrorLink } from './network-fault';

/** A request to Kibana that failed, and the space it was for. */
export interface KibanaPlace extends RequestPlace {
  readonly space: string;
}

const CREDENTIALS_HINT =
  'Set WMI_DETECTIONS_KIBANA_API_KEY, or WMI_DETECTIONS_KIBANA_USERNAME and WMI_DETECTIONS_KIBANA_PASSWORD, or put them into the settings file.';

/** The error for an answer with a status from 400 on: space, status (in its place) and Kibana's own words. */
export function kibanaRefusal(status: number, body: unknown, { url, method, space }: KibanaPlace): ProblemError {
  const said = kibanaReason(body);
  const [code, message, hint] = meaning(status, said);
  return new ProblemError(code, [
    { where: { url, method, status }, message: `Kibana, space ${space}: ${message}`, hint },
  ]);
}

/** The error for a request that got no (readable) answer. */
export function kibanaUnreachable(error: unknown, { url, method, space }: KibanaPlace): ProblemError {
  const where = { url, method };
  if (error instanceof UnexpectedResponse) return notKibana(where, error.message);
  const names = errorChain(error).map(({ name }) => name);
  if (names.includes('AbortError')) {
    return new ProblemError('INTERRUPTED', [{ where, message: 'interrupted' }], { cause: error });
  }
  if (names.some((name) => /Timeout/.test(name))) {
    const hint = 'Is Kibana overloaded, or a firewall in the way? A second run goes on from here.';
    return new ProblemError('UNREACHABLE', [{ where, message: `Kibana, space ${space}: no answer in time`, hint }], {
      cause: error,
    });
  }
  // The reasons of a network are the same for every product; only the names in the hints differ.
  const [problem] = unreachable(plainError(errorChain(error)), { url, method }).problems;
  const refused = /ECONNREFUSED/.test(problem?.message ?? '');
  const hint = refused
    ? 'Nothing listens there: check host and port of Kibana (usually 5601).'
    : (problem?.hint ?? 'Check the URL and the network.').replaceAll('WMI_DETECTIONS_ES_', 'WMI_DETECTIONS_KIBANA_');
  const message = `Kibana, space ${space}: ${problem?.message ?? 'cannot be reached'}`;
  return new ProblemError('UNREACHABLE', [{ where, message, hint }], { cause: error });
}

/** The error for an answer that no Kibana gives. */
export function notKibana({ url, method }: RequestPlace, what: string, status?: number): ProblemError {
  const hint =
    'Give the URL of Kibana itself, with its base path if it has one (server.basePath); Elasticsearch (9200) is another program.';
  return new ProblemError('REFUSED', [
    { where: { url, method, status }, message: `what answers there is not Kibana's API: ${what}`, hint },
  ]);
}

/** What Kibana itself says of an error: its message, and those of the single errors below it. */
export function kibanaReason(body: unknown): string {
  if (isRecord(body)) {
    const message = typeof body.message === 'string' ? body.message : undefined;
    const error = isRecord(body.error) ? body.error.message : body.error;
    const said = message ?? (typeof error === 'string' ? error : undefined);
    if (said !== undefined && said !== '') return said.slice(0, 2_000);
  }
  return serverReason(body);
}

/** The same chain of this program's own errors. `fetch failed` says nothing that its cause does not say better. */
function plainError([first, ...rest]: readonly ErrorLink[]): Error {
  const cause = rest.length === 0 ? undefined : plainError(rest);
  const { message = '', code = '' } = first ?? {};
  if (message === 'fetch failed' && cause !== undefined) return cause;
  const error = new Error(message, cause === undefined ? {} : { cause });
  return code === '' ? error : Object.assign(error, { code });
}

function meaning(status: number, said: string): [ErrorCode, string, string | undefined] {
  if (status === 401) return ['UNAUTHORIZED', `the credentials were not accepted (${said})`, CREDENTIALS_HINT];
  if (status === 403) {
    const hint =
      'The user or API key needs the Kibana privilege "Security: All" in this space (and read on the indices of the rules); give it, then run the command again.';
    return ['FORBIDDEN', `not allowed (${said})`, hint];
  }
  if (status === 429 || status >= 500) {
    return ['REFUSED', said, 'Kibana could not do this now; run the command again when it is well.'];
  }
  return ['REFUSED', said, undefined];
}
