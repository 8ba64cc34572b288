import {
  errors,
  Transport,
  type TransportOptions,
  type TransportRequestOptions,
  type TransportRequestOptionsWithMeta,
  type TransportRequestParams,
  type TransportResult,
} from '@elastic/transport';
import { checkResponse, UnexpectedResponse } from './check-response';
import type { RequestContext } from './connection';
import { refusal, unreachable } from './failure';
import { networkFault } from './network-fault';
import { policyFor, withAttemptCount, withRetry, type Attempt } from './retry';

/** What all requests of a client have in common: the client's `context`. */
export interface ClientContext extends RequestContext {
  /** The cluster's, without credentials; error messages begin with it. */
  readonly url: string;
}

/** How one request differs from the others: the `context` of its options. */
export interface RequestOverrides {
  /** It must not arrive twice; what that means is in retry.ts. */
  readonly once?: boolean;
  /** It is sent even after an interruption, and then only once. */
  readonly cleanup?: boolean;
  /** The first request of a command; see retry.ts. */
  readonly first?: boolean;
  /** Its answer is not what the API answers otherwise. */
  readonly anyAnswer?: boolean;
}

/** Options of a request that must not arrive twice. */
export const ONCE = { context: { once: true } } as const;

/** Options of a request that removes what the program made, if it is still there. */
export const CLEANUP = { ignore: [404], context: { cleanup: true } };

/** The errors below undici's requests, by the signals of these: the client itself keeps only their messages. */
export const networkErrors = new WeakMap<object, unknown>();

/**
 * The transport of the client, for Elasticsearch 8, 9 and OpenSearch. It decides which requests are repeated, and makes every failure a
 * ProblemError.
 *
 * It sends plain `application/json` (8.x refuses the vendored type of a v9 client) and leaves out the product check, which refuses
 * OpenSearch only after the write has been done: `connect` finds out what is at the other end. The pool of nodes and their resurrection are
 * the library's. Its retries are not used: they repeat every method, ignore `Retry-After` and never repeat a 429. Neither are its bulk and
 * scroll helpers, which wait 5 s on their own, whatever the retry policy says.
 */
export class ClusterTransport extends Transport {
  private readonly context: ClientContext;

  constructor(options: TransportOptions) {
    super({
      ...options,
      productCheck: undefined as never,
      vendoredHeaders: {
        jsonContentType: 'application/json',
        ndjsonContentType: 'application/x-ndjson',
        accept: 'application/json',
      },
    });
    this.context = options.context as unknown as ClientContext;
  }

  override request<T = unknown, C = unknown>(
    params: TransportRequestParams,
    options: TransportRequestOptionsWithMeta,
  ): Promise<TransportResult<T, C>>;
  override request<T = unknown>(params: TransportRequestParams, options?: TransportRequestOptions): Promise<T>;
  /**
   * One request, repeated as retry.ts says.
   * @param options `ignore` names statuses from 400 on that the caller wants to see; `context` holds RequestOverrides
   * @throws ProblemError when there is no answer, and for every other status from 400 on
   */
  override async request(params: TransportRequestParams, options: TransportRequestOptions = {}): Promise<unknown> {
    const overrides: RequestOverrides = options.context ?? {};
    // The client encodes the commas of a list of names, too; messages and logs are easier to read without that.
    const plain = { ...params, path: params.path.replaceAll('%2C', ',') };
    const where = { url: `${this.context.url}${plain.path}`, method: params.method };
    const policy = policyFor(overrides, this.context);
    const ended = await withRetry(
      () => this.attempt(plain, { requestTimeout: policy.retryPolicy.timeout, ...options }, overrides, policy.signal),
      {
        ...policy,
        where,
        idempotent: overrides.once !== true,
        first: overrides.first === true,
        nodes: this.connectionPool.size,
      },
    );
    const { last } = ended;
    if ('fault' in last) throw withAttemptCount(unreachable(last.error, where), ended);
    const { statusCode: status, body } = last.answer;
    const isAnswer = options.ignore?.includes(status) === true || (params.method === 'HEAD' && status === 404);
    if (status >= 400 && !isAnswer) throw withAttemptCount(refusal(status, body, where), ended);
    return options.meta === true ? last.answer : body;
  }

  private async attempt(
    params: TransportRequestParams,
    options: TransportRequestOptions,
    { first = false, anyAnswer = first }: RequestOverrides,
    signal: AbortSignal | undefined,
  ): Promise<Attempt<TransportResult>> {
    // Each attempt has a signal of its own, because the library ends a late one by an event on the signal.
    const controller = new AbortController();
    const abort = (): void => {
      controller.abort();
    };
    if (signal?.aborted === true) abort();
    signal?.addEventListener('abort', abort);
    try {
      const answer = await super.request(params, {
        ...options,
        meta: true,
        ignore: [...FAILURES],
        maxRetries: 0,
        signal: controller.signal,
      });
      const { statusCode: status, body, headers } = answer;
      if (!anyAnswer && status < 400 && params.method !== 'HEAD') checkResponse(params.meta?.name, body);
      return { answer, status, retryAfter: headers['retry-after'] };
    } catch (error) {
      return failedAttempt(error, networkErrors.get(controller.signal), signal?.aborted === true);
    } finally {
      signal?.removeEventListener('abort', abort);
    }
  }
}

const FAILURES: readonly number[] = Array.from({ length: 200 }, (_, index) => 400 + index);

/** @param network what undici threw, where that is known */
function failedAttempt(error: unknown, network: unknown, isInterrupted: boolean): Attempt<never> {
  if (error instanceof errors.DeserializationError || error instanceof UnexpectedResponse) {
    return { fault: 'unreadable', error };
  }
  if (error instanceof errors.RequestAbortedError) {
    if (isInterrupted) return { fault: 'permanent', error };
    // Nobody asked for it: the client gives up an answer that no string can hold.
    return { fault: 'permanent', error: new errors.ConnectionError(error.message) };
  }
  if (error instanceof errors.TimeoutError) return { fault: 'timeout', error };
  if (error instanceof errors.NoLivingConnectionsError) return { fault: 'not sent', error };
  if (error instanceof errors.ElasticsearchClientError) {
    const fault = networkFault(network) ?? 'cut';
    return { fault, error: fault === 'timeout' ? new errors.TimeoutError(error.message) : error };
  }
  return { fault: 'permanent', error };
}
