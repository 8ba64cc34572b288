import type { Resource, ResourceKind } from '../content/resource';
import { request, type Product } from '../cluster/cluster';
import { prepare } from '../cluster/translate';
import type { Body, Desired, Kind, Live, Scope } from './kind';
import { digestOf, markOf, unstamped, withDescription, withMeta, only, withoutMark } from './ownership';
import { isRecord } from '../json';
import { normalizeTemplate, componentsOf, effectiveTemplate } from './effective-template';
import { normalizeLifecycle, lifecycleOf } from './data-stream-lifecycle';
import { listOf } from '../lists';

/** What of a stored body we compare: keys that a server may add of its own (dates, for example) are left out. */
const KEYS: Readonly<Record<ResourceKind, readonly string[]>> = {
  ingest_pipeline: ['description', 'processors', 'on_failure', 'version', '_meta'],
  component_template: ['template', 'version', '_meta'],
  index_template: ['index_patterns', 'composed_of', 'priority', 'version', 'template', 'data_stream', '_meta'],
};

interface StoredKind {
  readonly name: ResourceKind;
  /** The API that lists them all with GET, and takes one with PUT `<path>/<id>`. */
  readonly path: string;
  /** The pairs of id and body in the answer to that GET. */
  readonly entries: (answer: Body) => readonly (readonly [string, Body])[];
  /** Whether this product takes `_meta` on this kind. */
  readonly takesMeta: (product: Product) => boolean;
  /** Adds to a prepared body what depends on other resources. */
  readonly complete?: (body: Body, resource: Resource, all: readonly Resource[], scope: Scope) => Body;
  readonly normalize: (body: Body) => Body;
  readonly refs: (body: Body) => readonly string[];
}

/** A kind whose things come from content files and are stored by the cluster under their own id. */
function storedKind({ name, path, entries, takesMeta, complete, normalize, refs }: StoredKind): Kind {
  const pathOf = (id: string): string => `${path}/${encodeURIComponent(id)}`;
  const bodyOf = (resource: Resource, all: readonly Resource[], scope: Scope): Body => {
    const body = prepare(resource, scope.cluster.product);
    return complete === undefined ? body : complete(body, resource, all, scope);
  };
  const kind: Kind = {
    name,
    shared: true,
    normalize,
    refs,

    desired: (scope, { resources }) =>
      Promise.resolve(
        resources
          .filter((resource) => resource.kind === name)
          .map((resource): Desired => ({
            id: resource.id,
            body: bodyOf(resource, resources, scope),
            place: resource.place,
          })),
      ),

    async list({ cluster }, ids) {
      const { body } = await request<Body>(cluster, { method: 'GET', path, allow: [404] });
      return entries(body)
        .map(([id, stored]): Live => {
          const mark = markOf(stored);
          return { id, body: stored, ours: mark?.id === id, digest: mark?.digest };
        })
        .filter((live) => live.ours || ids.includes(live.id));
    },

    async put({ cluster }, desired) {
      const mark = { id: desired.id, digest: digestOf(name, desired.id, desired.body) };
      const marked = takesMeta(cluster.product) ? withMeta : withDescription;
      await request(cluster, { method: 'PUT', path: pathOf(desired.id), body: marked(desired.body, mark) });
    },

    async remove({ cluster }, id) {
      await request(cluster, { method: 'DELETE', path: pathOf(id), allow: [404] });
    },

    mark: (scope, { id }, { body }) => kind.put(scope, { id, body: unstamped(body) }, 'update'),
  };
  return kind;
}

export const ingestPipeline = storedKind({
  name: 'ingest_pipeline',
  path: '/_ingest/pipeline',
  entries: (answer) =>
    Object.entries(answer).filter((entry): entry is [string, Record<string, unknown>] => isRecord(entry[1])),
  takesMeta: (product) => product === 'elasticsearch',
  normalize: (body) => only(withoutMark(body), KEYS.ingest_pipeline),
  refs: (body) => [...calledPipelines(body)],
});

/** The ids of the pipelines that a body calls, at any depth. */
function* calledPipelines(value: unknown): Generator<string> {
  if (Array.isArray(value)) {
    for (const item of value) yield* calledPipelines(item);
  } else if (isRecord(value)) {
    for (const [key, member] of Object.entries(value)) {
      if (key === 'pipeline' && isRecord(member) && typeof member.name === 'string') yield member.name;
      yield* calledPipelines(member);
    }
  }
}

export const componentTemplate = storedKind({
  name: 'component_template',
  path: '/_component_template',
  entries: (answer) => listedTemplates(answer, 'component_template'),
  takesMeta: () => true,
  normalize(body) {
    const kept = only(withoutMark(body), KEYS.component_template);
    return { ...kept, template: normalizeTemplate(kept.template) };
  },
  refs: () => [],
});

export const indexTemplate = storedKind({
  name: 'index_template',
  path: '/_index_template',
  entries: (answer) => listedTemplates(answer, 'index_template'),
  takesMeta: () => true,

  /** Each index made from it carries the digest of what it was made of: by that `data_stream` knows when to roll over. */
  complete(body, resource, all, scope) {
    const whole = effectiveTemplate(resource, all, scope.cluster.product);
    const mark = isRecord(whole.mappings) ? whole.mappings._meta : undefined;
    const template = isRecord(body.template) ? body.template : {};
    const mappings = isRecord(template.mappings) ? template.mappings : {};
    return {
      ...body,
      template: { ...template, ...lifecycleOf(body, scope), mappings: { ...mappings, _meta: mark } },
    };
  },

  normalize(body) {
    const kept = only(withoutMark(body), KEYS.index_template);
    return {
      ...kept,
      // Written or not, a server gives it back.
      composed_of: componentsOf(kept),
      template: normalizeLifecycle(normalizeTemplate(kept.template)),
      // Servers fill in `data_stream` (timestamp_field, hidden); all that counts for us is whether it is one.
      ...(isRecord(kept.data_stream) && { data_stream: {} }),
    };
  },

  refs: (body) => [...componentsOf(body), ...defaultPipelineOf(body)],
});

function defaultPipelineOf(body: Body): string[] {
  const { settings } = normalizeTemplate(body.template);
  const pipeline = isRecord(settings) ? settings['index.default_pipeline'] : undefined;
  return typeof pipeline === 'string' ? [pipeline] : [];
}

/** The pairs of id and body in `{"<kind>s": [{"name": …, "<kind>": {…}}]}`, the form in which templates are listed. */
export function listedTemplates(answer: Body, kind: 'component_template' | 'index_template'): [string, Body][] {
  const listed = answer[`${kind}s`];
  return listOf(listed).flatMap((item): [string, Body][] => {
    const body = isRecord(item) ? item[kind] : undefined;
    return isRecord(item) && typeof item.name === 'string' && isRecord(body) ? [[item.name, body]] : [];
  });
}
