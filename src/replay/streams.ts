import { ProblemError, type Problem } from '../errors';
import { MANAGED_BY } from '../resources/ownership';
import type { Cluster } from '../cluster/cluster';
import { SOURCES, type Source } from './recognise';
import { DATASETS } from '../detections/indices';
import { readIndexStates } from '../visibility/index-states';
import { ownStream } from '../visibility/standing';
import { readStreams } from '../visibility/streams';

/** The data stream of a source in a namespace. */
export function streamOf(source: Source, namespace: string): string {
  return `logs-${DATASETS[source]}-${namespace}`;
}

/**
 * Sees to it that our templates stand behind every data stream. Without them the cluster would make up an index of its own
 * for the first event, with guessed types and without our pipeline, and no template mends that afterwards.
 * @throws ProblemError REFUSED naming the templates that are missing and those that are not ours
 */
export async function checkTemplates(cluster: Cluster): Promise<void> {
  const ids = SOURCES.map((source) => `logs-${DATASETS[source]}@template`);
  const states = await Promise.all(ids.map((id) => templateState(cluster, id)));
  const missing = ids.filter((_, index) => states[index] === 'missing');
  const foreign = ids.filter((_, index) => states[index] === 'foreign');
  const where = { url: cluster.url };
  const problems: Problem[] = [];
  if (missing.length > 0) {
    const message = `nothing was sent: the cluster has no index template ${missing.join(', ')}`;
    problems.push({ where, message, hint: 'Run `wmi-detections deploy` first.' });
  }
  if (foreign.length > 0) {
    const message = `nothing was sent: somebody else's index template stands at ${foreign.join(', ')}`;
    const hint = 'Rename or remove it, or take it over with `wmi-detections adopt`; then run `wmi-detections deploy`.';
    problems.push({ where, message, hint });
  }
  if (problems.length > 0) throw new ProblemError('REFUSED', problems);
}

/**
 * Sees to it that what is sent gets our pipeline: that of the write index of a stream that is there, else that of the template that
 * would govern it.
 * @throws ProblemError REFUSED with each stream that it does not govern, and what to do
 */
export async function checkStreams(cluster: Cluster, namespace: string): Promise<void> {
  const streams = SOURCES.map((source) => ownStream(DATASETS[source], namespace));
  const states = await readIndexStates(
    cluster,
    streams.map(({ name }) => name),
  );
  const found = await readStreams(cluster, streams, states);
  const problems = found.flatMap(({ standing, now, next }) =>
    (standing.is === 'nothing' ? next : now).map(({ message, fix }): Problem => {
      return { where: { url: cluster.url }, message: `nothing was sent: ${message}`, hint: fix };
    }),
  );
  if (problems.length > 0) throw new ProblemError('REFUSED', problems);
}

async function templateState(cluster: Cluster, id: string): Promise<'ours' | 'missing' | 'foreign'> {
  const { statusCode, body } = await cluster.client.indices.getIndexTemplate(
    { name: id },
    { ignore: [404], meta: true },
  );
  if (statusCode === 404) return 'missing';
  return body.index_templates[0]?.index_template._meta?.managed_by === MANAGED_BY ? 'ours' : 'foreign';
}
