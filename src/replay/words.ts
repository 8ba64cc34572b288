import { BACKSLASH, QUOTE } from './json-codes';

/**
 * UTF-8 bytes that are read four at a time where that is enough. All that JSON is made of is ASCII, and no byte of another character
 * is ASCII: so it is read, compared and copied as it is, and only what is asked for is decoded.
 */
export interface Words {
  readonly bytes: Buffer;
  /** Of the same bytes. It takes a word from wherever it stands; an Int32Array only from every fourth place. */
  readonly view: DataView;
}

export function wordsOf(bytes: Buffer): Words {
  return { bytes, view: new DataView(bytes.buffer, bytes.byteOffset, bytes.length) };
}

/**
 * Copies the bytes from `start` up to `end`.
 * @returns the index after them in `to`
 * @throws RangeError when there is no room for them
 */
export function copy(from: Words, start: number, end: number, to: Words, at: number): number {
  const words = end - 3;
  let [source, cluster] = [start, at];
  for (; source < words; source += 4, cluster += 4) to.view.setInt32(cluster, from.view.getInt32(source, true), true);
  for (; source < end; source += 1, cluster += 1) to.view.setUint8(cluster, from.view.getUint8(source));
  return cluster;
}

/** Bytes from one index up to another. */
export interface Piece {
  readonly words: Words;
  readonly start: number;
  readonly end: number;
}

/** The whole of some bytes. */
export function pieceOf(bytes: Buffer): Piece {
  const words = wordsOf(bytes);
  return { words, start: 0, end: words.bytes.length };
}

/** The same bytes by themselves: a piece keeps in memory all that it is a piece of. */
export function onItsOwn({ words, start, end }: Piece): Piece {
  return pieceOf(Buffer.from(words.bytes.subarray(start, end)));
}

/** Whether the bytes of a piece stand in a text. */
export function standsAt({ words, start, end }: Piece, text: Words, at: number): boolean {
  if (at + end - start > text.bytes.length) return false;
  const { view } = words;
  let [index, place] = [start, at];
  for (; index < end - 3; index += 4, place += 4)
    if (view.getInt32(index, true) !== text.view.getInt32(place, true)) return false;
  for (; index < end; index += 1, place += 1) if (words.bytes[index] !== text.bytes[place]) return false;
  return true;
}

/** A number that is the same for the same bytes, and most often another for others. */
export function hashOf({ words: { bytes, view }, start, end }: Piece): number {
  let hash = end - start;
  let at = start;
  for (; at < end - 3; at += 4) hash = mixed(hash, view.getInt32(at, true));
  for (; at < end; at += 1) hash = mixed(hash, bytes[at] ?? 0);
  return hash;
}

/** The golden ratio's multiplier of Knuth (The Art of Computer Programming, volume 3, section 6.4), and its high bits brought down. */
function mixed(hash: number, word: number): number {
  const product = Math.imul(hash ^ word, 0x9e3779b1);
  return product ^ (product >>> 15);
}

const EVERY_BYTE = 0x01010101;
const HIGHEST_BITS = 0x80808080;
const QUOTES = QUOTE * EVERY_BYTE;
const BACKSLASHES = BACKSLASH * EVERY_BYTE;
const SPACES = 0x20 * EVERY_BYTE;

/**
 * Where a piece of a JSON string ends in which every character stands for itself.
 * Of the four bytes of a word, one that is less than another borrows from its highest bit when that is taken from it, and did not have
 * it before; where two words are the same, their difference has a byte that is less than one.
 * @returns the index of the first quote, backslash or control character (U+0000 to U+001F); the length when there is none
 */
export function plainEnd({ bytes, view }: Words, from: number): number {
  const words = bytes.length - 3;
  let at = from;
  for (; at < words; at += 4) {
    const word = view.getInt32(at, true);
    const quotes = word ^ QUOTES;
    const backslashes = word ^ BACKSLASHES;
    const borrowed =
      ((word - SPACES) & ~word) | ((quotes - EVERY_BYTE) & ~quotes) | ((backslashes - EVERY_BYTE) & ~backslashes);
    if ((borrowed & HIGHEST_BITS) !== 0) break;
  }
  while (at < bytes.length && isPlain(bytes[at] ?? 0)) at += 1;
  return at;
}

function isPlain(byte: number): boolean {
  return byte >= 0x20 && byte !== QUOTE && byte !== BACKSLASH;
}
