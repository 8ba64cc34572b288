import type { estypes } from '@elastic/elasticsearch';
import type { Resource } from '../content/resource';
import { ProblemError } from '../errors';
import { canonicalJson, isRecord, type JsonRecord } from '../json';
import { DATASETS } from '../detections/indices';
import type { Cluster } from '../cluster/cluster';
import { ONCE } from '../cluster/transport';
import { untyped } from '../cluster/untyped';
import { effectiveTemplate, compositionMark, leafFields, patternsOf, sameComposition } from './effective-template';
import type { Desired, Kind, Live, Scope } from './kind';

/**
 * A template changes only the backing indices that are made after it. This kind brings the change to the data streams that
 * exist: new fields by `put_mapping` on the write index, everything else by `rollover`. The mapping of a backing index
 * says of which composition it was made (see composition.ts), so that nothing has to be guessed.
 */
export const dataStream: Kind = {
  name: 'data_stream',

  async desired({ cluster }, { resources }) {
    const desired: Desired[] = [];
    for (const { template, streams } of await streamsByTemplate(cluster, resources)) {
      const body = effectiveTemplate(template, resources, cluster.product);
      desired.push(...streams.map(({ name }) => ({ id: name, body, place: template.place })));
    }
    return desired;
  },

  async list({ cluster }, ids) {
    const live: Live[] = [];
    // Ours by its name: it matches the pattern of our own template.
    for (const id of ids) {
      const mappings = await writeMappings(cluster, id);
      live.push({ id, body: mappings === GONE ? { gone: true } : { mappings }, ours: true });
    }
    return live;
  },

  async put(scope, desired, action) {
    if (action === 'put_mapping' && (await putMapping(scope, desired))) return;
    // Done twice, it would leave an empty index behind.
    await scope.cluster.client.indices.rollover({ alias: desired.id }, ONCE);
    await verify(scope.cluster, desired);
  },

  remove: async ({ cluster }, id) => {
    await cluster.client.indices.deleteDataStream({ name: id }, { ignore: [404] });
  },

  normalize: (body) => Object.fromEntries(leafFields(body.mappings)),
  refs: () => [],

  async dataOf({ cluster, namespace }) {
    const own = OUR_DATASETS.map((dataset) => `logs-${dataset}-${namespace}`);
    return (await ourStreams(cluster)).filter((name) => own.includes(name));
  },

  // One that went away since it was listed needs nothing: its next document makes it anew, of the template.
  unchanged: (desired, live) => live.body.gone === true || sameComposition(desired.body, live.body),
  actionFor: (desired, live) => (isAdditive(desired.body, live.body) ? 'put_mapping' : 'rollover'),
};

const OUR_DATASETS = Object.values(DATASETS);

/** The names of our data streams, of every namespace. By patterns: a server answers 404 to a list of names if one is not there. */
export function ourStreams(cluster: Cluster): Promise<string[]> {
  return streamNames(
    cluster,
    OUR_DATASETS.map((dataset) => `logs-${dataset}-*`),
  );
}

/**
 * The data streams that our templates made. A stream that somebody's template of higher priority makes is theirs, though our
 * pattern matches its name.
 */
export async function streamsByTemplate(
  cluster: Cluster,
  resources: readonly Resource[],
): Promise<{ readonly template: Resource; readonly streams: readonly estypes.IndicesDataStream[] }[]> {
  const templates = resources.filter(({ kind, body }) => kind === 'index_template' && isRecord(body.data_stream));
  const found = [];
  for (const template of templates) {
    const streams = await streamsOf(cluster, patternsOf(template.body));
    found.push({ template, streams: streams.filter((stream) => stream.template === template.id) });
  }
  return found;
}

async function streamsOf(cluster: Cluster, patterns: readonly string[]): Promise<readonly estypes.IndicesDataStream[]> {
  const { statusCode, body } = await cluster.client.indices.getDataStream(
    { name: [...patterns] },
    { ignore: [404], meta: true },
  );
  return statusCode === 404 ? [] : body.data_streams;
}

/** The names of the data streams that match one of the patterns. */
export async function streamNames(cluster: Cluster, patterns: readonly string[]): Promise<string[]> {
  return (await streamsOf(cluster, patterns)).map(({ name }) => name);
}

const GONE = Symbol('gone');

async function writeMappings(cluster: Cluster, stream: string): Promise<unknown> {
  const { indices } = cluster.client;
  const found = await indices.getDataStream({ name: stream }, { ignore: [404], meta: true });
  if (found.statusCode === 404) return GONE;
  const index = found.body.data_streams[0]?.indices.at(-1)?.index_name ?? stream;
  const mapping = await indices.getMapping({ index }, { ignore: [404], meta: true });
  return mapping.statusCode === 404 ? GONE : mapping.body[index]?.mappings;
}

/** Whether every field that the write index has stays as it is, and the settings do: the difference is new fields only. */
function isAdditive(desired: JsonRecord, live: JsonRecord): boolean {
  const wanted = leafFields(desired.mappings);
  const stays = [...leafFields(live.mappings)].every(([field, definition]) => {
    const next = wanted.get(field);
    return next !== undefined && canonicalJson(next) === canonicalJson(definition);
  });
  const settings = compositionMark(desired.mappings)?.settings_digest;
  return stays && settings === compositionMark(live.mappings)?.settings_digest;
}

/** @returns false when the server does not take the change in place */
async function putMapping({ cluster }: Scope, desired: Desired): Promise<boolean> {
  const mappings = isRecord(desired.body.mappings) ? desired.body.mappings : {};
  const { statusCode } = await cluster.client.indices.putMapping(
    { index: desired.id, write_index_only: true, body: untyped(mappings) },
    { ignore: [400], meta: true },
  );
  return statusCode < 400;
}

/** @throws ProblemError when the new write index was not made of what our template says */
async function verify(cluster: Cluster, desired: Desired): Promise<void> {
  const made = compositionMark(await writeMappings(cluster, desired.id));
  if (made?.mappings_digest === compositionMark(desired.body.mappings)?.mappings_digest) return;
  throw new ProblemError('REFUSED', [
    {
      where: { url: `${cluster.url}/${desired.id}` },
      message: 'the new write index was not made from our template',
      hint: 'An index template of higher priority matches this name: POST _index_template/_simulate_index/<name> shows which.',
    },
  ]);
}
