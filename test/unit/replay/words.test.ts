import fc from 'fast-check';
import { copy, hashOf, onItsOwn, pieceOf, plainEnd, standsAt, wordsOf, type Words } from '../../../src/replay/words';

const LENGTHS = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 11];

/** Bytes that begin at an odd place of what they are a view of, between others that must not be looked at. */
function within(bytes: Buffer): Words {
  return wordsOf(Buffer.concat([Buffer.from('"'), bytes, Buffer.from('"')]).subarray(1, -1));
}

test.each(LENGTHS)(
  'words of a buffer: the end of what stands for itself is found wherever it is in %d bytes',
  (length) => {
    for (const character of [0x20, 0x21, 0x23, 0x5b, 0x5d, 0x7f, 0x80, 0xa2, 0xdc, 0xff]) {
      const plain = Buffer.alloc(length, character);
      for (let from = 0; from <= length; from += 1) expect(plainEnd(within(plain), from)).toBe(length);
      for (let at = 0; at < length; at += 1) {
        for (const end of [0x00, 0x0a, 0x1f, 0x22, 0x5c]) {
          const bytes = Buffer.from(plain);
          bytes[at] = end;
          for (let from = 0; from <= length; from += 1)
            expect([from, plainEnd(within(bytes), from)]).toEqual([from, from <= at ? at : length]);
        }
      }
    }
  },
);

test.each(LENGTHS)('words of a buffer: %d bytes are copied, and no more', (length) => {
  const from = wordsOf(Buffer.from(Array.from({ length: length + 2 }, (_, index) => index + 1)));
  const to = wordsOf(Buffer.alloc(length + 4));
  expect(copy(from, 1, 1 + length, to, 2)).toBe(2 + length);
  expect([...to.bytes]).toEqual([0, 0, ...from.bytes.subarray(1, 1 + length), 0, 0]);
  expect(() => copy(from, 0, length + 2, wordsOf(Buffer.alloc(length + 1)), 0)).toThrow(RangeError);
});

test.each(LENGTHS)(
  'words of a buffer: %d bytes stand where they are, and where one is another they do not',
  (length) => {
    const piece = pieceOf(Buffer.from('abcdefghijklm'.slice(0, length)));
    const bytes = Buffer.from(`xy${'abcdefghijklm'.slice(0, length)}`);
    expect(standsAt(piece, within(bytes), 2)).toBe(true);
    expect(standsAt(piece, within(bytes), 3)).toBe(false);
    for (let at = 2; at < bytes.length; at += 1) {
      const other = Buffer.from(bytes);
      other[at] = 0x7a;
      expect(standsAt(piece, within(other), 2)).toBe(false);
    }
  },
);

test('words of a buffer: a hash rests on the bytes of a piece alone, and on each of them', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 1, maxLength: 20 }), fc.nat(), (array, place) => {
      const bytes = Buffer.from(array);
      const words = within(bytes);
      const piece = { words, start: 0, end: bytes.length };
      expect(hashOf(onItsOwn(piece))).toBe(hashOf(piece));
      const other = Buffer.from(bytes);
      other[place % bytes.length] = (other[place % bytes.length] ?? 0) ^ 1;
      expect(hashOf({ ...piece, words: within(other) })).not.toBe(hashOf(piece));
    }),
  );
});

test('words of a buffer: a piece on its own keeps nothing of what it is a piece of', () => {
  const large = wordsOf(Buffer.alloc(100_000, 'x'));
  const own = onItsOwn({ words: large, start: 10, end: 13 });
  expect(own.words.bytes.toString()).toBe('xxx');
  expect(own.words.bytes.buffer).not.toBe(large.bytes.buffer);
});
