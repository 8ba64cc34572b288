import { createHash } from 'node:crypto';
import { isRecord } from '../../json';
import { DEFAULT_SPACE } from '../../cluster/kibana';
import type { Body } from '../../resources/kind';
import { MANAGED_BY } from '../../resources/ownership';

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

export interface KibanaMark {
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
export function ruleMark({ meta, setup }: Body): KibanaMark | undefined {
  if (isRecord(meta) && meta.managed_by === MANAGED_BY) {
    const { id, namespace } = meta;
    if (typeof id === 'string' && typeof namespace === 'string') return { id, namespace };
  }
  const [, id, namespace] = typeof setup === 'string' ? (IN_SETUP.exec(setup) ?? []) : [];
  return id === undefined || namespace === undefined ? undefined : { id, namespace };
}

/** Whether something carries our tag. */
export function isTagged({ tags }: Body): boolean {
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
