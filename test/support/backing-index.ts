import { request, type Target } from '../../src/cluster/cluster';
import { SYSMON } from './scene';

/** The name that events of a namespace's Sysmon stream have in `_index`. */
export async function backingIndex(target: Target, namespace: string): Promise<string> {
  const { body } = await request<{ data_streams: { indices: { index_name: string }[] }[] }>(target, {
    method: 'GET',
    path: `/_data_stream/${SYSMON}-${namespace}`,
  });
  return body.data_streams[0]?.indices[0]?.index_name ?? '';
}
