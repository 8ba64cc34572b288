import type { estypes } from '@elastic/elasticsearch';
import { ProblemError, type Problem } from '../errors';
import { textAt, type JsonRecord } from '../json';
import { alertIndex } from '../detections/indices';
import { retryRejected } from '../cluster/retry';
import type { Cluster } from '../cluster/cluster';
import { alerts, type Alert } from './alert-index-search';
import { isPassing } from './alert-writes';
import type { AlertStore, StatusChange } from './scheduler';
import { mget, type StoredDocument } from '../cluster/mget';
import { toIso } from '../text/time';

/** What a bulk request says of one item; nothing where the answer has too few. */
type Updated = Partial<Record<estypes.BulkOperationType, estypes.BulkResponseItem>>;

/** The alert index of a namespace: what the local scheduler and watches write. */
export function alertIndexStore(cluster: Cluster, namespace: string): AlertStore {
  return {
    list: async (wanted) => ({ alerts: await alerts(cluster, { ...wanted, namespace }), notes: [] }),
    refusal: () => undefined,
    batches: (all) => [all],
    setStatus: (chosen, change) => setStatus(cluster, alertIndex(namespace), chosen, change),
  };
}

/**
 * Exactly what was read is replaced (seq_no). A run that corrected a count meanwhile is no matter: it is done again upon that, and
 * so is what the cluster puts off. What another analyst said meanwhile stays, and is told.
 */
async function setStatus(
  cluster: Cluster,
  index: string,
  chosen: readonly Alert[],
  change: StatusChange,
): Promise<void> {
  const seen = new Map(chosen.map((alert) => [alert._id, statusOf(alert)]));
  const problems: Problem[] = [];
  const where = { url: `${cluster.url}/${index}`, method: 'POST' };
  await retryRejected([...seen.keys()], { ...cluster, where }, async (left, { count, last }) => {
    const changes: StoredDocument[] = [];
    for (const there of await mget(cluster, { index, _source_includes: ['wmi_detections.status'], ids: [...left] })) {
      const now = statusOf(there._source ?? {});
      if (!there.found) problems.push({ where, message: `alert ${there._id} was deleted meanwhile` });
      else if (now === change.status) continue;
      else if (now === seen.get(there._id)) changes.push(there);
      else problems.push(overtaken(there._id, now, where));
    }
    const answers = await update(cluster, index, changes, change);
    return changes.flatMap(({ _id }, at) => {
      const { status = 503, error } = answers[at]?.update ?? {};
      if (status < 400) return [];
      if (isPassing(status) && !last) return [_id];
      const reason = `${error?.reason ?? 'no reason given'}${last ? ` (asked ${count} times)` : ''}`;
      problems.push({ where, message: `alert ${_id} could not be written: ${reason}` });
      return [];
    });
  });
  if (problems.length > 0) throw new ProblemError('REFUSED', problems);
}

function overtaken(id: string, status: string | null, where: { url: string }): Problem {
  const message = `alert ${id} was left as it is: somebody made it ${status ?? 'one without status'} meanwhile`;
  return { where, message, hint: 'Look at it again; if you still want to, say it again.' };
}

function statusOf(alert: JsonRecord): string | null {
  return textAt(alert, 'wmi_detections.status');
}

async function update(
  cluster: Cluster,
  index: string,
  changes: readonly StoredDocument[],
  { status, by, at }: StatusChange,
): Promise<readonly Updated[]> {
  if (changes.length === 0) return [];
  const doc = { wmi_detections: { status, status_updated_at: toIso(at), status_updated_by: by } };
  const operations = changes.flatMap(({ _id, _seq_no: seqNo, _primary_term: term }) => [
    { update: { _id, if_seq_no: seqNo, if_primary_term: term } },
    { doc },
  ]);
  return (await cluster.client.bulk({ index, refresh: true, operations })).items;
}
