import { setTimeout as wait } from 'node:timers/promises';
import { ProblemError } from '../errors';
import { isRecord } from '../json';
import { refusal, serverReason } from '../target/failure';
import { request, type Target } from '../target/target';

/** Something to index, as two lines of a bulk request. */
export interface Item {
  readonly stream: string;
  readonly id: string;
  /** JSON on one line. */
  readonly document: string;
}

/** What became of an item. */
export type Outcome =
  | { readonly result: 'indexed' | 'duplicate' }
  | { readonly result: 'refused'; readonly reason: string; readonly status: number };

/** How often and how patiently a busy cluster is asked again: 0.5, 1, 2, 4, 8, 16 s, half of each by chance. */
export interface Patience {
  readonly attempts: number;
  /** Milliseconds before the first repetition; it doubles. */
  readonly pause: number;
}

const PATIENCE: Patience = { attempts: 7, pause: 500 };

const TOO_LARGE = 413;
const BUSY: readonly number[] = [429, 502, 503, 504];

interface BulkAnswer {
  readonly items?: readonly Readonly<Record<string, { readonly status: number; readonly error?: unknown }>>[];
}

/**
 * Creates documents, each under its id.
 *
 *   what the cluster says                   | what is done
 *   ----------------------------------------|------------------------------------------------------------
 *   201                                     | indexed
 *   409                                     | duplicate: it is there already
 *   429, 502-504, request or item, no answer| sent again, with growing pauses
 *   400 for every item and with one reason,  | halves are sent by themselves, down to the item at fault:
 *   400 or 413 for the request              |   one that cannot be parsed fails all that are sent with it
 *   write block, 403                        | READ_ONLY, FORBIDDEN at once: nothing can be indexed
 *   any other                               | refused, with the reason
 *
 * @returns one outcome an item, in their order
 * @throws ProblemError READ_ONLY, UNREACHABLE, UNAUTHORIZED, FORBIDDEN, REFUSED (still busy in the end), INTERRUPTED
 */
export async function createAll(
  target: Target,
  items: readonly Item[],
  options: { readonly patience?: Patience; readonly signal?: AbortSignal | undefined } = {},
): Promise<Outcome[]> {
  const { patience = PATIENCE, signal } = options;
  const outcomes = new Array<Outcome | undefined>(items.length);
  let pending = items.map((item, index) => ({ item, index }));
  for (let attempt = 1; ; attempt += 1) {
    const last = attempt >= patience.attempts;
    const answers = await send(
      target,
      pending.map(({ item }) => item),
      last,
      signal,
    );
    if (answers === 'split') {
      const half = Math.ceil(pending.length / 2);
      for (const part of [pending.slice(0, half), pending.slice(half)]) {
        const results = await createAll(
          target,
          part.map(({ item }) => item),
          options,
        );
        part.forEach(({ index }, at) => (outcomes[index] = results[at]));
      }
      break;
    }
    pending = pending.filter(({ index }, at) => (outcomes[index] = answers[at]) === undefined);
    if (pending.length === 0) break;
    await pause(patience.pause * 2 ** (attempt - 1), signal);
  }
  return outcomes.filter((outcome) => outcome !== undefined);
}

/** One request. @returns an outcome an item, undefined for those to be sent again; or `split` */
async function send(
  target: Target,
  items: readonly Item[],
  last: boolean,
  signal: AbortSignal | undefined,
): Promise<(Outcome | undefined)[] | 'split'> {
  let ndjson = '';
  for (const item of items) ndjson += linesOf(item);
  const query = { filter_path: 'errors,error,items.*.status,items.*.error' };
  const allow = last ? [400, TOO_LARGE] : [400, TOO_LARGE, ...BUSY];
  let answer;
  try {
    answer = await request<BulkAnswer>(target, { method: 'POST', path: '/_bulk', query, ndjson, allow, signal });
  } catch (error) {
    if (!last && error instanceof ProblemError && error.code === 'UNREACHABLE') return items.map(() => undefined);
    throw error;
  }
  const { status, body } = answer;
  if (BUSY.includes(status)) return items.map(() => undefined);
  if (status >= 400) {
    if (items.length > 1) return 'split';
    return [{ result: 'refused', status, reason: serverReason(body) }];
  }
  const outcomes = (body.items ?? []).map((item) => outcomeOf(target, Object.values(item)[0], last));
  return poisoned(outcomes) ? 'split' : outcomes;
}

function linesOf({ stream, id, document }: Item): string {
  return `{"create":{"_index":${JSON.stringify(stream)},"_id":${JSON.stringify(id)}}}\n${document}\n`;
}

function outcomeOf(
  target: Target,
  answer: { readonly status: number; readonly error?: unknown } | undefined,
  last: boolean,
): Outcome | undefined {
  if (answer === undefined) return { result: 'refused', status: 0, reason: 'the cluster said nothing of this item' };
  const { status, error } = answer;
  if (status < 300) return { result: 'indexed' };
  if (status === 409) return { result: 'duplicate' };
  if (isRecord(error) && error.type === 'cluster_block_exception') {
    const where = { url: `${target.url}/_bulk`, method: 'POST', status };
    const hint =
      'The disk is too full or somebody blocked writing: free space or lift the block, then replay again; events already there are not indexed twice.';
    throw new ProblemError('READ_ONLY', [{ where, message: serverReason({ error }), hint }]);
  }
  if (status === 403) throw refusal(status, { error }, { url: `${target.url}/_bulk`, method: 'POST' });
  if (BUSY.includes(status) && !last) return undefined;
  return { result: 'refused', status, reason: serverReason({ error }) };
}

/** Whether all of several items were refused for one and the same reason: that of one of them, most likely. */
function poisoned(outcomes: readonly (Outcome | undefined)[]): boolean {
  const [first] = outcomes;
  if (outcomes.length < 2 || first?.result !== 'refused' || first.status !== 400) return false;
  return outcomes.every((outcome) => outcome?.result === 'refused' && outcome.reason === first.reason);
}

async function pause(milliseconds: number, signal: AbortSignal | undefined): Promise<void> {
  try {
    await wait(milliseconds * (0.5 + Math.random() / 2), undefined, { ...(signal !== undefined && { signal }) });
  } catch (cause) {
    throw new ProblemError('INTERRUPTED', [{ message: 'interrupted' }], { cause });
  }
}
