import type { Resource, ResourceKind } from '../content/resource';
import { request, type Product } from '../cluster/cluster';
import { prepare } from '../cluster/translate';
import type { Body, Desired, Kind, Live, Scope } from './kind';
import { digestOf, markOf, unstamped, withDescription, withMeta } from './ownership';

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
export function storedKind({ name, path, entries, takesMeta, complete, normalize, refs }: StoredKind): Kind {
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
