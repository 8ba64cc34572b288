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
  const reader = new Reader(text);
  try {
    return { canonical: reader.value(0) };
  } catch (error) {
    if (error instanceof Obstacle) return { obstacle: error.message };
    throw error;
  }
}

const QUOTE = 0x22;
const COMMA = 0x2c;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;

class Obstacle extends Error {}

class Reader {
  private at = 0;

  constructor(private readonly text: string) {}

  /** The canonical form of the value that begins here. */
  value(depth: number): string {
    const first = this.skipBlank();
    if (first === OPEN_BRACE) return this.object(depth + 1);
    if (first === OPEN_BRACKET) return this.array(depth + 1);
    if (first === QUOTE) return canonicalString(this.string());
    return this.scalar();
  }

  private object(depth: number): string {
    checkDepth(depth);
    const members: Member[] = [];
    this.at += 1;
    for (let next = this.skipBlank(); next !== CLOSE_BRACE; next = this.skipBlank()) {
      if (next === COMMA) {
        this.at += 1;
        this.skipBlank();
      }
      const written = this.string();
      const key = keyOf(written, depth);
      this.skipBlank();
      this.at += 1;
      members.push({
        key,
        text: `${key.length + 2 === written.length ? written : JSON.stringify(key)}:${this.value(depth)}`,
      });
    }
    this.at += 1;
    members.sort(byKey);
    let text = '';
    let previous: string | undefined;
    for (const member of members) {
      if (member.key === previous) {
        throw new Obstacle(`holds the key ${JSON.stringify(previous.slice(0, 80))} twice in one object`);
      }
      text += previous === undefined ? member.text : `,${member.text}`;
      previous = member.key;
    }
    return `{${text}}`;
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

  /** The string that begins here, as written, with its quotes. */
  private string(): string {
    const start = this.at;
    let end = this.text.indexOf('"', start + 1);
    while (this.isEscaped(end)) end = this.text.indexOf('"', end + 1);
    this.at = end + 1;
    return this.text.slice(start, end + 1);
  }

  private isEscaped(quote: number): boolean {
    let backslashes = 0;
    while (this.text.charCodeAt(quote - 1 - backslashes) === 0x5c) backslashes += 1;
    return backslashes % 2 === 1;
  }

  private scalar(): string {
    const start = this.at;
    while (isScalarCode(this.text.charCodeAt(this.at))) this.at += 1;
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

  /** Goes to the next character that is no blank. @returns its code */
  private skipBlank(): number {
    let code = this.text.charCodeAt(this.at);
    while (code <= 0x20) code = this.text.charCodeAt(++this.at);
    return code;
  }
}

interface Member {
  readonly key: string;
  /** Key and value in canonical form. */
  readonly text: string;
}

function byKey({ key: left }: Member, { key: right }: Member): number {
  return left < right ? -1 : left > right ? 1 : 0;
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

/** Digits, signs, letters, dot: whatever numbers, true, false and null are made of. */
function isScalarCode(code: number): boolean {
  return code > 0x2c && code !== 0x5d && code !== 0x7d ? true : code === 0x2b;
}
