import { decode, looksUtf16 } from './encoding';

/** What a file is by its first bytes. */
export type FileKind =
  | { readonly kind: 'gzip' | 'tar' | 'zip' | 'text' }
  | { readonly kind: 'binary'; readonly what: string; readonly hint: string };

/** As many bytes as `fileKind` wants to see: a whole tar header. */
export const HEAD_BYTES = 512;

const UNPACK = 'Unpack it, then replay the files in it; .gz, .tar, .tar.gz and .zip are read as they are.';
const EXPORT =
  'Replay event logs as JSON lines, event XML, CSV or rendered text, plain or in .gz, .tar, .tar.gz, .zip.';

/** Magic numbers of what people have at hand beside event logs in text form. */
const MAGIC: readonly (readonly [hex: string, what: string, hint: string])[] = [
  ['456c6646696c6500', 'a Windows event log (.evtx)', 'Convert it first, for example with `evtx_dump -o jsonl`.'],
  ['377abcaf271c', 'a 7z archive', UNPACK],
  ['fd377a585a00', 'an xz archive', UNPACK],
  ['425a68', 'a bzip2 archive', UNPACK],
  ['28b52ffd', 'a zstd archive', UNPACK],
  ['50415231', 'a Parquet file', EXPORT],
  ['4d5a', 'a Windows program', EXPORT],
  ['7f454c46', 'a Linux program', EXPORT],
  ['25504446', 'a PDF', EXPORT],
];

/** A zip archive, one without members, and one in several parts. */
const ZIP = /^504b(?:0304|0506|0708)/;

/**
 * A tenth of the first bytes: one NUL in a text log is a fault of one line, many are no text. Bytes that are not UTF-8 count as well
 * where there are control characters; text of an old code page has only the former, and more of them.
 */
const BINARY_SHARE = 0.1;
const STRAY_SHARE = 0.3;

/**
 * What a file is, by content and never by name.
 * @param head its first bytes: 512 of them, fewer only when the file is shorter
 */
export function fileKind(head: Buffer): FileKind {
  if (head[0] === 0x1f && head[1] === 0x8b) return { kind: 'gzip' };
  if (head.toString('latin1', 257, 262) === 'ustar') return { kind: 'tar' };
  if (looksUtf16(head)) return { kind: 'text' };
  const hex = head.toString('hex', 0, 8);
  if (ZIP.test(hex)) return { kind: 'zip' };
  const known = MAGIC.find(([magic]) => hex.startsWith(magic));
  if (known !== undefined && !isMostlyText(head, known[0])) return { kind: 'binary', what: known[1], hint: known[2] };
  return isBinary(head) ? { kind: 'binary', what: 'a binary file', hint: EXPORT } : { kind: 'text' };
}

function isBinary(head: Buffer): boolean {
  const controls = head.reduce((count, byte) => (byte < 0x09 || (byte > 0x0d && byte < 0x20) ? count + 1 : count), 0);
  if (controls > head.length * BINARY_SHARE) return true;
  // A character of which the head has only the beginning counts as up to three bytes that are not UTF-8.
  const strays = Math.max(0, decode(head).strayBytes - 3);
  return controls + strays > head.length * (controls > 0 ? BINARY_SHARE : STRAY_SHARE);
}

/** `MZ`, `BZh` and `%PDF` are letters: text may begin with them. */
function isMostlyText(head: Buffer, magic: string): boolean {
  return /^(?:4d5a|425a68|25504446|50415231)$/.test(magic) && !head.includes(0);
}
