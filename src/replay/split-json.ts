import { isUtf8 } from 'node:buffer';
import { decode } from './encoding';
import {
  BACKSLASH,
  CLOSE_BRACE,
  CLOSE_BRACKET,
  COLON,
  COMMA,
  lineEnd,
  MORE,
  NEWLINE,
  OPEN_BRACE,
  OPEN_BRACKET,
  QUOTE,
  waitOrDrop,
  type Cut,
  type InputRecord,
  type Window,
} from './input-record';
import { readObject } from './json-document';

/**
 * Cuts the JSON object that begins at `start`: one a line, pretty-printed over many, or several on one line.
 * One that is not JSON is cut to the end of its line; over several lines, to the place where it is certainly broken,
 * unless a later one of these lines is an object by itself: then only the first was cut off.
 */
export function cutJson(window: Window, start: number): Cut | typeof MORE {
  const { data } = window;
  const line = lineEnd(window, start);
  if (line !== undefined) {
    const end = trimmedEnd(data, start, line);
    const whole = data[end - 1] === CLOSE_BRACE ? parseObject(data, start, end) : undefined;
    if (whole !== undefined) return { next: end, record: { form: 'json', ...whole } };
  }
  const scan = scanObject(data, start);
  if (scan === 'open') {
    if (!window.atEnd || data.length - start > window.limit) return waitOrDrop(window, start);
    return broken(window, start, data.length, 'cut off before its closing brace');
  }
  if ('brokenAt' in scan) return broken(window, start, scan.brokenAt, scan.why);
  const object = parseObject(data, start, scan.end);
  if (object === undefined) return broken(window, start, scan.end - 1, 'syntax error');
  return { next: scan.end, record: { form: 'json', ...object } };
}

/** The bytes as a JSON object; undefined when they are none. */
function parseObject(
  data: Buffer,
  start: number,
  end: number,
): Pick<InputRecord, 'text' | 'json' | 'fault'> | undefined {
  const bytes = data.subarray(start, end);
  if (isUtf8(bytes)) {
    const json = readObject(bytes);
    return json && { text: bytes, json };
  }
  const { text, strayBytes } = decode(bytes);
  const json = readObject(Buffer.from(text));
  return json && { text, json, fault: strayFault(strayBytes) };
}

/** What is said of bytes that are not UTF-8. */
export function strayFault(count: number): string {
  return `has ${count} ${count === 1 ? 'byte' : 'bytes'} that are not UTF-8, read as Windows-1252`;
}

function broken(window: Window, start: number, brokenAt: number, why: string): Cut | typeof MORE {
  const { data } = window;
  const beginning = data.lastIndexOf(NEWLINE, brokenAt - 1) + 1;
  // A brace that opens a line where no value can stand belongs to the next record.
  const opensLine = why === 'cut off before its closing brace' && beginning > start;
  const end = opensLine ? beginning : lineEnd(window, brokenAt);
  const first = lineEnd(window, start);
  if (end === undefined || first === undefined) return waitOrDrop(window, start);
  const next = first < end && holdsObject(data, first, end) ? first : end;
  const { text } = decode(data.subarray(start, next));
  return { next, record: { form: 'text', text: text.trimEnd(), fault: `is not JSON (${why})` } };
}

function holdsObject(data: Buffer, from: number, to: number): boolean {
  for (let at = from; at < to;) {
    const found = data.indexOf(NEWLINE, at);
    const next = found < 0 || found >= to ? to : found + 1;
    const end = trimmedEnd(data, at, next);
    if (data[at] === OPEN_BRACE && data[end - 1] === CLOSE_BRACE && parseObject(data, at, end) !== undefined)
      return true;
    at = next;
  }
  return false;
}

/** The end of the line without blanks, and without the comma that follows an element of an array. */
function trimmedEnd(data: Buffer, start: number, end: number): number {
  let at = end;
  while (at > start && (data[at - 1] ?? 0) <= 0x20) at -= 1;
  return data[at - 1] === COMMA && data[at - 2] === CLOSE_BRACE ? at - 1 : at;
}

/** Where the object ends; or where it is certain that it is none, and why; or that the bytes end before it does. */
type ObjectScan =
  | { readonly end: number }
  | {
      readonly brokenAt: number;
      readonly why: 'cut off inside a string' | 'cut off before its closing brace' | 'brackets do not match';
    }
  | 'open';

/**
 * Finds the end of the JSON object that begins at `start`, by its brackets and strings alone. A line that was cut off is
 * noticed as soon as what follows cannot belong to it: a line break within a string, or a brace where no value can stand.
 * @param data UTF-8 bytes, of which `data[start]` is an opening brace
 */
function scanObject(data: Buffer, start: number): ObjectScan {
  const open: number[] = [];
  let last = 0;
  for (let at = start; at < data.length; at += 1) {
    const byte = data[at] ?? 0;
    if (byte <= 0x20) continue;
    if (byte === QUOTE) {
      at = stringEnd(data, at);
      if (at === data.length) return 'open';
      if (data[at] === NEWLINE) return { brokenAt: at, why: 'cut off inside a string' };
    } else if (byte === OPEN_BRACE || byte === OPEN_BRACKET) {
      const inArray = open.at(-1) === OPEN_BRACKET;
      if (at > start && last !== COLON && last !== OPEN_BRACKET && !(last === COMMA && inArray)) {
        return { brokenAt: at, why: 'cut off before its closing brace' };
      }
      open.push(byte);
    } else if (byte === CLOSE_BRACE || byte === CLOSE_BRACKET) {
      if (open.pop() !== (byte === CLOSE_BRACE ? OPEN_BRACE : OPEN_BRACKET)) {
        return { brokenAt: at, why: 'brackets do not match' };
      }
      if (open.length === 0) return { end: at + 1 };
    }
    last = byte;
  }
  return 'open';
}

/** Index of the closing quote, of a line break before it, or the length of the data when neither is there. */
function stringEnd(data: Buffer, openingQuote: number): number {
  let at = openingQuote + 1;
  for (; at < data.length; at += 1) {
    const byte = data[at];
    if (byte === BACKSLASH) at += 1;
    else if (byte === QUOTE || byte === NEWLINE) return at;
  }
  return data.length;
}
