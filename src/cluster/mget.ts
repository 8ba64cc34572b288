import type { estypes } from '@elastic/elasticsearch';
import type { JsonRecord } from '../json';
import type { Cluster } from './cluster';
import { refusal } from './failure';

/** A document by its id, as it is now, whether or not a search could find it; not `found` also where its index is not there. */
export type StoredDocument = estypes.GetGetResult<JsonRecord>;

/**
 * Documents by their ids. The answer is 200 even where each of them is refused: that one may not be read does not say that it
 * is not there.
 * @throws ProblemError FORBIDDEN when one may not be read, REFUSED when it cannot be said of one whether it is there
 */
export async function mget(cluster: Cluster, wanted: estypes.MgetRequest): Promise<readonly StoredDocument[]> {
  const { docs } = await cluster.client.mget<JsonRecord>(wanted);
  return docs.map((doc) => {
    if (!('error' in doc)) return doc;
    const { _index, _id, error } = doc;
    if (error.type === 'index_not_found_exception') return { _index, _id, found: false };
    const path = wanted.index === undefined ? '/_mget' : `/${wanted.index}/_mget`;
    const status = error.type === 'security_exception' ? 403 : 500;
    throw refusal(status, { error }, { url: `${cluster.url}${path}`, method: 'POST' });
  });
}
