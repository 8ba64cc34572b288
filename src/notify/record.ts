import { alertIndex } from '../detections/indices';
import type { Cluster } from '../cluster/cluster';
import { mget, type StoredDocument } from '../cluster/mget';
import { RETRYABLE_STATUS, retryRejected } from '../cluster/retry';
import { ProblemError } from '../errors';
import { chunk } from '../lists';
import { NOTIFIED, notifiedIn, type Notified } from './notified';

/** So many alerts are changed by one request. */
const MOST_IDS = 500;

/**
 * Changes what alerts record of one webhook. Exactly what was read is replaced (seq_no): an analyst's status, a corrected count and
 * what other webhooks and runs record stay. What somebody else changed meanwhile is read and decided again.
 * @param change the new item; undefined to leave it
 * @returns the ids of the alerts whose item was changed
 * @throws ProblemError FORBIDDEN, READ_ONLY or REFUSED when one could not be read or written; others may have been changed
 */
export async function changeNotified(
  cluster: Cluster,
  namespace: string,
  ids: readonly string[],
  to: string,
  change: (item: Notified) => Notified | undefined,
): Promise<Set<string>> {
  const changed = new Set<string>();
  for (const some of chunk(ids, MOST_IDS)) {
    const index = alertIndex(namespace);
    const where = { url: `${cluster.url}/${index}/_bulk`, method: 'POST' };
    await retryRejected(some, { ...cluster, where }, async (left, { last }) => {
      const updates = (await mget(cluster, { index, _source_includes: [NOTIFIED], ids: [...left] })).flatMap((found) =>
        updateOf(found, to, change),
      );
      const rejected: string[] = [];
      for (const { id, status, reason } of await write(cluster, index, updates)) {
        if (status < 400) changed.add(id);
        else if ((status === 409 || RETRYABLE_STATUS.has(status)) && !last) rejected.push(id);
        else throw unrecorded(where, status, id, to, reason);
      }
      return rejected;
    });
  }
  return changed;
}

interface Update {
  readonly found: StoredDocument;
  readonly notified: readonly Notified[];
}

/** None for an alert that is gone, or whose item stays. */
function updateOf(found: StoredDocument, to: string, change: (item: Notified) => Notified | undefined): Update[] {
  const list = notifiedIn(found._source);
  const item = list.find((each) => each.to === to);
  const next = item === undefined ? undefined : change(item);
  return next === undefined ? [] : [{ found, notified: list.map((each) => (each === item ? next : each)) }];
}

interface Written {
  readonly id: string;
  readonly status: number;
  readonly reason: string;
}

async function write({ client }: Cluster, index: string, updates: readonly Update[]): Promise<Written[]> {
  if (updates.length === 0) return [];
  const operations = updates.flatMap(({ found: { _id, _seq_no, _primary_term }, notified }) => [
    { update: { _id, if_seq_no: _seq_no, if_primary_term: _primary_term } },
    { doc: { wmi_detections: { notified } } },
  ]);
  const { items } = await client.bulk({ index, refresh: true, operations });
  return updates.map(({ found: { _id: id } }, at) => {
    const { status = 503, error } = items[at]?.update ?? {};
    return { id, status, reason: error?.reason ?? 'no reason given' };
  });
}

function unrecorded(
  where: { url: string; method: string },
  status: number,
  id: string,
  to: string,
  reason: string,
): ProblemError {
  const code = status === 403 ? (/cluster_block/.test(reason) ? 'READ_ONLY' : 'FORBIDDEN') : 'REFUSED';
  const hint = 'The next run reads what is recorded and sends what is not; a message may arrive twice.';
  const message = `the delivery of alert ${id} to ${to} could not be recorded: ${reason}`;
  return new ProblemError(code, [{ where: { ...where, status }, message, hint }]);
}
