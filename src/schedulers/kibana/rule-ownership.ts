import { createHash } from 'node:crypto';
import { isRecord, type JsonRecord } from '../../json';
import { DEFAULT_SPACE, type Kibana } from '../../cluster/kibana';
import { MANAGED_BY } from '../../resources/ownership';
import { ProblemError } from '../../errors';
import { chunk } from '../../lists';

/**
 * Ownership in Kibana (docs/design.md, "Ownership"). A rule is ours when
 *
 *   it carries our tag, and
 *   the mark in `meta` names its own rule_id and this namespace; where `meta` holds none (Kibana's own editor writes `meta`
 *   anew), the mark at the end of `setup` does; where both are gone, the content asks for this very rule_id.
 *
 * So a duplicate that an analyst makes of one of ours (own rule_id, our tags and marks) is theirs, and a rule of ours whose
 * tag was taken away has been taken over. Lists and items are ours when they carry our tag and an id that we made.
 */
export const MANAGED_TAG = `Managed by: ${MANAGED_BY}`;

/** A link definition of Markdown: a reader of the setup guide does not see it. */
const IN_SETUP = /\s*\[\/\/\]: # \(managed_by: wmi-detections; id: (\S+); namespace: (\S+)\)\s*$/;

interface KibanaMark {
  readonly id: string;
  readonly namespace: string;
}

/** The id of a thing in a plan: that of Kibana, in any other than the default space with the space before it. */
export function planId(space: string, id: string): string {
  return space === DEFAULT_SPACE ? id : `${space}/${id}`;
}

/** The id that Kibana knows; see {@link planId}. */
export function kibanaId(space: string, id: string): string {
  return space === DEFAULT_SPACE ? id : id.slice(space.length + 1);
}

/** `rule_id` of a rule: its UUID; in any other than the default namespace a UUID of both (RFC 9562, version 5). */
export function kibanaRuleId(uuid: string, namespace: string): string {
  return namespace === 'default' ? uuid : uuidV5(uuid, namespace);
}

/** `list_id` of the exceptions of a rule. Neither part holds a colon. */
export function listId(slug: string, namespace: string): string {
  return `${MANAGED_BY}:${namespace}:${slug}`;
}

/** Whether a thing of a plan is the list of a rule's exceptions, or an item of it. */
export function isOfList(id: string, slug: string, namespace: string): boolean {
  return `/${id}:`.includes(`/${listId(slug, namespace)}:`);
}

/** Whether a list_id or item_id is one that we made for this namespace. */
export function isOurId(id: unknown, namespace: string): boolean {
  return typeof id === 'string' && id.startsWith(`${MANAGED_BY}:${namespace}:`);
}

/** The setup guide with our mark at its end. */
export function withSetupMark(setup: unknown, { id, namespace }: KibanaMark): string {
  const text = typeof setup === 'string' && setup !== '' ? `${setup.trimEnd()}\n\n` : '';
  return `${text}[//]: # (managed_by: ${MANAGED_BY}; id: ${id}; namespace: ${namespace})`;
}

/** The setup guide as its author wrote it. */
export function withoutSetupMark(setup: string): string {
  return setup.replace(IN_SETUP, '');
}

/** Our mark on a rule, wherever it stands. */
function ruleMark({ meta, setup }: JsonRecord): KibanaMark | undefined {
  if (isRecord(meta) && meta.managed_by === MANAGED_BY) {
    const { id, namespace } = meta;
    if (typeof id === 'string' && typeof namespace === 'string') return { id, namespace };
  }
  const [, id, namespace] = typeof setup === 'string' ? (IN_SETUP.exec(setup) ?? []) : [];
  return id === undefined || namespace === undefined ? undefined : { id, namespace };
}

/** Whether something carries our tag. */
export function isTagged({ tags }: JsonRecord): boolean {
  return Array.isArray(tags) && tags.includes(MANAGED_TAG);
}

/** A UUID of a name within the name space of another UUID (RFC 9562, section 5.5). */
function uuidV5(within: string, name: string): string {
  const bytes = createHash('sha1')
    .update(Buffer.from(within.replaceAll('-', ''), 'hex'))
    .update(name, 'utf8')
    .digest()
    .subarray(0, 16);
  bytes.writeUInt8((bytes.readUInt8(6) & 0x0f) | 0x50, 6);
  bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8);
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}

/** The rules of the Detection Engine. */
export const RULES = '/api/detection_engine/rules';

const OURS = { filter: `alert.attributes.tags: ${quoted(MANAGED_TAG)}`, sort_field: 'created_at', sort_order: 'asc' };

/** The rules of a space that carry our tag. */
export function taggedRules(kibana: Kibana, space: string): Promise<JsonRecord[]> {
  return findAll(kibana, space, `${RULES}/_find`, OURS, 'rule_id');
}

/** The rule with this `rule_id`; undefined where there is none. */
export async function readRule(kibana: Kibana, space: string, ruleId: string): Promise<JsonRecord | undefined> {
  const query = { rule_id: ruleId };
  const { status, body } = await kibana.ask<JsonRecord>({ method: 'GET', path: RULES, space, query, allow: [404] });
  return status === 404 ? undefined : body;
}

/** The rules that there are of these `rule_id`s. */
export async function readRules(kibana: Kibana, space: string, ids: readonly string[]): Promise<JsonRecord[]> {
  const found: JsonRecord[] = [];
  for (const lot of chunk(ids, MOST_IDS)) {
    const filter = anyOf('alert.attributes.params.ruleId', lot);
    found.push(...(await findAll(kibana, space, `${RULES}/_find`, { filter }, 'rule_id')));
  }
  return found;
}

/**
 * Whether a rule is ours in this namespace.
 * @param wanted whether the content asks for its very id
 */
export function isOurs(body: JsonRecord, namespace: string, wanted: boolean): boolean {
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
  readonly data: readonly JsonRecord[];
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
): Promise<JsonRecord[]> {
  const found = new Map<unknown, JsonRecord>();
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
