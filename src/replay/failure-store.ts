import type { estypes } from '@elastic/elasticsearch';
import { ProblemError } from '../errors';
import { isRecord, textAt } from '../json';
import type { Cluster } from '../cluster/cluster';

/*
 * With the failure store of Elasticsearch on, a document that the mapping or a pipeline refuses is kept there, and the request is answered
 * 201 with `"failure_store": "used"`. `_index` and `_id` then name what is in the failure store: the document and its error.
 */

/**
 * Why documents went to the failure store.
 * @param diverted items of a bulk response
 * @returns a reason for each; where the user may not read the failure store, one that says where it is
 * @throws ProblemError INTERRUPTED
 */
export async function failureReasons<T extends estypes.BulkResponseItem>(
  cluster: Cluster,
  diverted: readonly T[],
): Promise<ReadonlyMap<T, string>> {
  if (diverted.length === 0) return new Map();
  const errors = await readErrors(cluster, diverted);
  return new Map(
    diverted.map((item, index) => [
      item,
      `${errors[index] ?? 'no reason given'} (it is in the failure store, ${item._index})`,
    ]),
  );
}

async function readErrors(
  { client }: Cluster,
  items: readonly estypes.BulkResponseItem[],
): Promise<(string | undefined)[]> {
  const docs = items.map(({ _index, _id }) => ({ _index, _id: _id ?? '', _source: ['error.type', 'error.message'] }));
  try {
    const { statusCode, body } = await client.mget({ docs }, { ignore: [400, 403, 404], meta: true });
    return statusCode === 200 ? body.docs.map(errorIn) : [];
  } catch (error) {
    // That the reason cannot be read changes nothing in what happened.
    if (error instanceof ProblemError && error.code !== 'INTERRUPTED') return [];
    throw error;
  }
}

function errorIn(doc: unknown): string | undefined {
  const source = isRecord(doc) ? doc._source : undefined;
  const parts = ['error.type', 'error.message'].map((field) => textAt(source, field)).filter((part) => part !== null);
  return parts.length === 0 ? undefined : parts.join(': ');
}
