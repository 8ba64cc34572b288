import { encode, fromBytes, holdsControls, type ByteText } from './byte-text';
import { MAX_NESTING, obstacleOfKey, obstacleOfNumber } from './engine-limits';
import { JsonObject, textOf, type Written } from './json-object';
import { CLOSE_BRACE, CLOSE_BRACKET, COLON, COMMA, JsonReader, OPEN_BRACE, OPEN_BRACKET, QUOTE } from './json-reader';
import { Shapes, type Key, type Shape } from './json-shape';

/** A text that is a JSON object. */
export interface JsonText {
  readonly object: JsonObject;
  /** Why the engine would refuse it or lose something of it (see engine-limits.ts); one such thing of several. */
  readonly obstacle?: string;
  /** There is no line break, and no tab, between the values. */
  readonly onOneLine: boolean;
}

/**
 * Reads a text in one pass: whether it is a JSON object (RFC 8259, as `JSON.parse` sees it), what it holds, and what the engine
 * cannot take.
 * @param bytes UTF-8
 * @returns undefined when it is none
 */
export function readObject(bytes: Buffer): JsonText | undefined {
  const hasControls = holdsControls(bytes);
  const parser = new Parser(fromBytes(bytes), hasControls);
  try {
    const object = parser.document();
    const { obstacle } = parser;
    return { object, onOneLine: !hasControls, ...(obstacle !== undefined && { obstacle }) };
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

const PLUS = 0x2b;
const SLASH = 0x2f;
const BACKSLASH = 0x5c;
const LOWER_U = 0x75;

/** What may follow a backslash, beside `u` and four digits (RFC 8259, section 7). */
const ESCAPED: ReadonlySet<number> = new Set(Buffer.from('"\\/bfnrt'));
const UNICODE_ESCAPE = /^\\u[\da-fA-F]{4}$/;
const SCALAR = /^(?:-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null)$/;
// eslint-disable-next-line no-control-regex -- no string of JSON holds one.
const CONTROL = /[\u0000-\u001f]/;

/** What was learnt from earlier texts; it changes the speed and nothing else. */
const shapes = new Shapes();

class Parser {
  obstacle: string | undefined;
  private at = 0;
  /** Where the next backslash stands; it may lie behind. At the end when there is none. */
  private backslash: number;
  private isSound = false;

  constructor(
    private readonly text: ByteText,
    private readonly hasControls: boolean,
  ) {
    this.backslash = this.backslashFrom(0);
  }

  /** @throws SyntaxError */
  document(): JsonObject {
    if (this.skipBlank() !== OPEN_BRACE) throw notJson();
    const object = this.object(1);
    this.skipBlank();
    if (this.at < this.text.length) throw notJson();
    return object;
  }

  private value(depth: number): Written {
    const first = this.skipBlank();
    if (first === QUOTE) return this.string();
    if (first !== OPEN_BRACE && first !== OPEN_BRACKET) return this.scalar();
    if (depth === MAX_NESTING) return this.tooDeep();
    return first === OPEN_BRACE ? this.object(depth + 1) : this.array(depth + 1);
  }

  private object(depth: number): JsonObject {
    let shape = shapes.empty(depth);
    const values: Written[] = [];
    this.at += 1;
    if (this.skipBlank() === CLOSE_BRACE) this.at += 1;
    else {
      do {
        shape = this.keyAfter(shape, depth);
        if (this.skipBlank() !== COLON) throw notJson();
        this.at += 1;
        values.push(this.value(depth));
      } while (this.goesOn(CLOSE_BRACE));
    }
    const order = shapes.orderOf(shape);
    this.obstacle ??= shape.obstacle ?? order.obstacle;
    return new JsonObject(order, values);
  }

  /** Goes past a key. */
  private keyAfter(shape: Shape, depth: number): Shape {
    const next = this.skipBlank();
    const { likely } = shape;
    if (likely !== undefined && this.text.startsWith(likely.written, this.at)) {
      this.at += likely.written.length;
      return likely;
    }
    if (next !== QUOTE) throw notJson();
    return shapes.after(shape, this.string(), (written) => keyOf(written, depth));
  }

  private array(depth: number): Written[] {
    const items: Written[] = [];
    this.at += 1;
    if (this.skipBlank() === CLOSE_BRACKET) this.at += 1;
    else {
      do items.push(this.value(depth));
      while (this.goesOn(CLOSE_BRACKET));
    }
    return items;
  }

  /** Goes past a comma, or past the end of an object or an array. @returns whether it was a comma */
  private goesOn(end: number): boolean {
    const next = this.skipBlank();
    this.at += 1;
    if (next !== COMMA && next !== end) throw notJson();
    return next === COMMA;
  }

  private string(): ByteText {
    const { text } = this;
    const start = this.at;
    let end = text.indexOf('"', start + 1);
    let hasLongEscapes = false;
    if (this.backslash < start) this.backslash = this.backslashFrom(start);
    while (this.backslash < end) {
      const code = text.charCodeAt(this.backslash + 1);
      // Most of all by far are Windows' paths.
      if (code !== BACKSLASH && !ESCAPED.has(code) && !this.isUnicodeEscape()) throw notJson();
      hasLongEscapes ||= code === LOWER_U || code === SLASH;
      if (this.backslash + 1 === end) end = text.indexOf('"', end + 1);
      this.backslash = this.backslashFrom(this.backslash + 2);
    }
    if (end < 0) throw notJson();
    this.at = end + 1;
    const written = text.slice(start, this.at);
    if (this.hasControls && CONTROL.test(written)) throw notJson();
    // Characters can be written in several ways; these two are the ways that have a shorter one.
    return hasLongEscapes ? encode(JSON.stringify(textOf(written))) : written;
  }

  private isUnicodeEscape(): boolean {
    return UNICODE_ESCAPE.test(this.text.slice(this.backslash, this.backslash + 6));
  }

  private backslashFrom(start: number): number {
    const at = this.text.indexOf('\\', start);
    return at < 0 ? this.text.length : at;
  }

  private scalar(): ByteText {
    const { text } = this;
    const start = this.at;
    let code = text.charCodeAt(start);
    while ((code > COMMA && code !== CLOSE_BRACKET && code !== CLOSE_BRACE) || code === PLUS)
      code = text.charCodeAt(++this.at);
    const written = text.slice(start, this.at);
    if (!SCALAR.test(written)) throw notJson();
    this.obstacle ??= obstacleOfNumber(written);
    return written;
  }

  /** Deeper than the engine goes, and than a recursion should go. All that is asked still is whether it is JSON. */
  private tooDeep(): Written {
    if (!this.isSound) JSON.parse(this.text);
    this.isSound = true;
    this.obstacle ??= `is nested more than ${MAX_NESTING} levels deep`;
    this.at = new JsonReader(this.text, this.at).skipValue().end;
    return 'null';
  }

  /** Goes to the next character that is no blank. @returns its code; NaN at the end */
  private skipBlank(): number {
    let code = this.text.charCodeAt(this.at);
    while (code <= 0x20) {
      if (code !== 0x20 && code !== 0x0a && code !== 0x0d && code !== 0x09) throw notJson();
      code = this.text.charCodeAt(++this.at);
    }
    return code;
  }
}

function notJson(): SyntaxError {
  return new SyntaxError('not JSON');
}

function keyOf(written: ByteText, depth: number): Key {
  const key = textOf(written);
  const obstacle = obstacleOfKey(key, depth);
  return obstacle === undefined ? { key } : { key, obstacle };
}
