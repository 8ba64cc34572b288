import type { JsonRecord } from '../../json';
import { activeExceptions, type Exception } from '../../sigma/exceptions';
import { toExceptionEntries, type KibanaEntry } from '../../sigma/compile/exception-entries';
import type { Rule } from '../../detections/rule';
import type { Kibana } from '../../cluster/kibana';
import {
  anyOf,
  findAll,
  MOST_IDS,
  quoted,
  isOurId,
  isTagged,
  kibanaId,
  listId,
  MANAGED_TAG,
  planId,
} from './rule-ownership';
import type { Content, Desired, Kind, Live, Scope } from '../../resources/kind';
import { digestOf, MANAGED_BY, only, nameIn } from '../../resources/ownership';
import { chunk } from '../../lists';

/**
 * The exceptions of a rule (rules/exceptions/<slug>.yml) in Kibana:
 *
 *   an entry that Kibana can say exactly | an item of the rule's shared exception list, one for each alternative
 *   any other entry                      | part of the rule's query
 *
 * An analyst's lists, and an analyst's items in a list of ours, are never touched; a list of ours that holds some is kept
 * and stays linked, whatever the files say.
 */

const LISTS = '/api/exception_lists';
const ITEMS = '/api/exception_lists/items';

interface Shared {
  readonly rule: Rule;
  readonly exception: Exception;
  readonly alternatives: readonly (readonly KibanaEntry[])[];
}

function activeOf({ exceptions = [] }: Content, rule: Rule, now: number): Exception[] {
  return activeExceptions(exceptions, rule.slug, now);
}

function sharedOf(content: Content, rule: Rule, now: number): Shared[] {
  return activeOf(content, rule, now).flatMap((exception) => {
    const alternatives = toExceptionEntries(exception);
    return alternatives === undefined ? [] : [{ rule, exception, alternatives }];
  });
}

/** The exceptions of a rule that have to be part of its query. `now` is in milliseconds since 1970. */
export function compiledExceptions(content: Content, rule: Rule, now: number): Exception[] {
  const shared = sharedOf(content, rule, now).map(({ exception }) => exception);
  return activeOf(content, rule, now).filter((exception) => !shared.includes(exception));
}

/** The exception lists of ours in a space, of every namespace. */
export function sharedLists(kibana: Kibana, space: string): Promise<JsonRecord[]> {
  const filter = `exception-list.attributes.tags: ${quoted(MANAGED_TAG)}`;
  return findAll(kibana, space, `${LISTS}/_find`, { filter }, 'list_id');
}

/** Which lists of ours a rule refers to: that of its file, or one that an analyst has put items into. */
export async function listIdsWith(
  kibana: Kibana,
  space: string,
  { namespace, now }: Pick<Scope, 'namespace' | 'now'>,
  content: Content,
): Promise<(rule: Rule) => string[]> {
  const lists = (await sharedLists(kibana, space)).map(({ list_id: id }) => String(id));
  const used = new Set(await listsWithOthersItems(kibana, space, namespace, lists));
  return (rule) => {
    const id = listId(rule.slug, namespace);
    return used.has(id) || sharedOf(content, rule, now).length > 0 ? [id] : [];
  };
}

async function listsWithOthersItems(
  kibana: Kibana,
  space: string,
  namespace: string,
  lists: readonly string[],
): Promise<string[]> {
  const ofNamespace = lists.filter((id) => isOurId(id, namespace));
  const items = await itemsOf(kibana, space, ofNamespace);
  return items.filter((item) => !isOurItem(item, namespace)).map(({ list_id: id }) => String(id));
}

async function itemsOf(kibana: Kibana, space: string, lists: readonly string[]): Promise<JsonRecord[]> {
  const found: JsonRecord[] = [];
  for (const lot of chunk(lists, MOST_IDS)) {
    const query = { list_id: lot, namespace_type: lot.map(() => 'single') };
    found.push(...(await findAll(kibana, space, `${ITEMS}/_find`, query, 'item_id')));
  }
  return found;
}

function isOurItem(item: JsonRecord, namespace: string): boolean {
  return isTagged(item) && isOurId(item.item_id, namespace);
}

/** The shared exception lists of one space. */
export function exceptionLists(kibana: Kibana, space: string): Kind {
  return {
    name: 'exception_list',

    desired: ({ namespace, now }, content) =>
      Promise.resolve(
        content.rules
          .filter((rule) => sharedOf(content, rule, now).length > 0)
          .map((rule) => ({
            id: planId(space, listId(rule.slug, namespace)),
            title: rule.name,
            body: {
              name: `Exceptions of ${nameIn(rule.name, namespace)}`,
              description: `From rules/exceptions/${rule.slug}.yml; change them there.`,
              type: 'detection',
            },
          })),
      ),

    async list({ namespace }, ids) {
      const wanted = ids.map((id) => kibanaId(space, id));
      const tagged = await sharedLists(kibana, space);
      const missing = wanted.filter((id) => !tagged.some(({ list_id: known }) => known === id));
      const others: JsonRecord[] = [];
      for (const lot of chunk(missing, MOST_IDS)) {
        const filter = anyOf('exception-list.attributes.list_id', lot);
        others.push(...(await findAll(kibana, space, `${LISTS}/_find`, { filter }, 'list_id')));
      }
      const unwanted = tagged.map(({ list_id: id }) => String(id)).filter((id) => !wanted.includes(id));
      const used = await listsWithOthersItems(kibana, space, namespace, unwanted);
      return [...tagged, ...others].map((body): Live => {
        const id = String(body.list_id);
        // To delete a list is to delete the items that an analyst put into it: such a list is not ours to delete.
        const ours = isTagged(body) && isOurId(id, namespace) && !used.includes(id);
        return { id: planId(space, id), title: String(body.name), body, ours };
      });
    },

    async put(_scope, { id, body }, action) {
      const key = kibanaId(space, id);
      const marked = {
        ...body,
        list_id: key,
        namespace_type: 'single',
        tags: [MANAGED_TAG],
        meta: metaOf('exception_list', key, body),
      };
      await kibana.ask({ method: action === 'create' ? 'POST' : 'PUT', path: LISTS, space, body: marked });
    },

    async remove(_scope, id) {
      const query = { list_id: kibanaId(space, id), namespace_type: 'single' };
      await kibana.ask({ method: 'DELETE', path: LISTS, space, query, allow: [404] });
    },

    normalize: (body) => only(body, ['name', 'description', 'type']),
    refs: () => [],
  };
}

/** The items of the shared exception lists of one space. */
export function exceptionItems(kibana: Kibana, space: string): Kind {
  const readOne = async (key: string): Promise<JsonRecord | undefined> => {
    const query = { item_id: key, namespace_type: 'single' };
    const { status, body } = await kibana.ask<JsonRecord>({ method: 'GET', path: ITEMS, space, query, allow: [404] });
    return status === 404 ? undefined : body;
  };
  return {
    name: 'exception_item',

    desired: (scope, content) =>
      Promise.resolve(
        content.rules
          .flatMap((rule) => sharedOf(content, rule, scope.now))
          .flatMap((shared) => desiredItems(space, scope, shared)),
      ),

    async list({ namespace }, ids) {
      const lists = (await sharedLists(kibana, space)).map(({ list_id: id }) => String(id));
      const items = await itemsOf(
        kibana,
        space,
        lists.filter((id) => isOurId(id, namespace)),
      );
      return items
        .map((body): Live => {
          const id = planId(space, String(body.item_id));
          return { id, title: String(body.name), body, ours: isOurItem(body, namespace) };
        })
        .filter(({ id, ours }) => ours || ids.includes(id));
    },

    async put(_scope, { id, body }) {
      const key = kibanaId(space, id);
      const live = await readOne(key);
      const marked = {
        ...body,
        item_id: key,
        namespace_type: 'single',
        tags: [MANAGED_TAG],
        meta: metaOf('exception_item', key, body),
      };
      if (live === undefined) {
        await kibana.ask({ method: 'POST', path: ITEMS, space, body: marked });
        return;
      }
      // An item belongs to its list, which an update does not name. The comments are the analysts'.
      const changed = only(
        marked,
        Object.keys(marked).filter((name) => name !== 'list_id'),
      );
      await kibana.ask({ method: 'PUT', path: ITEMS, space, body: { ...changed, comments: commentsOf(live) } });
    },

    async remove(_scope, id) {
      const query = { item_id: kibanaId(space, id), namespace_type: 'single' };
      await kibana.ask({ method: 'DELETE', path: ITEMS, space, query, allow: [404] });
    },

    normalize: (body) => only(body, ['list_id', 'name', 'description', 'entries', 'expire_time']),
    refs: ({ list_id: list }) => (typeof list === 'string' ? [planId(space, list)] : []),
  };
}

function desiredItems(space: string, { namespace }: Scope, { rule, exception, alternatives }: Shared): Desired[] {
  const list = listId(rule.slug, namespace);
  return alternatives.map((entries, number): Desired => ({
    id: planId(space, itemIdOf(list, exception.id, number)),
    title: exception.id,
    body: {
      list_id: list,
      type: 'simple',
      name: exception.id,
      description: `${exception.comment} (${exception.author})`,
      entries,
      ...(exception.expires !== null && { expire_time: `${exception.expires}T00:00:00.000Z` }),
    },
  }));
}

function itemIdOf(list: string, entry: string, number: number): string {
  return `${list}:${entry}${number === 0 ? '' : `:${number + 1}`}`;
}

function metaOf(kind: 'exception_list' | 'exception_item', id: string, body: JsonRecord): JsonRecord {
  return { managed_by: MANAGED_BY, id, digest: digestOf(kind, id, body) };
}

function commentsOf({ comments }: JsonRecord): unknown[] {
  return Array.isArray(comments)
    ? comments.map((each: JsonRecord) => ({
        ...(typeof each.id === 'string' && { id: each.id }),
        comment: each.comment,
      }))
    : [];
}
