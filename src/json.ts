import { createHash } from 'node:crypto';

/**
 * The one JSON text of a value: object keys in code unit order, no blanks, members that are `undefined` left out. Two
 * values have the same canonical text exactly when they are the same JSON value; ids and digests rest on it.
 */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) {
    return `[${value.map((item) => canonicalJson(item)).join(',')}]`;
  }
  if (isRecord(value)) {
    let members = '';
    // Without a comparison of its own, sort() uses the order of code units.
    for (const key of Object.keys(value).sort()) {
      const member = value[key];
      if (member !== undefined)
        members += `${members === '' ? '' : ','}${JSON.stringify(key)}:${canonicalJson(member)}`;
    }
    return `{${members}}`;
  }
  return value === undefined ? 'null' : JSON.stringify(value);
}

/** SHA-256 of the UTF-8 bytes of `text`, as 64 hexadecimal digits. */
export function sha256(text: string): string {
  return createHash('sha256').update(text, 'utf8').digest('hex');
}

/** A JSON object whose members are not known: a document, a query, a body of a request. */
export type JsonRecord = Readonly<Record<string, unknown>>;

/** Whether a value is a JSON object (not null, not an array). */
export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/**
 * What is at a path: a key of an object or an index of a list at each step.
 * @returns undefined where there is nothing
 */
export function valueAt(value: unknown, path: readonly (string | number)[]): unknown {
  return path.reduce<unknown>((inner, step) => {
    if (Array.isArray(inner)) return (inner as readonly unknown[])[Number(step)];
    return isRecord(inner) ? inner[step] : undefined;
  }, value);
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
