import type { Client } from '@elastic/elasticsearch';
import type { Resource, ResourceKind } from '../content/resource';
import type { Cluster, Product } from '../cluster/cluster';
import type { Script } from '../content/painless';
import { prepare } from '../cluster/translate';
import { untyped } from '../cluster/untyped';
import type { Desired, Kind, Live, Scope } from './kind';
import { digestOf, markOf, unstamped, withDescription, withMeta, only, withoutMark } from './ownership';
import { isRecord, type JsonRecord } from '../json';
import { putPipeline } from './put-pipeline';
import { normalizeTemplate, componentsOf, effectiveTemplate } from './effective-template';
import { normalizeLifecycle, lifecycleOf } from './data-stream-lifecycle';

/** What of a stored body we compare: keys that a server may add of its own (dates, for example) are left out. */
const KEYS: Readonly<Record<ResourceKind, readonly string[]>> = {
  ingest_pipeline: ['description', 'processors', 'on_failure', 'version', '_meta'],
  component_template: ['template', 'version', '_meta'],
  index_template: ['index_patterns', 'composed_of', 'priority', 'version', 'template', 'data_stream', '_meta'],
};

interface StoredKind {
  readonly name: ResourceKind;
  /** The pairs of id and body of all that are stored. */
  readonly stored: (client: Client) => Promise<readonly (readonly [string, JsonRecord])[]>;
  readonly write: (cluster: Cluster, id: string, body: JsonRecord, scripts?: readonly Script[]) => Promise<unknown>;
  /** Also where there is none. */
  readonly delete: (client: Client, id: string) => Promise<unknown>;
  /** Whether this product takes `_meta` on this kind. */
  readonly takesMeta: (product: Product) => boolean;
  /** Adds to a prepared body what depends on other resources. */
  readonly complete?: (body: JsonRecord, resource: Resource, all: readonly Resource[], scope: Scope) => JsonRecord;
  readonly normalize: (body: JsonRecord) => JsonRecord;
  readonly refs: (body: JsonRecord) => readonly string[];
}

/** A kind whose things come from content files and are stored by the cluster under their own id. */
function storedKind(stored: StoredKind): Kind {
  const { name, takesMeta, complete, normalize, refs } = stored;
  const bodyOf = (resource: Resource, all: readonly Resource[], scope: Scope): JsonRecord => {
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
            scripts: resource.scripts,
          })),
      ),

    async list({ cluster }, ids) {
      return (await stored.stored(cluster.client))
        .map(([id, body]): Live => {
          const mark = markOf(body);
          return { id, body, ours: mark?.id === id, digest: mark?.digest };
        })
        .filter((live) => live.ours || ids.includes(live.id));
    },

    async put({ cluster }, desired) {
      const mark = { id: desired.id, digest: digestOf(name, desired.id, desired.body) };
      const marked = takesMeta(cluster.product) ? withMeta : withDescription;
      await stored.write(cluster, desired.id, marked(desired.body, mark), desired.scripts);
    },

    async remove({ cluster }, id) {
      await stored.delete(cluster.client, id);
    },

    mark: (scope, { id }, { body }) => kind.put(scope, { id, body: unstamped(body) }, 'update'),
  };
  return kind;
}

export const ingestPipeline = storedKind({
  name: 'ingest_pipeline',
  async stored({ ingest }) {
    const { statusCode, body } = await ingest.getPipeline({}, { ignore: [404], meta: true });
    return statusCode === 404 ? [] : Object.entries(body).map(([id, pipeline]) => [id, { ...pipeline }] as const);
  },
  write: putPipeline,
  delete: ({ ingest }, id) => ingest.deletePipeline({ id }, { ignore: [404] }),
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
  async stored({ cluster }) {
    const { statusCode, body } = await cluster.getComponentTemplate({}, { ignore: [404], meta: true });
    if (statusCode === 404) return [];
    return body.component_templates.map(({ name, component_template: template }) => [name, { ...template }] as const);
  },
  write({ client }, name, { template, ...rest }) {
    const typed = untyped(isRecord(template) ? template : {});
    return client.cluster.putComponentTemplate({ name, template: typed, body: untyped(rest) });
  },
  delete: ({ cluster }, name) => cluster.deleteComponentTemplate({ name }, { ignore: [404] }),
  takesMeta: () => true,
  normalize(body) {
    const kept = only(withoutMark(body), KEYS.component_template);
    return { ...kept, template: normalizeTemplate(kept.template) };
  },
  refs: () => [],
});

export const indexTemplate = storedKind({
  name: 'index_template',
  async stored({ indices }) {
    const { statusCode, body } = await indices.getIndexTemplate({}, { ignore: [404], meta: true });
    if (statusCode === 404) return [];
    return body.index_templates.map(({ name, index_template: template }) => [name, { ...template }] as const);
  },
  write: ({ client }, name, body) => client.indices.putIndexTemplate({ name, body: untyped(body) }),
  delete: ({ indices }, name) => indices.deleteIndexTemplate({ name }, { ignore: [404] }),
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

function defaultPipelineOf(body: JsonRecord): string[] {
  const { settings } = normalizeTemplate(body.template);
  const pipeline = isRecord(settings) ? settings['index.default_pipeline'] : undefined;
  return typeof pipeline === 'string' ? [pipeline] : [];
}
