import { isRecord, type JsonRecord } from '../json';

/**
 * An event with some of its values replaced: how a twin is written that differs in one point.
 * @param change full paths with dots, and the new values; null takes one away
 * @returns a new event, or what is wrong with the change: a value that is taken away must be there
 */
export function changed(event: JsonRecord, change: Readonly<Record<string, unknown>>): JsonRecord | string {
  const copy = structuredClone(event) as Record<string, unknown>;
  for (const [path, value] of Object.entries(change)) {
    const steps = path.split('.');
    const last = steps.pop() ?? path;
    const parent = steps.reduce<unknown>((inner, step) => (isRecord(inner) ? inner[step] : undefined), copy);
    if (!isRecord(parent)) return `the event has no "${steps.join('.')}" to change "${path}" in`;
    if (value !== null) parent[last] = value;
    else if (last in parent) Reflect.deleteProperty(parent, last);
    else return `the event has no "${path}" to take away`;
  }
  return copy;
}
