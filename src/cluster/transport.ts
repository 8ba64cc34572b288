import type { Client } from '@elastic/elasticsearch';
import { errors } from '@elastic/transport';
import { checkShape, WrongAnswer } from './answer-shape';
import type { Attempt, Fault } from './attempts';
import type { Patience } from './patience';
import type { Request } from './cluster';

/** An answer that was read, whatever its status. */
interface Sent<T> {
  readonly status: number;
  readonly body: T;
}

/** By the words of the network: the client keeps only those of an error. */
const FAULTS: readonly (readonly [RegExp, Fault])[] = [
  [/certificate|self.signed|altnames|wrong version|packet length|EPROTO|SSL routines|UNABLE_TO/i, 'hopeless'],
  [/ECONNREFUSED|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH|connect timeout|no living connections/i, 'not sent'],
  [/timed? ?out/i, 'late'],
];

/**
 * Sends a request once. Every status comes back as an answer: which of them are errors, and what they mean, is said elsewhere.
 * @param first nothing is known yet of what answers there, so its answer may have any form
 */
export async function send<T>(
  client: Client,
  asked: Request,
  { patience, signal, first }: { patience: Patience; signal: AbortSignal | undefined; first: boolean },
): Promise<Attempt<Sent<T>>> {
  try {
    const { statusCode, body, headers } = await client.transport.request<T>(
      {
        method: asked.method,
        path: asked.path,
        ...(asked.query !== undefined && { querystring: asked.query }),
        ...(asked.body !== undefined && { body: asked.body }),
        ...(asked.ndjson !== undefined && { bulkBody: asked.ndjson }),
      },
      {
        meta: true,
        ignore: [...FAILURES],
        // How often, when and why a request is sent again is said in one place: attempts.ts.
        maxRetries: 0,
        requestTimeout: asked.timeout ?? patience.timeout,
        ...(signal !== undefined && { signal }),
        ...(asked.headers !== undefined && { headers: asked.headers }),
      },
    );
    if (!first && statusCode < 400) checkShape(asked, body);
    return { answer: { status: statusCode, body }, status: statusCode, retryAfter: headers['retry-after'] };
  } catch (error) {
    return failed(error, signal);
  }
}

function failed(error: unknown, signal: AbortSignal | undefined): Attempt<never> {
  if (error instanceof errors.DeserializationError || error instanceof WrongAnswer)
    return { fault: 'unreadable', error };
  if (error instanceof errors.TimeoutError) return { fault: 'late', error };
  if (error instanceof errors.RequestAbortedError) {
    if (signal?.aborted === true) return { fault: 'hopeless', error };
    // Nobody asked for it: the client gives up an answer that no string can hold.
    return { fault: 'hopeless', error: new errors.ConnectionError(error.message) };
  }
  if (error instanceof errors.ElasticsearchClientError) {
    const fault = FAULTS.find(([words]) => words.test(error.message))?.[1] ?? 'cut';
    return { fault, error: fault === 'late' ? new errors.TimeoutError(error.message) : error };
  }
  return { fault: 'hopeless', error };
}

const FAILURES: readonly number[] = Array.from({ length: 200 }, (_, index) => 400 + index);
