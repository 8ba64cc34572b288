import type { Kibana } from '../../cluster/kibana';
import type { Body } from '../../resources/kind';

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
