import { CLOSE_BRACE, CLOSE_BRACKET, COLON, COMMA, OPEN_BRACE, OPEN_BRACKET, QUOTE } from './json-codes';
import type { Key } from './json-keys';
import { textOf } from './json-string';
import { copy, type Words } from './words';

/** What is more than a piece of the text: an object, a list, or a string that is written in another way than it stands there. */
export type Part = JsonObject | JsonList | Words;

/** What the values of one text are made of. */
export interface Material {
  readonly text: Words;
  readonly parts: readonly Part[];
}

/**
 * Values, two numbers for each: where it starts in the text and where it ends, or the index of its part and IN_PARTS. One array of
 * small numbers costs a tenth of an object for each.
 */
export type Spans = readonly number[];

/** In place of an end. */
export const IN_PARTS = -1;

export class JsonList {
  constructor(
    private readonly material: Material,
    private readonly items: Spans,
  ) {}

  /** Writes the canonical form. @returns the index after it */
  write(room: Words, from: number): number {
    let at = put(OPEN_BRACKET, room, from);
    for (let index = 0; 2 * index < this.items.length; index += 1) {
      if (index > 0) at = put(COMMA, room, at);
      at = writeValue(this.material, this.items, index, room, at);
    }
    return put(CLOSE_BRACKET, room, at);
  }
}

/**
 * A JSON object that keeps its values as they are written. `JSON.parse` would round numbers beyond 2^53, and two events that
 * differ only there would become one; and it makes a string of each of a hundred values, of which two or three are looked at.
 */
export class JsonObject {
  /**
   * @param keys in the order of their texts
   * @param values in the same order
   */
  constructor(
    private readonly material: Material,
    private readonly keys: readonly Key[],
    private readonly values: Spans,
  ) {}

  has(key: string): boolean {
    return this.indexOf(key) >= 0;
  }

  /** The string or the object that a key holds; undefined where it holds something else, or is not there. */
  get(key: string): string | JsonObject | undefined {
    const index = this.indexOf(key);
    const [start, end] = this.values.slice(2 * index, 2 * index + 2);
    if (index < 0 || start === undefined) return undefined;
    const { text, parts } = this.material;
    const part = end === IN_PARTS ? parts[start] : undefined;
    if (part instanceof JsonObject) return part;
    if (part instanceof JsonList) return undefined;
    const written = part?.bytes ?? text.bytes.subarray(start, end);
    return written[0] === QUOTE ? textOf(written) : undefined;
  }

  /**
   * Writes the canonical form: keys sorted, no blanks, numbers as they are written, and of the ways to write a character always the
   * same one. It is never longer than the text.
   * @returns the index after it
   */
  write(room: Words, from: number): number {
    const { keys } = this;
    let at = put(OPEN_BRACE, room, from);
    for (let index = 0; index < keys.length; index += 1) {
      if (index > 0) at = put(COMMA, room, at);
      const key = keys[index]?.canonical;
      if (key !== undefined) at = copy(key.words, key.start, key.end, room, at);
      at = put(COLON, room, at);
      at = writeValue(this.material, this.values, index, room, at);
    }
    return put(CLOSE_BRACE, room, at);
  }

  private indexOf(key: string): number {
    const { keys } = this;
    for (let index = 0; index < keys.length; index += 1) if (keys[index]?.text === key) return index;
    return -1;
  }
}

function put(code: number, { view }: Words, at: number): number {
  view.setUint8(at, code);
  return at + 1;
}

function writeValue({ text, parts }: Material, values: Spans, index: number, room: Words, at: number): number {
  const start = values[2 * index] ?? 0;
  const end = values[2 * index + 1] ?? 0;
  if (end !== IN_PARTS) return copy(text, start, end, room, at);
  const part = parts[start];
  if (part instanceof JsonObject || part instanceof JsonList) return part.write(room, at);
  return part === undefined ? at : copy(part, 0, part.bytes.length, room, at);
}
