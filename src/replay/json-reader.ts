import { BACKSLASH, CLOSE_BRACE, CLOSE_BRACKET, COLON, COMMA, OPEN_BRACE, OPEN_BRACKET, QUOTE } from './json-codes';

/** Walks over a JSON text that `JSON.parse` accepts: it looks for the ends of things and checks nothing again. */
export class JsonReader {
  constructor(
    protected readonly text: string,
    protected at = 0,
  ) {}

  /** Goes to the next character that is no blank. @returns its code */
  skipBlank(): number {
    let code = this.text.charCodeAt(this.at);
    while (code <= 0x20) code = this.text.charCodeAt(++this.at);
    return code;
  }

  /** The string that begins here, as written, with its quotes. */
  string(): string {
    const start = this.at;
    this.skipString();
    return this.text.slice(start, this.at);
  }

  /** Goes past the value that begins here. @returns where it begins and ends */
  skipValue(): Span {
    this.skipBlank();
    const start = this.at;
    let depth = 0;
    do {
      const code = this.skipBlank();
      if (code === QUOTE) this.skipString();
      else if (isScalarCode(code)) this.skipScalar();
      else {
        if (code === OPEN_BRACE || code === OPEN_BRACKET) depth += 1;
        else if (code === CLOSE_BRACE || code === CLOSE_BRACKET) depth -= 1;
        this.at += 1;
      }
    } while (depth > 0);
    return { start, end: this.at };
  }

  /** Goes over the one character that must stand here, such as a colon. */
  pass(code: number): boolean {
    if (this.skipBlank() !== code) return false;
    this.at += 1;
    return true;
  }

  protected skipScalar(): void {
    while (isScalarCode(this.text.charCodeAt(this.at))) this.at += 1;
  }

  private skipString(): void {
    const { text } = this;
    let end = text.indexOf('"', this.at + 1);
    while (text.charCodeAt(end - 1) === BACKSLASH && this.isEscaped(end)) end = text.indexOf('"', end + 1);
    this.at = end + 1;
  }

  private isEscaped(quote: number): boolean {
    let backslashes = 0;
    while (this.text.charCodeAt(quote - 1 - backslashes) === BACKSLASH) backslashes += 1;
    return backslashes % 2 === 1;
  }
}

/** A piece of a text: the index of its first character, and that of the first after it. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/** Digits, signs, letters, dot: whatever numbers, true, false and null are made of. */
function isScalarCode(code: number): boolean {
  return (
    code === 0x2b ||
    (code > COMMA &&
      code !== COLON &&
      code !== CLOSE_BRACKET &&
      code !== CLOSE_BRACE &&
      code !== OPEN_BRACE &&
      code !== OPEN_BRACKET)
  );
}
