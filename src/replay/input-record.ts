import type { JsonDocument } from './json-document';

/** What a piece of a file is by its form. `text` is whatever is none of the others. */
type Form = 'json' | 'xml' | 'rendered' | 'text';

/** A text; or its bytes, so that what waits to be sent is neither decoded for nothing nor encoded once more. */
export type Utf8 = string | Buffer;

/** One record as it stands in a file. */
export interface InputRecord {
  readonly form: Form;
  /** 1-based number of the line on which it begins. */
  readonly line: number;
  /** Complete, without the blanks around it; empty when it was dropped. */
  readonly text: Utf8;
  /** What it holds, of form `json`. */
  readonly json?: JsonDocument | undefined;
  /** What is wrong with it, in words that follow the place. */
  readonly fault?: string;
  /** Where it stood first, of an event that came back in a dead letter. */
  readonly origin?: { readonly file: string; readonly line: number };
  /** It was too long to be kept. */
  readonly dropped?: boolean;
}

/** What was cut: a record (or nothing, between records), and the index at which reading goes on. */
export interface Cut {
  readonly next: number;
  readonly record?: Omit<InputRecord, 'line'>;
}

/** More bytes are needed before anything can be said. */
export const MORE = 'more';

/** The bytes at hand. */
export interface Window {
  readonly data: Buffer;
  /** No bytes follow. */
  readonly atEnd: boolean;
  /** The longest piece that is kept, in bytes. */
  readonly limit: number;
}

/** The characters that JSON is made of, and the line break. */
export const NEWLINE = 0x0a;
export const QUOTE = 0x22;
export const COMMA = 0x2c;
export const COLON = 0x3a;
export const OPEN_BRACKET = 0x5b;
export const BACKSLASH = 0x5c;
export const CLOSE_BRACKET = 0x5d;
export const OPEN_BRACE = 0x7b;
export const CLOSE_BRACE = 0x7d;

/** The index after the line break that ends the line at `from`; the data's length at the end; undefined when unknown yet. */
export function lineEnd({ data, atEnd }: Window, from: number): number | undefined {
  const at = data.indexOf(NEWLINE, from);
  if (at >= 0) return at + 1;
  return atEnd ? data.length : undefined;
}

/** A piece that cannot be told yet: more bytes, unless it is too long already; then it is dropped. */
export function waitOrDrop({ data, limit }: Window, start: number): Cut | typeof MORE {
  if (data.length - start < limit) return MORE;
  const fault = `is longer than ${Math.floor(limit / 2 ** 20)} MiB and was left out`;
  return { next: data.length, record: { form: 'text', text: '', fault, dropped: true } };
}

/** Whether `word` stands at `at`. */
export function startsWith(data: Buffer, at: number, word: string): boolean {
  return data.length - at >= word.length && data.toString('latin1', at, at + word.length) === word;
}
