import { createHash } from 'node:crypto';

/*
 * How a group value is written into the key of a monitor's bucket. The plugin pastes the key of a page's last bucket into its
 * search, renders that as a Mustache template, and takes the keys of a group, joined by `#`, for the name of its alert. So a key
 * holds nothing that a template begins with, and no `#` that could be taken for a border:
 *
 *   the value of an event                            | its key
 *   -------------------------------------------------|--------------------------------------------------------------
 *   none                                             | null
 *   the text null; begins with '; looks like a date  | the same with ' in front
 *   {{ (however many)                                | a word joiner (U+2060) between each two
 *   #                                                | a word joiner in front
 *   a word joiner                                    | two
 *   half of a surrogate pair                         | a word joiner, u and its four hexadecimal digits
 *   more than `most` bytes of JSON, so written       | its beginning, a word joiner, x and a digest of the whole
 *
 * A text that could be a date gets its apostrophe because all alerts share one dynamic mapping: the first such text would make
 * its field a date, and every later alert with another value would be lost.
 *
 * bucket-scripts.ts writes this in Painless. Version 0.1.0 escaped dates only; its alerts have no stamp of this form, see
 * `STAMP` in bucket-search.ts.
 */

/** What a key says where the events have no value; a key that is null would stop the trigger. */
export const ABSENT = 'null';

/** U+2060, which nothing shows and no search needs. */
export const JOINER = '\u2060';

export const DATE_CHARACTERS = '0123456789+-/:.,TZ ';

/** No date is longer. */
export const LONGEST_DATE = 40;

/** A value that was too long for a key. */
export interface CutText {
  readonly head: string;
  /** {@link digestOfText} of the whole value. */
  readonly digest: string;
}

/** What a key holds: a text, null for none, or the beginning of one. */
export type KeyText = string | null | CutText;

/** The value that a key stands for. @param plain whether version 0.1.0 wrote it */
export function readKey(key: string, { plain = false }: { readonly plain?: boolean } = {}): KeyText {
  if (key === ABSENT) return null;
  if (plain) return key.startsWith("'") && looksLikeDate(key.slice(1)) ? key.slice(1) : key;
  const text = key.startsWith("'") ? key.slice(1) : key;
  const [, head, digest] = CUT.exec(text) ?? [];
  return head === undefined || digest === undefined ? unescaped(text) : { head: unescaped(head), digest };
}

/**
 * The digest of a value in the form in which a key holds it (half a surrogate pair has no UTF-8 of its own): a UUID of version 3
 * over all of it, Java's `UUID.nameUUIDFromBytes`. The scripts of an aggregation may use no other digest.
 */
export function digestOfText(text: string): string {
  const md5 = createHash('md5').update(escaped(text), 'utf8').digest();
  md5.writeUInt8((md5.readUInt8(6) & 0x0f) | 0x30, 6);
  md5.writeUInt8((md5.readUInt8(8) & 0x3f) | 0x80, 8);
  return md5.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
}

/** In the beginning no word joiner stands before an x, but as the second of two. */
const CUT = new RegExp(`^((?:[^${JOINER}]|${JOINER}[^x])*)${JOINER}x([0-9a-f-]{36})$`);

function escaped(text: string): string {
  return text
    .replaceAll(JOINER, JOINER + JOINER)
    .replaceAll(/\p{Surrogate}/gu, (half) => `${JOINER}u${half.charCodeAt(0).toString(16)}`)
    .replaceAll(/\{(?=\{)/g, `{${JOINER}`)
    .replaceAll('#', `${JOINER}#`);
}

function unescaped(text: string): string {
  return text.replaceAll(new RegExp(`${JOINER}(?:u([0-9a-f]{4})|([^]))`, 'g'), (_, half?: string, other?: string) =>
    half === undefined ? (other ?? '') : String.fromCharCode(Number.parseInt(half, 16)),
  );
}

function looksLikeDate(text: string): boolean {
  if (text.length > LONGEST_DATE) return false;
  return /[-/]/.test(text) && Array.from(text).every((character) => DATE_CHARACTERS.includes(character));
}
