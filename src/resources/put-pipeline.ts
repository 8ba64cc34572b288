import type { Cluster } from '../cluster/cluster';
import { refusal, serverReason } from '../cluster/failure';
import { untyped } from '../cluster/untyped';
import type { Script } from '../content/painless';
import { ProblemError } from '../errors';
import { isRecord } from '../json';

/**
 * Creates or replaces a pipeline.
 * @param scripts those of the body that have files of their own
 * @throws ProblemError REFUSED; with the place in the script's file where the engine does not compile it
 */
export async function putPipeline(
  { client, url }: Cluster,
  id: string,
  body: Record<string, unknown>,
  scripts: readonly Script[] = [],
): Promise<void> {
  const answer = await client.ingest.putPipeline({ id, body: untyped(body) }, { ignore: [400], meta: true });
  if (answer.statusCode !== 400) return;
  const refused: unknown = answer.body;
  const error = isRecord(refused) ? refused.error : undefined;
  const offset = isRecord(error) && isRecord(error.position) ? error.position.offset : undefined;
  const script = scripts.find(({ text }) => isRecord(error) && text === error.script);
  if (script === undefined || typeof offset !== 'number') {
    throw refusal(400, refused, { url: `${url}/_ingest/pipeline/${encodeURIComponent(id)}`, method: 'PUT' });
  }
  throw new ProblemError('REFUSED', [{ where: script.placeOf(offset), message: serverReason(refused) }]);
}
