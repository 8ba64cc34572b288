import { CLOSE_BRACE, CLOSE_BRACKET, COLON, COMMA, JsonReader, OPEN_BRACE, OPEN_BRACKET, QUOTE } from './json-reader';
import { Shapes, type Shape } from './json-shape';
import { MAX_NAME_LENGTH, MAX_NESTING, MAX_NUMBER_LENGTH, STEERING_KEYS } from './engine-limits';

/** The text's canonical form, or why the engine would refuse it or lose something of it. */
export type Inspection = { readonly canonical: string } | { readonly obstacle: string };

const MIN_LONG = -(2n ** 63n);
const MAX_LONG = 2n ** 63n - 1n;

/**
 * Goes through a JSON object once: finds what the engine cannot take (see engine-limits.ts) and writes the canonical form,
 * keys sorted and no blanks. Numbers stay as they are written: `JSON.parse` would round those beyond 2^53, and two events
 * that differ only there would become one.
 * @param text a JSON object that `JSON.parse` accepts
 */
export function inspectJson(text: string): Inspection {
  const reader = new Canonicaliser(text);
  try {
    return { canonical: reader.value(0) };
  } catch (error) {
    if (error instanceof Obstacle) return { obstacle: error.message };
    throw error;
  }
}

class Obstacle extends Error {}

/** What was learnt from earlier texts; it changes the speed and nothing else. */
const shapes = new Shapes();

class Canonicaliser extends JsonReader {
  /** Whether there may be a character that is written in a way which has a shorter one. */
  private readonly hasLongEscapes: boolean;

  constructor(text: string) {
    super(text);
    this.hasLongEscapes = text.includes('\\u') || text.includes('\\/');
  }

  /** The canonical form of the value that begins here. */
  value(depth: number): string {
    const first = this.skipBlank();
    if (first === QUOTE) return this.hasLongEscapes ? canonicalString(this.string()) : this.string();
    if (first === OPEN_BRACE) return this.object(depth + 1);
    if (first === OPEN_BRACKET) return this.array(depth + 1);
    return this.scalar();
  }

  private object(depth: number): string {
    checkDepth(depth);
    let shape = shapes.empty(depth);
    const values: string[] = [];
    this.at += 1;
    for (let next = this.skipBlank(); next !== CLOSE_BRACE; next = this.skipBlank()) {
      if (next === COMMA) {
        this.at += 1;
        this.skipBlank();
      }
      shape = this.keyAfter(shape, depth);
      this.pass(COLON);
      values.push(this.value(depth));
    }
    this.at += 1;
    const { positions, labels, duplicate } = shapes.orderOf(shape);
    if (duplicate !== undefined) {
      throw new Obstacle(`holds the key ${JSON.stringify(duplicate.slice(0, 80))} twice in one object`);
    }
    let text = '{';
    for (let index = 0; index < positions.length; index += 1) {
      text += (labels[index] ?? '') + (values[positions[index] ?? 0] ?? '');
    }
    return `${text}}`;
  }

  /** Goes past the key that stands here. */
  private keyAfter(shape: Shape, depth: number): Shape {
    const { likely } = shape;
    if (likely !== undefined && this.text.startsWith(likely.written, this.at)) {
      this.at += likely.written.length;
      return likely;
    }
    return shapes.after(shape, this.string(), (written) => keyOf(written, depth));
  }

  private array(depth: number): string {
    checkDepth(depth);
    const items: string[] = [];
    this.at += 1;
    for (let next = this.skipBlank(); next !== CLOSE_BRACKET; next = this.skipBlank()) {
      if (next === COMMA) this.at += 1;
      items.push(this.value(depth));
    }
    this.at += 1;
    return `[${items.join(',')}]`;
  }

  private scalar(): string {
    const start = this.at;
    this.skipScalar();
    const written = this.text.slice(start, this.at);
    if (written.length < 19) return written;
    if (written.length > MAX_NUMBER_LENGTH) throw new Obstacle(`has a number of more than ${MAX_NUMBER_LENGTH} digits`);
    if (/^-?\d+$/.test(written)) {
      const number = BigInt(written);
      if (number < MIN_LONG || number > MAX_LONG)
        throw new Obstacle(`has an integer beyond 64 bits (${written.slice(0, 30)})`);
    }
    return written;
  }
}

function keyOf(written: string, depth: number): string {
  const escaped = written.includes('\\');
  const key = escaped ? (JSON.parse(written) as string) : written.slice(1, -1);
  if (key.length > MAX_NAME_LENGTH) throw new Obstacle(`has a key of more than ${MAX_NAME_LENGTH} characters`);
  if (escaped && /\p{Cs}/u.test(key)) throw new Obstacle('has half a surrogate pair in a key');
  if (depth === 1 && STEERING_KEYS.has(key)) {
    throw new Obstacle(`has the key ${key} at its root, which the cluster takes for an order and not for data`);
  }
  return key;
}

function checkDepth(depth: number): void {
  if (depth > MAX_NESTING) throw new Obstacle(`is nested more than ${MAX_NESTING} levels deep`);
}

/** Escapes can be written in several ways; `\u` and `\/` are the ways that have a shorter one. */
function canonicalString(written: string): string {
  return written.includes('\\u') || written.includes('\\/') ? JSON.stringify(JSON.parse(written)) : written;
}
