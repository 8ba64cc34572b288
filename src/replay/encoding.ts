import { isUtf8 } from 'node:buffer';

/** Well-formed UTF-8 sequences of two to four bytes (Unicode 16, table 3-7), on bytes read as Latin-1 characters. */
const UTF8_SEQUENCE =
  /[\xc2-\xdf][\x80-\xbf]|\xe0[\xa0-\xbf][\x80-\xbf]|[\xe1-\xec\xee\xef][\x80-\xbf]{2}|\xed[\x80-\x9f][\x80-\xbf]|\xf0[\x90-\xbf][\x80-\xbf]{2}|[\xf1-\xf3][\x80-\xbf]{3}|\xf4[\x80-\x8f][\x80-\xbf]{2}|[\x80-\xff]/g;

/**
 * The characters of bytes 0x80 to 0x9f in Windows-1252; the others are as in Latin-1, and five stand for nothing. A table,
 * because several releases of Node decode this label as Latin-1.
 */
const WINDOWS_1252 = '€\u0081‚ƒ„…†‡ˆ‰Š‹Œ\u008dŽ\u008f\u0090‘’“”•–—˜™š›œ\u009džŸ';

/** Text out of bytes, and how many bytes were not UTF-8. */
export interface Decoded {
  readonly text: string;
  readonly strayBytes: number;
}

/**
 * Reads bytes as UTF-8. A byte that belongs to no UTF-8 sequence is read as Windows-1252, the code page of most old Windows
 * exports: a replacement character would lose it, and with it a user name or a part of a command line.
 */
export function decode(bytes: Buffer): Decoded {
  if (isUtf8(bytes)) return { text: bytes.toString('utf8'), strayBytes: 0 };
  let strayBytes = 0;
  const text = bytes.toString('latin1').replace(UTF8_SEQUENCE, (sequence) => {
    if (sequence.length > 1) return Buffer.from(sequence, 'latin1').toString('utf8');
    strayBytes += 1;
    return WINDOWS_1252[sequence.charCodeAt(0) - 0x80] ?? sequence;
  });
  return { text, strayBytes };
}

/** UTF-16 by its byte order mark, or without one by a first character of JSON or XML that takes two bytes. */
function utf16Label(head: Buffer): 'utf-16le' | 'utf-16be' | undefined {
  const [first, second] = head;
  if (first === 0xff && second === 0xfe) return 'utf-16le';
  if (first === 0xfe && second === 0xff) return 'utf-16be';
  const opens = (byte: number | undefined): boolean => byte !== undefined && '{[<'.includes(String.fromCharCode(byte));
  if (second === 0 && opens(first)) return 'utf-16le';
  if (first === 0 && opens(second)) return 'utf-16be';
  return undefined;
}

/**
 * The same text in UTF-8 without its byte order mark; PowerShell's `>` and wevtutil write UTF-16.
 * @param head the first bytes of `bytes`, at least two unless it is shorter
 */
export function asUtf8(head: Buffer, bytes: AsyncIterable<Buffer>): AsyncIterable<Buffer> {
  const label = utf16Label(head);
  return label === undefined ? bytes : fromUtf16(label, bytes);
}

async function* fromUtf16(label: string, bytes: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  const decoder = new TextDecoder(label);
  for await (const chunk of bytes) yield Buffer.from(decoder.decode(chunk, { stream: true }), 'utf8');
  yield Buffer.from(decoder.decode(), 'utf8');
}

/** Whether bytes are UTF-16 text by their beginning; such bytes are full of NUL without being binary. */
export function looksUtf16(head: Buffer): boolean {
  return utf16Label(head) !== undefined;
}
