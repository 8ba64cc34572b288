import { ProblemError } from '../../errors';
import type { Kibana } from '../../cluster/kibana';
import { isTagged, MANAGED_TAG, ruleMark } from './rule-ownership';
import type { Body } from '../../resources/kind';
import { chunk } from '../../lists';

/** The rules of the Detection Engine. */
export const RULES = '/api/detection_engine/rules';

const OURS = { filter: `alert.attributes.tags: ${quoted(MANAGED_TAG)}`, sort_field: 'created_at', sort_order: 'asc' };

/** The rules of a space that carry our tag. */
export function taggedRules(kibana: Kibana, space: string): Promise<Body[]> {
  return findAll(kibana, space, `${RULES}/_find`, OURS, 'rule_id');
}

/** The rule with this `rule_id`; undefined where there is none. */
export async function readRule(kibana: Kibana, space: string, ruleId: string): Promise<Body | undefined> {
  const query = { rule_id: ruleId };
  const { status, body } = await kibana.ask<Body>({ method: 'GET', path: RULES, space, query, allow: [404] });
  return status === 404 ? undefined : body;
}

/** The rules that there are of these `rule_id`s. */
export async function readRules(kibana: Kibana, space: string, ids: readonly string[]): Promise<Body[]> {
  const found: Body[] = [];
  for (const lot of chunk(ids, MOST_IDS)) {
    const filter = anyOf('alert.attributes.params.ruleId', lot);
    found.push(...(await findAll(kibana, space, `${RULES}/_find`, { filter }, 'rule_id')));
  }
  return found;
}

/**
 * Whether a rule is ours in this namespace (kibana-names.ts).
 * @param wanted whether the content asks for its very id
 */
export function isOurs(body: Body, namespace: string, wanted: boolean): boolean {
  if (!isTagged(body)) return false;
  const mark = ruleMark(body);
  return mark === undefined ? wanted : mark.id === body.rule_id && mark.namespace === namespace;
}

/** How many things one page holds. */
const PAGE = 500;
/** How many ids one request asks for: an address of some 3,000 characters, which every proxy takes. */
export const MOST_IDS = 50;

interface Found {
  readonly total: number;
  readonly data: readonly Body[];
}

/**
 * Reads all that a paged search finds, page by page.
 * @param path an API that ends in `_find`
 * @param query without paging
 * @param key by which a thing is known: what was seen on one page and moves to the next counts once
 */
export async function findAll(
  kibana: Kibana,
  space: string,
  path: string,
  query: Readonly<Record<string, string | readonly string[]>>,
  key: string,
): Promise<Body[]> {
  const found = new Map<unknown, Body>();
  for (let page = 1; ; page += 1) {
    const paged = { ...query, page, per_page: PAGE };
    const { body } = await kibana.ask<Found>({ method: 'GET', path, space, query: paged });
    for (const item of body.data) found.set(item[key], item);
    if (body.data.length === 0 || page * PAGE >= body.total) return [...found.values()];
  }
}

/** KQL that is true of everything whose `field` is one of `values`. */
export function anyOf(field: string, values: readonly string[]): string {
  return `${field}: (${values.map(quoted).join(' or ')})`;
}

/** A value in KQL, between quotes. */
export function quoted(value: string): string {
  return `"${value.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`;
}

/**
 * The namespaces whose rules stand in a space.
 * @returns undefined where the space is closed to us: it may hold any
 */
export async function namespacesIn(kibana: Kibana, space: string): Promise<ReadonlySet<string> | undefined> {
  try {
    const tagged = await taggedRules(kibana, space);
    return new Set(
      tagged.flatMap((body) => {
        const mark = ruleMark(body);
        return mark !== undefined && mark.id === body.rule_id ? [mark.namespace] : [];
      }),
    );
  } catch (error) {
    if (error instanceof ProblemError && error.code === 'FORBIDDEN') return undefined;
    throw error;
  }
}
