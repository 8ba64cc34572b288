import type { Cluster } from '../../src/cluster/cluster';
import { request } from './request';
import { SYSMON } from './dataset';

/** The name that events of a namespace's Sysmon stream have in `_index`. */
export async function backingIndex(cluster: Cluster, namespace: string): Promise<string> {
  const { body } = await request<{ data_streams: { indices: { index_name: string }[] }[] }>(cluster, {
    method: 'GET',
    path: `/_data_stream/${SYSMON}-${namespace}`,
  });
  return body.data_streams[0]?.indices[0]?.index_name ?? '';
}
