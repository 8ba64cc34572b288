import { isRecord, type JsonRecord } from '../json';
import { stateIndex } from '../detections/indices';
import { compositionMark } from '../resources/effective-template';
import type { Scope } from '../resources/kind';
import type { SchedulerName } from '../settings';
import { MANAGED_BY } from '../resources/ownership';

/**
 * Where a deploy put the rules of a namespace. A scheduler whose rules are on the cluster itself needs no record: they are found
 * there. Rules on a server beside the cluster are seen only by those who know its URL and the places on it, so a deploy writes
 * these down as document `deployed` of the state index. Where that was lost, only what the settings name can be seen.
 */
export interface DeploymentRecord {
  readonly scheduler: SchedulerName;
  /** Of the scheduler's server, without credentials. */
  readonly url: string;
  /** Kibana spaces, sorted. */
  readonly spaces: readonly string[];
}

/** The `_id` of the document. */
export const DEPLOYMENT_RECORD = 'deployed';

/** @returns undefined where nothing is recorded for that scheduler, or the record may not be read */
export async function readDeploymentRecord(
  { cluster, namespace }: Scope,
  scheduler: SchedulerName,
): Promise<DeploymentRecord | undefined> {
  const { _source: source } = await cluster.client.get<JsonRecord>(recordIn(namespace), { ignore: [403, 404] });
  const found = source?.[scheduler];
  if (!isRecord(found) || typeof found.url !== 'string' || !Array.isArray(found.spaces)) return undefined;
  return { scheduler, url: found.url, spaces: found.spaces.map(String) };
}

export async function writeDeploymentRecord({ cluster, namespace }: Scope, record: DeploymentRecord): Promise<void> {
  const { scheduler, url, spaces } = record;
  const document = { kind: 'deployed', managed_by: MANAGED_BY, scheduler, [scheduler]: { url, spaces } };
  await cluster.client.index({ ...recordIn(namespace), refresh: true, document });
}

/** Removes the record, and the index that was created for it where nothing else is in it. */
export async function removeDeploymentRecord({ cluster, namespace }: Scope): Promise<void> {
  const { client } = cluster;
  await client.delete({ ...recordIn(namespace), refresh: true }, { ignore: [404] });
  const index = stateIndex(namespace);
  const left = await client.count({ index, query: { match_all: {} } }, { ignore: [404] });
  if (left.count !== 0) return;
  const made = await client.indices.getMapping({ index });
  if (compositionMark(made[index]?.mappings) === undefined) return;
  await client.indices.delete({ index }, { ignore: [404] });
}

function recordIn(namespace: string): { index: string; id: string } {
  return { index: stateIndex(namespace), id: DEPLOYMENT_RECORD };
}
