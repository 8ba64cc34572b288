import type { JsonRecord } from '../../src/json';

/** The objects of a text that holds one JSON object after another. */
export function splitJson(text: string): JsonRecord[] {
  const objects: JsonRecord[] = [];
  let depth = 0;
  let start = 0;
  for (const { 0: token, index } of text.matchAll(/"(?:[^"\\]|\\.)*"|[{}]/gs)) {
    if (token === '{' && depth++ === 0) start = index;
    if (token === '}' && --depth === 0) objects.push(JSON.parse(text.slice(start, index + 1)) as JsonRecord);
  }
  return objects;
}
