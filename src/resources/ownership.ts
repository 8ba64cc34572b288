import { canonicalJson, isRecord, sha256, type JsonRecord } from '../json';
import { PROGRAM_NAME } from '../program';
import type { KindName } from './kind';

/**
 * Ownership (docs/design.md, "Ownership"):
 *
 *   what is there            | we may
 *   -------------------------|----------------------------------
 *   carries our mark, own id | update it, delete it
 *   carries our mark, other id (somebody copied ours) | nothing: foreign
 *   carries no mark          | nothing: foreign
 *
 * The mark names the id, so that a copy of ours under another id is not taken for ours. It stands in `_meta`, and at the
 * end of `description` for the pipelines of OpenSearch, which refuse `_meta`.
 */
export const MANAGED_BY = PROGRAM_NAME;

export interface Mark {
  readonly id: string;
  readonly digest: string;
}

const IN_DESCRIPTION = /\s*\[managed_by: wmi-detections; id: (\S+); digest: ([0-9a-f]{16})\]$/;

/** The digest of a body as content: 16 hexadecimal digits of SHA-256 over kind, id and canonical JSON. */
export function digestOf(kind: KindName, id: string, body: JsonRecord): string {
  return sha256(canonicalJson([kind, id, body])).slice(0, 16);
}

/** The body with our mark in `_meta`. */
export function withMeta(body: JsonRecord, mark: Mark): JsonRecord {
  const meta = isRecord(body._meta) ? body._meta : {};
  return { ...body, _meta: { ...meta, managed_by: MANAGED_BY, id: mark.id, digest: mark.digest } };
}

/** The body with our mark at the end of its description. */
export function withDescription(body: JsonRecord, mark: Mark): JsonRecord {
  const description = typeof body.description === 'string' ? `${body.description.trimEnd()} ` : '';
  return {
    ...body,
    description: `${description}[managed_by: ${MANAGED_BY}; id: ${mark.id}; digest: ${mark.digest}]`,
  };
}

/** Our mark on a body, wherever it stands; undefined where there is none. */
export function markOf(body: JsonRecord): Mark | undefined {
  const meta = body._meta;
  if (isRecord(meta) && meta.managed_by === MANAGED_BY && typeof meta.id === 'string') {
    return { id: meta.id, digest: typeof meta.digest === 'string' ? meta.digest : '' };
  }
  const [, id, digest] = typeof body.description === 'string' ? (IN_DESCRIPTION.exec(body.description) ?? []) : [];
  return id === undefined || digest === undefined ? undefined : { id, digest };
}

/** The body without our mark. */
export function withoutMark(body: JsonRecord): JsonRecord {
  const { _meta: meta, description, ...rest } = body;
  const others = isRecord(meta) ? without(meta, ['managed_by', 'id', 'digest']) : {};
  return {
    ...rest,
    ...(Object.keys(others).length > 0 && { _meta: others }),
    ...(typeof description === 'string' && { description: description.replace(IN_DESCRIPTION, '') }),
  };
}

/** What a server, or a kind, stamps on a thing of its own. */
const STAMPS: readonly string[] = [
  'created_date',
  'created_date_millis',
  'modified_date',
  'modified_date_millis',
  // On a stored rule the mark stands beside the body, not in it.
  'managed_by',
  'digest',
];

/** The body without anybody's mark and without stamps of the server, so that it can be put again. */
export function unstamped(body: JsonRecord): JsonRecord {
  return without(withoutMark(body), STAMPS);
}

/** A copy of a body that has only the keys named. */
export function only(body: JsonRecord, keys: readonly string[]): JsonRecord {
  return Object.fromEntries(Object.entries(body).filter(([key, value]) => keys.includes(key) && value !== undefined));
}

function without(body: JsonRecord, keys: readonly string[]): JsonRecord {
  return Object.fromEntries(Object.entries(body).filter(([key]) => !keys.includes(key)));
}

/** The name of a rule on a scheduler, which carries the namespace, so that an analyst can tell two apart. */
export function nameIn(name: string, namespace: string): string {
  return namespace === 'default' ? name : `${name} [${namespace}]`;
}
