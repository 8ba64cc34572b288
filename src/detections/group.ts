import { isRecord } from '../json';

/** Where a source has no name, its identifier stands in (FDR has neither host nor user name by itself). */
export const FALLBACKS: Readonly<Record<string, string>> = { 'host.name': 'host.id', 'user.name': 'user.id' };

/**
 * The value of a group field in an event (docs/design.md, "Fields and groups"): `host.name`, else `host.id`; `user.name`, else
 * `user.id`.
 * Several values count as one, sorted by code unit and joined with `, `. Numbers and booleans count as their text.
 * @param document an event's `_source`; nested, dotted, or mixed
 * @param field an ECS name
 * @returns null when there is no value: absent, null, an empty text or list, or an object
 */
export function groupValue(document: unknown, field: string): string | null {
  const own = textAt(document, field);
  const fallback = FALLBACKS[field];
  return own ?? (fallback === undefined ? null : textAt(document, fallback));
}

/** A group field and where its value may be, the best first. */
export function sourcesOf(field: string): string[] {
  const fallback = FALLBACKS[field];
  return fallback === undefined ? [field] : [field, fallback];
}

/** The ECS field that {@link groupValue} took its value from; `field` itself when there is none. */
export function groupSource(document: unknown, field: string): string {
  const fallback = FALLBACKS[field];
  if (fallback === undefined || textAt(document, field) !== null) return field;
  return textAt(document, fallback) === null ? field : fallback;
}

/** A field's values as one text; null without any. */
export function textAt(document: unknown, field: string): string | null {
  const texts = textsAt(document, field);
  return texts.length === 0 ? null : [...new Set(texts)].sort().join(', ');
}

/** A field's values, each as a text; those that are empty are left out. */
export function textsAt(document: unknown, field: string): string[] {
  return scalarsAt(document, field)
    .map(String)
    .filter((text) => text !== '');
}

/** A field's values as they stand in the document, empty texts included; a null is no value. */
export function scalarsAt(document: unknown, field: string): (string | number | boolean)[] {
  return valuesAt(document, field.split('.')).filter(isScalar);
}

function isScalar(value: unknown): value is string | number | boolean {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean';
}

/** Every value at a path, whether its steps are nested objects, dotted keys or both, through lists of objects. */
function valuesAt(node: unknown, steps: readonly string[]): unknown[] {
  if (Array.isArray(node)) return node.flatMap((item: unknown) => valuesAt(item, steps));
  if (steps.length === 0) return node === null || node === undefined ? [] : [node];
  if (!isRecord(node)) return [];
  return steps.flatMap((_, index) => {
    const key = steps.slice(0, index + 1).join('.');
    return Object.hasOwn(node, key) ? valuesAt(node[key], steps.slice(index + 1)) : [];
  });
}
