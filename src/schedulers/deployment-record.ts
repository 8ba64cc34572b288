import { isRecord } from '../json';
import { stateIndex } from '../detections/indices';
import { request } from '../cluster/cluster';
import { compositionMark } from '../resources/effective-template';
import type { Body, Scope } from '../resources/kind';
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
  const asked = { method: 'GET', path: pathOf(namespace), allow: [403, 404] } as const;
  const { body } = await request<{ readonly _source?: Body }>(cluster, asked);
  const found = body._source?.[scheduler];
  if (!isRecord(found) || typeof found.url !== 'string' || !Array.isArray(found.spaces)) return undefined;
  return { scheduler, url: found.url, spaces: found.spaces.map(String) };
}

export async function writeDeploymentRecord({ cluster, namespace }: Scope, record: DeploymentRecord): Promise<void> {
  const { scheduler, url, spaces } = record;
  const body = { kind: 'deployed', managed_by: MANAGED_BY, scheduler, [scheduler]: { url, spaces } };
  await request(cluster, { method: 'PUT', path: pathOf(namespace), query: { refresh: true }, body });
}

/** Removes the record, and the index that was created for it where nothing else is in it. */
export async function removeDeploymentRecord({ cluster, namespace }: Scope): Promise<void> {
  await request(cluster, { method: 'DELETE', path: pathOf(namespace), query: { refresh: true }, allow: [404] });
  const index = `/${stateIndex(namespace)}`;
  const { body: left } = await request<{ count?: number }>(cluster, {
    method: 'POST',
    path: `${index}/_count`,
    allow: [404],
  });
  if (left.count !== 0) return;
  const { body: made } = await request<Record<string, Body>>(cluster, { method: 'GET', path: `${index}/_mapping` });
  if (compositionMark(made[stateIndex(namespace)]?.mappings) === undefined) return;
  await request(cluster, { method: 'DELETE', path: index, allow: [404] });
}

function pathOf(namespace: string): string {
  return `/${stateIndex(namespace)}/_doc/${DEPLOYMENT_RECORD}`;
}
