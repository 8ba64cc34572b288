import type { estypes } from '@elastic/elasticsearch';
import type { Cluster } from '../../cluster/cluster';
import { OWN_DATASETS } from '../../detections/indices';
import { untyped } from '../../cluster/untyped';
import { ProblemError } from '../../errors';
import { isRecord, type JsonRecord } from '../../json';
import type { Desired } from '../../resources/kind';
import { chunk, stringsOf } from '../../lists';

const QUERIES_AT_ONCE = 100;

/**
 * Asks the engine each query once, for as little as can be: what it refuses would never find anything, and fail each run. Only our
 * own data streams are asked: what the mappings of other indices refuse is a blind spot of the rule, and no fault of its query.
 * @param rules the bodies of stored rules
 * @returns why, by id; nothing of indices that are not there yet, or that may not be read
 */
export async function refusedQueries(
  cluster: Cluster,
  rules: readonly Desired[],
): Promise<ReadonlyMap<string, ProblemError>> {
  const refused = new Map<string, ProblemError>();
  for (const some of chunk(rules, QUERIES_AT_ONCE)) {
    const answers = await ask(cluster, some);
    some.forEach(({ id }, index) => {
      const answer = answers[index];
      if (answer === undefined || !('error' in answer) || answer.status !== 400) return;
      const where = { url: `${cluster.url}/_msearch`, method: 'POST', status: answer.status };
      const message = `the engine refuses the query of this rule: ${reasonOf(answer.error)}`;
      const hint = 'Split the rule, or look for less.';
      refused.set(id, new ProblemError('REFUSED', [{ where, message, hint }]));
    });
  }
  return refused;
}

async function ask({ client }: Cluster, rules: readonly Desired[]): Promise<readonly estypes.MsearchResponseItem[]> {
  const searches = rules.flatMap(({ body }) => [
    { index: ownOf(stringsOf(body.indices)), ignore_unavailable: true, allow_no_indices: true },
    { size: 0, terminate_after: 1, track_total_hits: false, query: untyped(body.query as JsonRecord) },
  ]);
  try {
    return (await client.msearch({ searches })).responses;
  } catch (error) {
    if (error instanceof ProblemError && error.code === 'FORBIDDEN') return [];
    throw error;
  }
}

/** A name that no index has stands for none: an empty list would ask all indices. */
function ownOf(indices: readonly string[]): string[] {
  const own = indices.filter((name) => OWN_DATASETS.some((dataset) => name.startsWith(`logs-${dataset}-`)));
  return own.length > 0 ? own : [`logs-${OWN_DATASETS[0] ?? ''}-none-of-ours`];
}

/** The cause at the bottom: the one above says only that shards failed. */
function reasonOf(error: unknown): string {
  if (!isRecord(error)) return 'no reason given';
  const [root] = Array.isArray(error.root_cause) ? (error.root_cause as unknown[]) : [];
  const reason = isRecord(root) ? root.reason : error.reason;
  return typeof reason === 'string' ? reason : 'no reason given';
}
