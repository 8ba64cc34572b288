/**
 * UTF-8 as one character a byte, which JavaScript calls a binary string. All that JSON is made of is ASCII and stands there as it
 * is, so it can be read without being decoded, and hashed without being encoded again.
 */
export type ByteText = string;

export function fromBytes(bytes: Buffer): ByteText {
  return bytes.toString('latin1');
}

export function toBytes(text: ByteText): Buffer {
  return Buffer.from(text, 'latin1');
}

export function encode(text: string): ByteText {
  return fromBytes(Buffer.from(text));
}

export function decode(text: ByteText): string {
  return toBytes(text).toString();
}

/**
 * Whether there is a control character of ASCII (U+0000 to U+001F). Four bytes at a time: a byte below 0x20 borrows from its
 * highest bit when 0x20 is taken from it, and did not have that bit before.
 */
export function holdsControls(bytes: Buffer): boolean {
  const { buffer, byteOffset, length } = bytes;
  const first = -byteOffset & 3;
  if (length < first + 4) return hasControl(bytes, 0, length);
  const words = new Int32Array(buffer, byteOffset + first, (length - first) >> 2);
  let borrowed = 0;
  // By index: an iterator takes three times as long.
  for (let at = 0; at < words.length; at += 1) {
    const word = words[at] ?? 0;
    borrowed |= (word - 0x20202020) & ~word;
  }
  const last = first + 4 * words.length;
  return (borrowed & 0x80808080) !== 0 || hasControl(bytes, 0, first) || hasControl(bytes, last, length);
}

function hasControl(bytes: Buffer, from: number, to: number): boolean {
  for (let at = from; at < to; at += 1) if ((bytes[at] ?? 0) < 0x20) return true;
  return false;
}
