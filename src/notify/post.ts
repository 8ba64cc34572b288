import { request, type Dispatcher } from 'undici';
import { redact } from '../errors';
import { withAuthority } from '../cluster/ca-fingerprint';
import type { RequestContext } from '../cluster/connection';
import { dispatcherFor } from '../cluster/dispatcher';
import { serverReason } from '../cluster/failure';
import { errorChain, undiciFault } from '../cluster/network-fault';
import { withRetry, type Attempt } from '../cluster/retry';
import { RETRY_POLICY } from '../cluster/retry-policy';
import { PROGRAM_NAME } from '../program';
import type { Webhook } from '../settings';
import { describeDuration } from '../text/duration';
import { cut, escapeForTerminal } from '../text/escape';

/** How a webhook took a message. */
export type Reply =
  | { readonly accepted: true; readonly status: number; readonly said: string }
  | {
      readonly accepted: false;
      /** What went wrong, without a secret; fit to be shown and stored. */
      readonly reason: string;
      /**
       * Whether it may be for what is in the message: it was refused, or the connection broke while it was on its way. Else the
       * webhook takes no message now, whatever is in it.
       */
      readonly perhapsMessage: boolean;
      /** Milliseconds for which the webhook wants no message. */
      readonly wait?: number | undefined;
    };

/** Milliseconds for one attempt. Ctrl-C waits for it: nobody could say else whether the message was delivered. */
const TIMEOUT = 10_000;

/** Bytes of an answer that are read; a webhook has nothing to say that is longer. */
const MOST_BYTES = 65_536;
const MOST_SHOWN = 200;

/** A webhook that messages can be posted to, until it is closed. */
export interface OpenWebhook {
  /**
   * Posts a body, again where the policy for requests says so. It may arrive more than once.
   * @throws ProblemError INTERRUPTED when the signal is aborted during a pause
   */
  post(body: string): Promise<Reply>;
  close(): Promise<void>;
}

/** Scheme, host and port of a webhook: what may be shown of its URL. */
export function originOf({ url }: Pick<Webhook, 'url'>): string {
  return new URL(url).origin;
}

/**
 * Opens a webhook; TLS and proxies are those of all connections.
 * @throws ProblemError UNREACHABLE where its certificate has another fingerprint than the settings say
 */
export async function openWebhook(webhook: Webhook, context: RequestContext): Promise<OpenWebhook> {
  const { ca } = await withAuthority({ ...webhook, url: originOf(webhook) }, context);
  const dispatcher = dispatcherFor(webhook.url, { ...webhook, ca }, { headersTimeout: 0, bodyTimeout: 0 });
  const { retryPolicy = RETRY_POLICY, signal } = context;
  const policy = {
    where: { url: originOf(webhook), method: 'POST' },
    // Twice is better than never: a message is delivered at least once.
    idempotent: true,
    first: false,
    retryPolicy,
    signal,
  };
  return {
    async post(body) {
      const { last, count, wanted } = await withRetry(
        () => postOnce(webhook, dispatcher, body, Math.min(TIMEOUT, retryPolicy.timeout)),
        policy,
      );
      return replyOf(last, count, wanted);
    },
    close: () => dispatcher.destroy(),
  };
}

/** An answer that has arrived to its end. */
interface Arrived {
  readonly location: string | null;
  readonly text: string;
}

async function postOnce(
  { url, headers }: Webhook,
  dispatcher: Dispatcher,
  body: string,
  timeout: number,
): Promise<Attempt<Arrived>> {
  try {
    // A redirect is not followed: it would take the headers, and the secrets in them, elsewhere.
    const response = await request(url, {
      method: 'POST',
      dispatcher,
      headers: { 'content-type': 'application/json', 'user-agent': PROGRAM_NAME, ...lowerCased(headers) },
      signal: AbortSignal.timeout(timeout),
      body,
    });
    const { location, 'retry-after': retryAfter } = response.headers;
    const answer = { location: typeof location === 'string' ? location : null, text: await beginning(response.body) };
    return { answer, status: response.statusCode, retryAfter };
  } catch (error) {
    return { fault: undiciFault(error), error };
  }
}

/** So that a header of the user's replaces the one of that name. */
function lowerCased(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
}

/** The first bytes of an answer; it is read to its end unless it is too long, so that one that breaks off is an error. */
async function beginning(body: AsyncIterable<unknown>): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of body as AsyncIterable<Uint8Array>) {
    chunks.push(chunk);
    bytes += chunk.length;
    if (bytes >= MOST_BYTES) break;
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** Answers of a receiver, or of what stands before it, that takes no message now. */
const BUSY: ReadonlySet<number> = new Set([429, 503]);

/**
 *   the last attempt                       | accepted | perhaps for the message
 *   ---------------------------------------|----------|------------------------
 *   2xx                                    | yes      |
 *   429, 503                               | no       | no
 *   not sent, certificate not valid        | no       | no
 *   cut, timeout                           | no       | yes: a firewall may do that to a command line
 *   any other status, a redirect included  | no       | yes
 */
function replyOf(last: Attempt<Arrived>, count: number, wait: number | undefined): Reply {
  const often = count === 1 ? '' : ` (tried ${count} times)`;
  if ('fault' in last) {
    const perhapsMessage = last.fault !== 'not sent' && last.fault !== 'permanent';
    const reason = last.fault === 'timeout' ? 'no answer in time' : `no answer: ${causeOf(last.error)}`;
    return { accepted: false, reason: shown(`${reason}${often}`), perhapsMessage };
  }
  const { status, answer } = last;
  if (status >= 200 && status < 300) return { accepted: true, status, said: shown(answer.text) };
  const to = answer.location === null ? 'nowhere' : redirectTarget(answer.location);
  const said = status >= 300 && status < 400 ? `it redirects to ${to}, which is not followed` : reasonIn(answer.text);
  const pause = wait === undefined ? '' : `; it asks for no message for ${describeDuration(wait)}`;
  return {
    accepted: false,
    reason: `${shown(`answered ${status}${said === '' ? '' : `: ${said}`}`)}${often}${pause}`,
    perhapsMessage: !BUSY.has(status),
    wait,
  };
}

/** A proxy or a firewall answers with a page. */
function reasonIn(text: string): string {
  return text.trim() === '' ? '' : serverReason(text);
}

function redirectTarget(location: string): string {
  return URL.canParse(location) ? new URL(location).origin : 'another path';
}

/** The error and its causes, each once. */
function causeOf(error: unknown): string {
  const texts = errorChain(error).map(({ code, message }) => (message.includes(code) ? message : `${code} ${message}`));
  return [...new Set(texts.filter((text) => text.trim() !== ''))].join(': ') || 'the connection failed';
}

/** What came from a server, on one line. */
function shown(text: string): string {
  return cut(escapeForTerminal(redact(text.trim())), MOST_SHOWN);
}
