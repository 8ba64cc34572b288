import { isRecord } from '../../src/json';
import type { ContractRequest, Contract } from './kibana-contract';
import { runPreview } from './kibana-preview';
import { changeSignals, searchSignals } from './kibana-signals';
import {
  listOf,
  matcher,
  Refusal,
  serverOwned,
  storeItem,
  storeRule,
  type Decoration,
  type Space,
  type Thing,
} from './kibana-state';

export interface Asked extends ContractRequest {
  readonly space: Space;
  readonly spaceId: string;
  readonly spaceIds: readonly string[];
  readonly user: string;
  readonly decorate: Decoration;
  readonly contract: Contract;
}

type Route = (asked: Asked) => unknown;

/** The part of Kibana's API that there is, by method and path; paths that end in `*` take any end. */
const ROUTES: Readonly<Record<string, Route>> = {
  'GET /api/status': () => ({
    name: 'kibana',
    version: { number: '8.18.0' },
    status: { overall: { level: 'available' } },
  }),
  'GET /api/spaces/space/*': ({ path, spaceIds }) => {
    const id = path.slice('/api/spaces/space/'.length);
    if (!spaceIds.includes(id)) throw new Refusal(404, 'Not Found');
    return { id, name: id, disabledFeatures: [] };
  },

  'GET /api/detection_engine/rules/_find': ({ space, query, decorate }) => {
    const { data, ...rest } = pageOf([...space.rules.values()], query);
    return { ...rest, perPage: rest.per_page, data: data.map(decorate) };
  },
  'GET /api/detection_engine/rules': ({ space, query, decorate }) => decorate(ruleOf(space, query)),
  'DELETE /api/detection_engine/rules': ({ space, query, decorate }) => {
    const rule = ruleOf(space, query);
    space.rules.delete(String(rule.rule_id));
    return decorate(rule);
  },
  'POST /api/detection_engine/rules': ({ space, body, user, decorate }) => {
    const rule = recordOf(body);
    if (typeof rule.rule_id === 'string' && space.rules.has(rule.rule_id)) {
      throw new Refusal(409, `rule_id: "${rule.rule_id}" already exists`);
    }
    checkLists(space, rule);
    return decorate(storeRule(space, rule, user));
  },
  'PUT /api/detection_engine/rules': ({ space, body, user, decorate }) => {
    const rule = recordOf(body);
    const before = space.rules.get(String(rule.rule_id));
    if (before === undefined) throw new Refusal(404, `rule_id: "${String(rule.rule_id)}" not found`);
    if (before.type !== rule.type) throw new Refusal(400, 'the type of a rule cannot be changed');
    checkLists(space, rule);
    return decorate(storeRule(space, rule, user));
  },
  'POST /api/detection_engine/rules/_import': importRoute,
  'POST /api/detection_engine/rules/preview': ({ spaceId, body }) => runPreview(spaceId, recordOf(body)),

  'POST /api/detection_engine/rules/_bulk_action': ({ space, body }) => {
    const { ids = [] } = recordOf(body) as { ids?: readonly string[] };
    const known = new Set([...space.rules.values()].map(({ id }) => id));
    const wrong = ids.find((id) => !known.has(id));
    if (wrong !== undefined) throw new Refusal(500, `Rule not found: ${wrong}`);
    const summary = { failed: 0, skipped: 0, succeeded: ids.length, total: ids.length };
    return { success: true, rules_count: ids.length, attributes: { results: {}, summary } };
  },
  'POST /api/detection_engine/signals/search': ({ space, body }) => searchSignals(space, recordOf(body)),
  'POST /api/detection_engine/signals/status': ({ space, body }) => changeSignals(space, recordOf(body)),

  'GET /api/exception_lists/_find': ({ space, query }) => pageOf([...space.lists.values()], query),
  'GET /api/exception_lists': ({ space, query }) => there(space.lists, query.list_id, 'exception list list_id'),
  'POST /api/exception_lists': ({ space, body, user }) => {
    const list = recordOf(body);
    const id = String(list.list_id);
    if (space.lists.has(id)) throw new Refusal(409, `exception list id: "${id}" already exists`);
    space.lists.set(id, serverOwned({ version: 1, immutable: false, ...list }, undefined, user));
    return space.lists.get(id);
  },
  'PUT /api/exception_lists': ({ space, body, user }) => {
    const list = recordOf(body);
    const before = there(space.lists, list.list_id, 'exception list list_id');
    space.lists.set(String(list.list_id), serverOwned({ version: 1, immutable: false, ...list }, before, user));
    return space.lists.get(String(list.list_id));
  },
  'DELETE /api/exception_lists': ({ space, query }) => {
    const list = there(space.lists, query.list_id, 'exception list list_id');
    space.lists.delete(String(list.list_id));
    for (const [id, item] of space.items) if (item.list_id === list.list_id) space.items.delete(id);
    return list;
  },

  'GET /api/exception_lists/items/_find': ({ space, query }) => {
    const lists = [query.list_id ?? []].flat();
    for (const id of lists) there(space.lists, id, 'exception list list_id');
    return pageOf(
      [...space.items.values()].filter(({ list_id: id }) => lists.includes(String(id))),
      query,
    );
  },
  'GET /api/exception_lists/items': ({ space, query }) =>
    there(space.items, query.item_id, 'exception list item item_id'),
  'POST /api/exception_lists/items': ({ space, body, user }) => {
    const item = recordOf(body);
    there(space.lists, item.list_id, 'exception list list_id');
    if (space.items.has(String(item.item_id))) {
      throw new Refusal(409, `exception list item id: "${String(item.item_id)}" already exists`);
    }
    return storeItem(space, item, undefined, user);
  },
  'PUT /api/exception_lists/items': ({ space, body, user }) => {
    const item = recordOf(body);
    return storeItem(space, item, there(space.items, item.item_id, 'exception list item item_id'), user);
  },
  'DELETE /api/exception_lists/items': ({ space, query }) => {
    const item = there(space.items, query.item_id, 'exception list item item_id');
    space.items.delete(String(item.item_id));
    return item;
  },
};

/** The route of a request; undefined where there is none. */
export function routeOf({ method, path }: ContractRequest): Route | undefined {
  const exact = ROUTES[`${method} ${path}`];
  if (exact !== undefined) return exact;
  const open = Object.entries(ROUTES).find(
    ([key]) => key.endsWith('*') && `${method} ${path}`.startsWith(key.slice(0, -1)),
  );
  return open?.[1];
}

function recordOf(body: unknown): Thing {
  if (!isRecord(body)) throw new Refusal(400, '[request body]: Expected object');
  return body;
}

function there(things: Map<string, Thing>, id: unknown, what: string): Thing {
  const thing = things.get(String(id));
  if (thing === undefined) throw new Refusal(404, `${what}: "${String(id)}" does not exist`);
  return thing;
}

function ruleOf(space: Space, query: Thing): Thing {
  const rule = space.rules.get(String(query.rule_id));
  if (rule === undefined) throw new Refusal(404, `rule_id: "${String(query.rule_id)}" not found`);
  return rule;
}

/** A list that is not there, or is given with the id of another, is a mistake that the real server stores in silence. */
function checkLists(space: Space, rule: Thing): void {
  for (const { id, list_id: list } of listOf(rule.exceptions_list)) {
    if (space.lists.get(String(list))?.id !== id)
      throw new Refusal(400, `exception list ${String(list)} has no id ${String(id)}`);
  }
}

function pageOf(
  things: readonly Thing[],
  query: Thing,
): { page: number; per_page: number; total: number; data: Thing[] } {
  const found = typeof query.filter === 'string' ? things.filter(matcher(query.filter)) : things;
  const [page, size] = [Number(query.page ?? 1), Number(query.per_page ?? 20)];
  if (page * size > 10_000)
    throw new Refusal(
      400,
      'The number of documents is too high. Paginating through more than 10000 documents is not possible.',
    );
  return { page, per_page: size, total: found.length, data: found.slice((page - 1) * size, page * size) };
}

/** Answers with 200 whatever became of the rules, as Kibana does. */
function importRoute({ space, body, query, headers, user, contract }: Asked): unknown {
  const { name, text } = recordOf(body);
  if (!String(name).endsWith('.ndjson')) throw new Refusal(400, `Invalid file extension ${String(name)}`);
  if (String(text).length > 10_485_760)
    throw new Refusal(413, 'Payload content length greater than maximum allowed: 10485760');
  const lines = String(text)
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => recordOf(JSON.parse(line)))
    // The last line of an export counts the others.
    .filter((line) => !('exported_count' in line));
  const errors: Thing[] = [];
  const exceptionErrors: Thing[] = [];
  let taken = 0;
  for (const rule of lines) {
    const id = String(rule.rule_id);
    const refused = (status: number, message: string): void => {
      errors.push({ rule_id: id, error: { status_code: status, message } });
    };
    const request = {
      method: 'POST',
      path: '/api/detection_engine/rules',
      query: {},
      headers: { ...headers, 'content-type': 'application/json' },
      body: rule,
    };
    const wrong = contract.check(request);
    if (wrong.length > 0) {
      refused(400, wrong.join('; '));
    } else if (space.rules.has(id) && query.overwrite !== 'true') {
      refused(409, `rule_id: "${id}" already exists`);
    } else if (space.rules.has(id) && space.rules.get(id)?.type !== rule.type) {
      // The real server keeps the old type and says nothing.
      refused(400, 'the type of a rule cannot be changed');
    } else {
      const lists = listOf(rule.exceptions_list);
      const known = lists.filter(({ list_id: list }) => space.lists.has(String(list)));
      for (const list of lists.filter((each) => !known.includes(each))) {
        const message = `Rule with rule_id: "${id}" references a non existent exception list of list_id: "${String(list.list_id)}". Reference has been removed.`;
        exceptionErrors.push({ rule_id: id, error: { status_code: 400, message } });
      }
      storeRule(space, { ...rule, exceptions_list: known }, user);
      taken += 1;
    }
  }
  return {
    success: errors.length === 0,
    success_count: taken,
    rules_count: lines.length,
    errors,
    exceptions_success: exceptionErrors.length === 0,
    exceptions_success_count: 0,
    exceptions_errors: exceptionErrors,
    action_connectors_success: true,
    action_connectors_success_count: 0,
    action_connectors_errors: [],
    action_connectors_warnings: [],
  };
}
