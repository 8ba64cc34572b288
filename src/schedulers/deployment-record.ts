import { isRecord } from '../json';
import { stateIndex } from '../detections/indices';
import { request, type Cluster } from '../cluster/cluster';
import { compositionMark } from '../resources/effective-template';
import type { Body } from '../resources/kind';
import { MANAGED_BY } from '../resources/ownership';

/**
 * Where the rules of a namespace are in Kibana. Rules of every other scheduler stand on the cluster itself, where they are found;
 * those in Kibana are seen only by whoever knows its URL and the spaces. So a deploy writes these down on the cluster, as
 * document `deployed` of the state index. Where that was lost, only what the settings name can be seen.
 */
export interface DeployedTo {
  /** Without credentials. */
  readonly url: string;
  /** Sorted. */
  readonly spaces: readonly string[];
}

/** What was read of that by somebody who names a Kibana. */
export interface Remembered {
  /** Undefined where nothing is written down. */
  readonly at: DeployedTo | undefined;
  /** Whether it is the Kibana that is named, under whatever name. */
  readonly isHere: boolean;
}

/** The `_id` of the document. */
export const DEPLOYED_TO = 'deployed';

/** @returns undefined where nothing is written down, or it may not be read */
export async function readDeployedTo(cluster: Cluster, namespace: string): Promise<DeployedTo | undefined> {
  const asked = { method: 'GET', path: pathOf(namespace), allow: [403, 404] } as const;
  const { body } = await request<{ readonly _source?: Body }>(cluster, asked);
  const kibana = body._source?.kibana;
  if (!isRecord(kibana) || typeof kibana.url !== 'string' || !Array.isArray(kibana.spaces)) return undefined;
  return { url: kibana.url, spaces: kibana.spaces.map(String) };
}

export async function writeDeployedTo(cluster: Cluster, namespace: string, { url, spaces }: DeployedTo): Promise<void> {
  const body = { kind: 'deployed', managed_by: MANAGED_BY, scheduler: 'kibana', kibana: { url, spaces } };
  await request(cluster, { method: 'PUT', path: pathOf(namespace), query: { refresh: true }, body });
}

/** Takes the document away, and the index that was made for it where nothing else is in it. */
export async function removeDeployedTo(cluster: Cluster, namespace: string): Promise<void> {
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
  return `/${stateIndex(namespace)}/_doc/${DEPLOYED_TO}`;
}
