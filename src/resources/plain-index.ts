import { isRecord } from '../json';
import { alertIndex, stateIndex } from '../detections/indices';
import { request, type Target } from '../cluster/cluster';
import { composition, compositionMark, leafFields, patternsOf, sameComposition } from './effective-template';
import type { Body, Desired, Kind, Live } from './kind';

/**
 * The plain indices that exist (alerts, state): a changed template reaches them by `put_mapping`. A field that changed its
 * type cannot; the server then says so, and nothing is lost.
 */
export const plainIndex: Kind = {
  name: 'index',

  async desired({ target }, { resources }) {
    const templates = resources.filter(({ kind, body }) => kind === 'index_template' && !isRecord(body.data_stream));
    const desired: Desired[] = [];
    for (const template of templates) {
      const body = composition(template, resources, target.product);
      const there = Object.entries(await mappingsOf(target, patternsOf(template.body)));
      // What was made from somebody's template is theirs, though our pattern matches its name.
      const made = there.filter(([, { mappings }]) => compositionMark(mappings) !== undefined);
      desired.push(...made.map(([id]) => ({ id, body, place: template.place })));
    }
    return desired;
  },

  async list({ target }, ids) {
    const live = await found(target, ids);
    const gone = ids.filter((id) => !live.some((each) => each.id === id));
    return [...live, ...gone.map((id) => ({ id, body: { gone: true }, ours: true }))];
  },

  async put({ target }, { id, body }) {
    const mappings = isRecord(body.mappings) ? body.mappings : {};
    await request(target, { method: 'PUT', path: `/${encodeURIComponent(id)}/_mapping`, body: mappings });
  },

  async remove({ target }, id) {
    await request(target, { method: 'DELETE', path: `/${encodeURIComponent(id)}`, allow: [404] });
  },

  async dataOf({ target, namespace }) {
    const made = await found(target, [alertIndex(namespace), stateIndex(namespace)]);
    return made.filter(({ ours }) => ours).map(({ id }) => id);
  },

  canon: (body) => Object.fromEntries(leafFields(body.mappings)),
  refs: () => [],
  // One that went away since it was found needs nothing: its next document makes it anew, of the template.
  unchanged: (desired, live) => live.body.gone === true || sameComposition(desired.body, live.body),
  actionFor: () => 'put_mapping',
};

async function found(target: Target, ids: readonly string[]): Promise<Live[]> {
  if (ids.length === 0) return [];
  return Object.entries(await mappingsOf(target, ids)).map(([id, body]) => ({
    id,
    body,
    ours: compositionMark(body.mappings) !== undefined,
  }));
}

/** The mappings of the indices that match, by name; none where none matches. */
async function mappingsOf(target: Target, patterns: readonly string[]): Promise<Record<string, Body>> {
  const path = `/${patterns.map((pattern) => encodeURIComponent(pattern)).join(',')}/_mapping`;
  const { body, status } = await request<Record<string, Body>>(target, {
    method: 'GET',
    path,
    query: { ignore_unavailable: true, allow_no_indices: true },
    allow: [404],
  });
  return status === 404 ? {} : body;
}
