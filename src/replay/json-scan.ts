import { BACKSLASH, CLOSE_BRACE, CLOSE_BRACKET, COLON, COMMA, OPEN_BRACE, OPEN_BRACKET, QUOTE } from './json-codes';

const NEWLINE = 0x0a;

/** Where the object ends; or where it is certain that it is none, and why; or that the bytes end before it does. */
export type ObjectScan =
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
export function scanObject(data: Buffer, start: number): ObjectScan {
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
