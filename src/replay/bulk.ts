import type { estypes } from '@elastic/elasticsearch';
import { ProblemError } from '../errors';
import { RETRYABLE_STATUS, retryRejected } from '../cluster/retry';
import { refusal, serverReason } from '../cluster/failure';
import { type Cluster } from '../cluster/cluster';
import { NEWLINE, type Utf8 } from './input-record';
import { untyped } from '../cluster/untyped';
import { failureReasons } from './failure-store';

/** What became of an item, for good. */
export type Outcome =
  | { readonly result: 'indexed' | 'duplicate' }
  | { readonly result: 'refused'; readonly reason: string; readonly status: number };

/** What the cluster says of an item: that it is to be sent again, or that no item can be indexed now. */
type Verdict =
  | Outcome
  | { readonly result: 'busy'; readonly reason: string; readonly status: number }
  | { readonly result: 'stopped'; readonly error: ProblemError };

const TOO_LARGE = 413;

interface CreateOptions {
  /** Told of each item as soon as its outcome is known, so that it is known even when an error ends the rest. */
  readonly onOutcome?: ((index: number, outcome: Outcome) => void) | undefined;
}

/**
 * Creates documents, each under its id.
 *
 *   what the cluster says                   | what is done
 *   ----------------------------------------|------------------------------------------------------------
 *   201                                     | indexed
 *   201, and it is in the failure store     | refused, with the reason that is stored there
 *   409                                     | duplicate: it is there already
 *   no answer, 429, 502-504 to the request  | sent again, see cluster/retry.ts  
 *   429, 502-504 or nothing to an item      | that item is sent again, under the same retry policy
 *   400 for every item and with one reason, | halves are sent by themselves, down to the item at fault:
 *   400 or 413 for the request              |   one that cannot be parsed fails all that are sent with it
 *   write block, 403                        | READ_ONLY, FORBIDDEN at once: nothing can be indexed
 *   any other                               | refused, with the reason
 *
 * @returns one outcome an item, in their order
 * @throws ProblemError READ_ONLY, UNREACHABLE, UNAUTHORIZED, FORBIDDEN, REFUSED (still busy in the end), INTERRUPTED
 */
export async function createAll(
  cluster: Cluster,
  items: readonly Item[],
  { onOutcome }: CreateOptions = {},
): Promise<Outcome[]> {
  const outcomes = new Map<number, Outcome>();
  const settle = (index: number, outcome: Outcome): void => {
    outcomes.set(index, outcome);
    onOutcome?.(index, outcome);
  };
  const numbered = items.map((item, index) => ({ item, index }));
  await retryRejected(numbered, { ...cluster, where: whereOf(cluster) }, async (pending, { count, last }) => {
    const verdicts = await send(cluster, itemsOf(pending));
    if (verdicts === 'split') {
      const half = Math.ceil(pending.length / 2);
      for (const part of [pending.slice(0, half), pending.slice(half)]) {
        const onPart = (at: number, outcome: Outcome): void => {
          settle(part[at]?.index ?? -1, outcome);
        };
        await createAll(cluster, itemsOf(part), { onOutcome: onPart });
      }
      return [];
    }
    let obstacle: ProblemError | undefined;
    const putOff = pending.filter(({ index }, at) => {
      const verdict = verdicts[at] ?? { result: 'busy', status: 0, reason: 'the cluster said nothing of this item' };
      if (verdict.result === 'stopped') obstacle ??= verdict.error;
      else if (verdict.result !== 'busy') settle(index, verdict);
      else if (last) obstacle ??= stillBusy(cluster, verdict, count);
      else return true;
      return false;
    });
    if (obstacle !== undefined) throw obstacle;
    return putOff;
  });
  return items.flatMap((_, index) => outcomes.get(index) ?? []);
}

function itemsOf(pending: readonly { readonly item: Item }[]): Item[] {
  return pending.map(({ item }) => item);
}

/** One request. @returns a verdict an item, or `split` */
async function send(cluster: Cluster, items: readonly Item[]): Promise<readonly (Verdict | undefined)[] | 'split'> {
  const { statusCode: status, body } = await withBody(items, (lines) =>
    cluster.client.bulk({ body: untyped(lines), filter_path: FILTER_PATH }, { ignore: [400, TOO_LARGE], meta: true }),
  );
  if (status >= 400) {
    if (items.length > 1) return 'split';
    return [{ result: 'refused', status, reason: serverReason(body) }];
  }
  const answers = items.map((_, at) => Object.values(body.items[at] ?? {})[0]);
  const diverted = answers.flatMap((answer) => (answer?.failure_store === 'used' ? [answer] : []));
  const reasons = await failureReasons(cluster, diverted);
  const verdicts = answers.map((answer) => {
    const reason = answer && reasons.get(answer);
    if (reason === undefined) return verdictOn(cluster, answer);
    return { result: 'refused', status: answer?.status ?? 0, reason } as const;
  });
  return poisoned(verdicts) ? 'split' : verdicts;
}

const FILTER_PATH = 'errors,error,items.*.status,items.*.error,items.*.failure_store,items.*._index,items.*._id';

function verdictOn(cluster: Cluster, answer: estypes.BulkResponseItem | undefined): Verdict | undefined {
  if (answer === undefined) return undefined;
  const { status, error } = answer;
  if (status < 300) return { result: 'indexed' };
  if (status === 409) return { result: 'duplicate' };
  const where = whereOf(cluster);
  if (error?.type === 'cluster_block_exception') {
    const hint =
      'The disk is too full or somebody blocked writing: free space or lift the block, then replay again; events already there are not indexed twice.';
    const problem = { where: { ...where, status }, message: serverReason({ error }), hint };
    return { result: 'stopped', error: new ProblemError('READ_ONLY', [problem]) };
  }
  if (status === 403) return { result: 'stopped', error: refusal(status, { error }, where) };
  return { result: RETRYABLE_STATUS.has(status) ? 'busy' : 'refused', status, reason: serverReason({ error }) };
}

function stillBusy(
  cluster: Cluster,
  { status, reason }: { status: number; reason: string },
  count: number,
): ProblemError {
  const where = { ...whereOf(cluster), ...(status > 0 && { status }) };
  const message = `some events were put off again and again: ${reason} (asked ${count} times)`;
  const hint = 'The cluster could not do this now; run the command again when it is well.';
  return new ProblemError('REFUSED', [{ where, message, hint }]);
}

function whereOf({ url }: Cluster): { url: string; method: string } {
  return { url: `${url}/_bulk`, method: 'POST' };
}

/** Whether all of several items were refused for one and the same reason: that of one of them, most likely. */
function poisoned(verdicts: readonly (Verdict | undefined)[]): boolean {
  const [first] = verdicts;
  if (verdicts.length < 2 || first?.result !== 'refused' || first.status !== 400) return false;
  return verdicts.every((verdict) => verdict?.result === 'refused' && verdict.reason === first.reason);
}

/** Something to index, as two lines of a bulk request. */
export interface Item {
  readonly stream: string;
  readonly id: string;
  /** JSON on one line. */
  readonly document: Utf8;
}

/**
 * Writes the body of a bulk request, and lends it until the request is over.
 * @param act must have done with the body when it settles: the next request is written over it. (Of a request that is answered before
 *   all of it was sent, with 413 or 429, more may be on its way; its length is fixed, and whoever answered so throws the rest away.)
 */
export async function withBody<T>(items: readonly Item[], act: (body: Buffer) => Promise<T>): Promise<T> {
  const actions = items.map(actionOf);
  const size = items.reduce((sum, item, index) => sum + sizeOf(actions[index] ?? '') + sizeOf(item.document) + 1, 0);
  const memory = size > MEMORY ? Buffer.allocUnsafe(size) : (free.pop() ?? Buffer.allocUnsafeSlow(MEMORY));
  try {
    let at = 0;
    items.forEach(({ document }, index) => {
      at += memory.write(actions[index] ?? '', at);
      at += typeof document === 'string' ? memory.write(document, at) : document.copy(memory, at);
      memory[at++] = NEWLINE;
    });
    return await act(memory.subarray(0, size));
  } finally {
    if (memory.length === MEMORY) free.push(memory);
  }
}

/**
 * The memory of bodies that are over, as many as there were requests at a time. A new megabyte for each would count as garbage: V8
 * then looks through all that is kept every five thousand events, which is a seventh of all that `replay` asks of the processors.
 */
const free: Buffer[] = [];

/** What a request of a million characters needs (see shipment.ts), and half as much; longer ones get memory of their own. */
const MEMORY = 1.5 * 2 ** 20;

function actionOf({ stream, id }: Item): string {
  return `{"create":{"_index":${JSON.stringify(stream)},"_id":${JSON.stringify(id)}}}\n`;
}

function sizeOf(text: Utf8): number {
  return typeof text === 'string' ? Buffer.byteLength(text) : text.length;
}
