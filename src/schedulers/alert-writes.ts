import type { JsonRecord } from '../json';
import type { estypes } from '@elastic/elasticsearch';
import { ProblemError, type ErrorCode } from '../errors';
import { RETRYABLE_STATUS, retryRejected } from '../cluster/retry';
import type { Cluster } from '../cluster/cluster';
import type { Ancestor } from './group-summary';
import { mget } from '../cluster/mget';
import { chunk } from '../lists';

/** One alert to write: what stands in it when it is new, and what may be corrected when it is there. */
export interface AlertWrite {
  readonly id: string;
  /** The whole document, for the first time. */
  readonly document: JsonRecord;
  /** What is recomputed over all events of the group and day. */
  readonly recomputed: {
    readonly start: string;
    readonly end: string;
    readonly count: number;
    readonly ancestors: readonly Ancestor[];
  };
}

/**
 * An alert that is there already keeps everything that somebody may have written on it; only the count and the times are
 * corrected, and only outwards. So two runs at once, of which one saw less, end with the same alert in any order.
 */
const CORRECT = `
if (!(ctx._source.event instanceof Map)) { ctx._source.event = new HashMap(); }
if (!(ctx._source.wmi_detections instanceof Map)) { ctx._source.wmi_detections = new HashMap(); }
def event = ctx._source.event;
def ours = ctx._source.wmi_detections;
boolean changed = false;
if (!(event.start instanceof String) || event.start.compareTo(params.start) > 0) { event.start = params.start; changed = true; }
if (!(event.end instanceof String) || event.end.compareTo(params.end) < 0) { event.end = params.end; changed = true; }
if (!(ours.count instanceof Number) || ours.count.longValue() < params.count) {
  ours.count = params.count;
  ours.ancestors = params.ancestors;
  changed = true;
}
if (!changed) { ctx.op = 'none'; }
`.replace(/\n\s*/g, ' ');

const MOST_ITEMS = 500;
const MOST_BYTES = 5_000_000;

/**
 * Writes alerts, each once: creates those that are not there, corrects the others. They can be searched afterwards.
 * @returns how many were not there before
 * @throws ProblemError READ_ONLY, FORBIDDEN or REFUSED when one of them could not be written; the others may have been
 */
export async function writeAlerts(cluster: Cluster, index: string, alerts: Iterable<AlertWrite>): Promise<number> {
  let created = 0;
  let lines: string[] = [];
  let bytes = 0;
  for (const alert of alerts) {
    const text = linesOf(alert);
    if (lines.length > 0 && (lines.length >= MOST_ITEMS || bytes + text.length > MOST_BYTES)) {
      created += await send(cluster, index, lines);
      lines = [];
      bytes = 0;
    }
    lines.push(text);
    bytes += text.length;
  }
  if (lines.length > 0) created += await send(cluster, index, lines);
  return created;
}

function linesOf({ id, document, recomputed }: AlertWrite): string {
  const script = { lang: 'painless', source: CORRECT, params: recomputed };
  return `${JSON.stringify({ update: { _id: id, retry_on_conflict: 10 } })}\n${JSON.stringify({ script, upsert: document })}\n`;
}

/** What is put off, or met by somebody else's write, is sent again under the retry policy of requests. */
async function send(cluster: Cluster, index: string, lines: readonly string[]): Promise<number> {
  const where = { url: `${cluster.url}/${index}/_bulk`, method: 'POST' };
  let created = 0;
  await retryRejected(lines, { ...cluster, where }, async (pending, { last }) => {
    const answers = await sendOnce(cluster, index, pending);
    created += answers.filter(({ result }) => result === 'created').length;
    const failed = answers.filter(({ status }) => status >= 400);
    if (last || failed.some(({ status }) => !isPassing(status))) refuse(where, failed, answers.length);
    return pending.filter((_, at) => isPassing(answers[at]?.status ?? 0));
  });
  return created;
}

type Updated = Pick<estypes.BulkResponseItem, 'status' | 'result' | 'error'>;

/** One request. @returns an answer an alert */
async function sendOnce({ client }: Cluster, index: string, lines: readonly string[]): Promise<readonly Updated[]> {
  const { items } = await client.bulk({ index, refresh: true, body: lines.join('') });
  return lines.map((_, at) => items[at]?.update ?? UNANSWERED);
}

const UNANSWERED: Updated = {
  status: 503,
  error: { type: '', reason: 'the cluster said nothing of this alert' },
};

/** Whether it may go otherwise the next time: somebody else was faster, or the cluster is busy. */
export function isPassing(status: number): boolean {
  return status === 409 || RETRYABLE_STATUS.has(status);
}

/** @throws ProblemError unless none failed */
function refuse(where: { url: string; method: string }, failed: readonly Updated[], sent: number): void {
  const [first] = failed;
  if (first === undefined) return;
  const reasons = [
    ...new Set(
      failed.map(({ error }) => [error?.type, error?.reason, error?.caused_by?.reason].filter(Boolean).join(': ')),
    ),
  ];
  throw new ProblemError(
    codeOf(first.status, reasons.join()),
    reasons.slice(0, 5).map((reason) => ({
      where: { ...where, status: first.status },
      message: `${failed.length} of ${sent} alerts could not be written: ${reason}`,
      hint: 'The watermark was not moved: the next run reads the same events again and writes what is missing.',
    })),
  );
}

function codeOf(status: number, reasons: string): ErrorCode {
  if (/cluster_block_exception/.test(reasons)) return 'READ_ONLY';
  return status === 403 ? 'FORBIDDEN' : 'REFUSED';
}

const MOST_IDS = 1_000;

/**
 * How many alerts {@link writeAlerts} would create; nothing is written. An index that is not there holds none of them.
 * @throws ProblemError FORBIDDEN or REFUSED when it cannot be said of one whether it is there
 */
export async function countNew(cluster: Cluster, index: string, alerts: Iterable<AlertWrite>): Promise<number> {
  const ids = Array.from(alerts, ({ id }) => id);
  let absent = 0;
  for (const some of chunk(ids, MOST_IDS)) absent += await countAbsent(cluster, index, some);
  return absent;
}

async function countAbsent(cluster: Cluster, index: string, ids: readonly string[]): Promise<number> {
  const docs = await mget(cluster, { index, _source: false, ids: [...ids] });
  return docs.filter(({ found }) => !found).length;
}
