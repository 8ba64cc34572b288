import { isRecord } from '../json';

/**
 * The document behind the `fields` of a search hit, as far as they tell: each name with dots becomes nested objects, and a list of one
 * value that value. `process.name.text` beside `process.name` is the same value once more.
 */
export function documentOfHit(fields: unknown): Record<string, unknown> {
  const given = Object.entries(isRecord(fields) ? fields : {});
  const names = new Set(given.map(([name]) => name));
  const isAgain = (name: string): boolean => names.has(name.slice(0, name.lastIndexOf('.')));
  return nested(
    given
      .filter(([name]) => !name.startsWith('_') && !isAgain(name))
      .map(([name, values]) => [name, Array.isArray(values) && values.length === 1 ? (values[0] as unknown) : values]),
  );
}

/** An object out of names with dots. A name below a value that is no object stays as it is. */
export function nested(entries: readonly (readonly [name: string, value: unknown])[]): Record<string, unknown> {
  const document: Record<string, unknown> = {};
  for (const [name, value] of entries) {
    const keys = name.split('.');
    const last = keys.pop() ?? name;
    const holder = keys.includes('') || last === '' ? undefined : holderAt(document, keys);
    if (holder === undefined) define(document, name, value);
    else define(holder, last, value);
  }
  return document;
}

function holderAt(document: Record<string, unknown>, keys: readonly string[]): Record<string, unknown> | undefined {
  let holder = document;
  for (const key of keys) {
    if (!Object.hasOwn(holder, key)) define(holder, key, {});
    const next = holder[key];
    if (!isRecord(next)) return undefined;
    holder = next;
  }
  return holder;
}

/** A plain assignment to `__proto__` would set no field. */
function define(holder: Record<string, unknown>, key: string, value: unknown): void {
  Object.defineProperty(holder, key, { value, enumerable: true, configurable: true, writable: true });
}
