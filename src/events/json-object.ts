import { decode, type ByteText } from './byte-text';
import type { Order } from './json-shape';

/**
 * A JSON value as it is written: a scalar or a string as its text (characters that can be written in several ways in one of
 * them), an array as its items.
 */
export type Written = ByteText | JsonObject | readonly Written[];

/**
 * A JSON object that keeps its values as they are written. `JSON.parse` would round numbers beyond 2^53, and two events that
 * differ only there would become one; and it makes a string of each of a hundred values, of which two or three are looked at.
 */
export class JsonObject {
  constructor(
    private readonly order: Order,
    /** In the order of the text. */
    private readonly values: readonly Written[],
  ) {}

  has(key: string): boolean {
    return this.order.indices.has(key);
  }

  /** The string or the object that a key holds; undefined where it holds something else, or is not there. */
  get(key: string): string | JsonObject | undefined {
    const index = this.order.indices.get(key);
    const value = index === undefined ? undefined : this.values[index];
    if (value instanceof JsonObject) return value;
    if (typeof value !== 'string' || !value.startsWith('"')) return undefined;
    return textOf(value);
  }

  /** The canonical form: keys sorted, no blanks, numbers as they are written. */
  canonical(): ByteText {
    const { positions, labels } = this.order;
    let text = '{';
    for (let index = 0; index < positions.length; index += 1) {
      text += (labels[index] ?? '') + canonicalOf(this.values[positions[index] ?? 0] ?? '');
    }
    return `${text}}`;
  }
}

/** What a string means. @param written with its quotes */
export function textOf(written: ByteText): string {
  const text = decode(written);
  return text.includes('\\') ? (JSON.parse(text) as string) : text.slice(1, -1);
}

function canonicalOf(value: Written): ByteText {
  if (typeof value === 'string') return value;
  return value instanceof JsonObject ? value.canonical() : `[${value.map(canonicalOf).join(',')}]`;
}
