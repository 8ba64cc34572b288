import type { estypes } from '@elastic/elasticsearch';
import { isRecord } from '../json';
import { alertIndex, stateIndex } from '../detections/indices';
import type { Cluster } from '../cluster/cluster';
import { requireMetadata } from '../cluster/privileges';
import { untyped } from '../cluster/untyped';
import { effectiveTemplate, compositionMark, leafFields, patternsOf, sameComposition } from './effective-template';
import type { Desired, Kind, Live } from './kind';

/**
 * The plain indices that exist (alerts, state): a changed template reaches them by `put_mapping`. A field that changed its
 * type cannot; the server then says so, and nothing is lost.
 */
export const plainIndex: Kind = {
  name: 'index',

  async desired({ cluster }, { resources }) {
    const templates = resources.filter(({ kind, body }) => kind === 'index_template' && !isRecord(body.data_stream));
    const desired: Desired[] = [];
    for (const template of templates) {
      const body = effectiveTemplate(template, resources, cluster.product);
      const there = Object.entries(await mappingsOf(cluster, patternsOf(template.body)));
      // What was made from somebody's template is theirs, though our pattern matches its name.
      const made = there.filter(([, { mappings }]) => compositionMark(mappings) !== undefined);
      desired.push(...made.map(([id]) => ({ id, body, place: template.place })));
    }
    return desired;
  },

  async list({ cluster }, ids) {
    const live = await found(cluster, ids);
    const gone = ids.filter((id) => !live.some((each) => each.id === id));
    return [...live, ...gone.map((id) => ({ id, body: { gone: true }, ours: true }))];
  },

  async put({ cluster }, { id, body }) {
    const mappings = isRecord(body.mappings) ? body.mappings : {};
    await cluster.client.indices.putMapping({ index: id, body: untyped(mappings) });
  },

  async remove({ cluster }, id) {
    await cluster.client.indices.delete({ index: id }, { ignore: [404] });
  },

  async dataOf({ cluster, namespace }) {
    const made = await found(cluster, [alertIndex(namespace), stateIndex(namespace)]);
    return made.filter(({ ours }) => ours).map(({ id }) => ({ id, refs: [] }));
  },

  normalize: (body) => Object.fromEntries(leafFields(body.mappings)),
  refs: () => [],
  // One that went away since it was found needs nothing: its next document makes it anew, of the template.
  unchanged: (desired, live) => live.body.gone === true || sameComposition(desired.body, live.body),
  actionFor: () => 'put_mapping',
};

async function found(cluster: Cluster, ids: readonly string[]): Promise<Live[]> {
  if (ids.length === 0) return [];
  return Object.entries(await mappingsOf(cluster, ids)).map(([id, { mappings }]) => ({
    id,
    body: { mappings },
    ours: compositionMark(mappings) !== undefined,
  }));
}

/** The mappings of the indices that match, by name; none where none matches. */
async function mappingsOf(
  cluster: Cluster,
  patterns: readonly string[],
): Promise<Readonly<Record<string, { readonly mappings: estypes.MappingTypeMapping }>>> {
  await requireMetadata(cluster, patterns);
  const { statusCode, body } = await cluster.client.indices.getMapping(
    { index: [...patterns], ignore_unavailable: true, allow_no_indices: true },
    { ignore: [404], meta: true },
  );
  return statusCode === 404 ? {} : body;
}
