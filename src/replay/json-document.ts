import { BACKSLASH, CLOSE_BRACE, CLOSE_BRACKET, COLON, COMMA, OPEN_BRACE, OPEN_BRACKET, QUOTE } from './json-codes';
import { MAX_NESTING, obstacleOfNumber } from './engine-limits';
import { Keys, type Key, type Place } from './json-keys';
import { Members } from './json-members';
import { IN_PARTS, JsonList, JsonObject, type Material, type Part } from './json-object';
import { JsonReader } from './json-reader';
import { canonicalOf, textOf } from './json-string';
import { plainEnd, standsAt, wordsOf, type Words } from './words';

/** A text that is a JSON object. */
export interface JsonText {
  readonly object: JsonObject;
  /** Why the engine would refuse it or lose something of it (see engine-limits.ts); one such thing of several. */
  readonly obstacle?: string;
  /** There is no line break, and no tab, between the values. */
  readonly onOneLine: boolean;
  /** Bytes of the text. */
  readonly size: number;
}

/**
 * Reads a text in one pass: whether it is a JSON object (RFC 8259, as `JSON.parse` sees it), what it holds, and what the engine
 * cannot take.
 * @param bytes UTF-8; what is returned is a view of them
 * @returns undefined when it is none
 */
export function readObject(bytes: Buffer): JsonText | undefined {
  const parser = new Parser(wordsOf(bytes));
  try {
    const object = parser.document();
    const { obstacle, onOneLine } = parser;
    return { object, onOneLine, size: bytes.length, ...(obstacle !== undefined && { obstacle }) };
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

const SPACE = 0x20;
const PLUS = 0x2b;
const SLASH = 0x2f;
const ZERO = 0x30;
const NINE = 0x39;
const LOWER_U = 0x75;
/** In place of a byte beyond the last: no text has it, and nothing can follow it. */
const END = -1;

/** What may follow a backslash, beside `u` and four digits (RFC 8259, section 7). */
const ESCAPED: ReadonlySet<number> = new Set(Buffer.from('"\\/bfnrt'));
const UNICODE_ESCAPE = /^\\u[\da-fA-F]{4}$/;
const SCALAR = /^(?:-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null)$/;

/** Digits of a number that the engine can take whatever they are. */
const MAX_SHORT = 15;

/** What was learnt from earlier texts; it changes the speed and nothing else. */
const keys = new Keys();
const members = new Members();

class Parser {
  obstacle: string | undefined;
  onOneLine = true;
  private readonly bytes: Buffer;
  private readonly material: Material;
  private readonly parts: Part[] = [];
  private at = 0;
  /** The value that was read last; see Spans. */
  private start = 0;
  private end = 0;
  /** One character a byte, once it is known to be JSON and deeper than it is read here. */
  private sound: string | undefined;

  constructor(private readonly text: Words) {
    this.bytes = text.bytes;
    this.material = { text, parts: this.parts };
  }

  /** @throws SyntaxError */
  document(): JsonObject {
    members.clear();
    if (this.skipBlank() !== OPEN_BRACE) throw notJson();
    const object = this.object(1, keys.root);
    if (this.skipBlank() !== END) throw notJson();
    return object;
  }

  /** @param key under which it stands */
  private value(depth: number, key: Key): void {
    const first = this.skipBlank();
    if (first === QUOTE) this.string();
    else if (first !== OPEN_BRACE && first !== OPEN_BRACKET) this.scalar();
    else if (depth === MAX_NESTING) this.tooDeep();
    else if (first === OPEN_BRACE) this.part(this.object(depth + 1, keys.under(key)));
    else this.part(this.array(depth + 1, key));
  }

  private piece(start: number, end: number): void {
    this.start = start;
    this.end = end;
  }

  private part(part: Part): void {
    this.piece(this.parts.length, IN_PARTS);
    this.parts.push(part);
  }

  private object(depth: number, place: Place): JsonObject {
    const first = members.count;
    let key = place.start;
    this.at += 1;
    if (this.skipBlank() === CLOSE_BRACE) this.at += 1;
    else {
      do {
        key = this.keyAfter(key, place);
        if (this.skipBlank() !== COLON) throw notJson();
        this.at += 1;
        const member = members.add(key);
        this.value(depth, key);
        members.setValue(member, this.start, this.end);
      } while (this.goesOn(CLOSE_BRACE));
    }
    const { object, twice } = members.takeObject(first, place, this.material);
    if (twice !== undefined)
      this.obstacle ??= `holds the key ${JSON.stringify(twice.slice(0, 80))} twice in one object`;
    return object;
  }

  /** Goes past a key. */
  private keyAfter(before: Key, place: Place): Key {
    const next = this.skipBlank();
    const { likely } = before;
    // By index: an iterator takes several times as long.
    for (let index = 0; index < likely.length; index += 1) {
      const key = likely[index];
      if (key === undefined || !standsAt(key.written, this.text, this.at)) continue;
      this.at += key.written.end;
      this.obstacle ??= key.obstacle;
      return key;
    }
    if (next !== QUOTE) throw notJson();
    const start = this.at;
    this.skipString();
    const key = keys.key(place, { words: this.text, start, end: this.at });
    before.isFollowedBy(key);
    this.obstacle ??= key.obstacle;
    return key;
  }

  private array(depth: number, key: Key): JsonList {
    const items: number[] = [];
    this.at += 1;
    if (this.skipBlank() === CLOSE_BRACKET) this.at += 1;
    else {
      do {
        this.value(depth, key);
        items.push(this.start, this.end);
      } while (this.goesOn(CLOSE_BRACKET));
    }
    return new JsonList(this.material, items);
  }

  /** Goes past a comma, or past the end of an object or an array. @returns whether it was a comma */
  private goesOn(end: number): boolean {
    const next = this.skipBlank();
    this.at += 1;
    if (next !== COMMA && next !== end) throw notJson();
    return next === COMMA;
  }

  private string(): void {
    const start = this.at;
    // Characters can be written in several ways; these are the ways that have a shorter one.
    if (this.skipString()) this.part(wordsOf(canonicalOf(textOf(this.bytes.subarray(start, this.at)))));
    else this.piece(start, this.at);
  }

  /** Goes past a string. @returns whether it has characters that can be written shorter */
  private skipString(): boolean {
    const { bytes, text } = this;
    let hasLongEscapes = false;
    let end = plainEnd(text, this.at + 1);
    while (bytes[end] === BACKSLASH) {
      const code = bytes[end + 1] ?? END;
      // Most of all by far are Windows' paths.
      if (code !== BACKSLASH && !ESCAPED.has(code) && !this.isUnicodeEscape(end)) throw notJson();
      hasLongEscapes ||= code === LOWER_U || code === SLASH;
      end = plainEnd(text, end + 2);
    }
    if (bytes[end] !== QUOTE) throw notJson();
    this.at = end + 1;
    return hasLongEscapes;
  }

  private isUnicodeEscape(at: number): boolean {
    return UNICODE_ESCAPE.test(this.latin1(at, at + 6));
  }

  private scalar(): void {
    const { bytes } = this;
    const start = this.at;
    const first = bytes[start] ?? END;
    let code = first;
    let isDigits = true;
    while ((code > COMMA && code !== CLOSE_BRACKET && code !== CLOSE_BRACE) || code === PLUS) {
      isDigits &&= code >= ZERO && code <= NINE;
      code = bytes[++this.at] ?? END;
    }
    this.piece(start, this.at);
    const length = this.at - start;
    // Short whole numbers, as nearly all are, need no text.
    if (isDigits && length > 0 && length <= MAX_SHORT && (first !== ZERO || length === 1)) return;
    const written = this.latin1(start, this.at);
    if (!SCALAR.test(written)) throw notJson();
    this.obstacle ??= obstacleOfNumber(written);
  }

  /** Deeper than the engine goes, and than a recursion should go. All that is asked still is whether it is JSON. */
  private tooDeep(): void {
    if (this.sound === undefined) {
      JSON.parse(this.bytes.toString());
      this.sound = this.latin1(0, this.bytes.length);
    }
    this.obstacle ??= `is nested more than ${MAX_NESTING} levels deep`;
    this.at = new JsonReader(this.sound, this.at).skipValue().end;
    this.part(NULL);
  }

  private latin1(start: number, end: number): string {
    return this.bytes.toString('latin1', start, end);
  }

  /** Goes to the next byte that is no blank. @returns it; END at the end */
  private skipBlank(): number {
    let code = this.bytes[this.at] ?? END;
    while (code <= SPACE && code !== END) {
      if (code !== SPACE) {
        if (code !== 0x0a && code !== 0x0d && code !== 0x09) throw notJson();
        this.onOneLine = false;
      }
      code = this.bytes[++this.at] ?? END;
    }
    return code;
  }
}

const NULL = wordsOf(Buffer.from('null'));

function notJson(): SyntaxError {
  return new SyntaxError('not JSON');
}
