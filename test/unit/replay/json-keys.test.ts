import { Keys, type Key, type Place } from '../../../src/replay/json-keys';
import { pieceOf } from '../../../src/replay/words';

function come(keys: Keys, place: Place, text: string): Key {
  return keys.key(place, pieceOf(Buffer.from(JSON.stringify(text))));
}

test('JSON keys: a key is kept in mind when it comes for the second time, and known when it comes again', () => {
  const keys = new Keys();
  const [first, second, third] = ['User', 'User', 'User'].map((text) => come(keys, keys.root, text));
  expect([first?.isKnown, second?.isKnown]).toEqual([false, true]);
  expect(third).toBe(second);
});

test('JSON keys: ever new keys do not fill the memory: beyond a bound all is forgotten', () => {
  const keys = new Keys();
  const { root } = keys;
  for (let count = 0; keys.root === root; count += 1) {
    // Two megabytes of keys, and what is kept beside each.
    expect(count).toBeLessThan(4_000);
    const name = `${count}`.padEnd(100, 'x');
    come(keys, root, name);
    come(keys, root, name);
  }
  expect(come(keys, keys.root, 'User').isKnown).toBe(false);
});

test('JSON keys: what is kept in mind keeps nothing of the event that it was found in', () => {
  const keys = new Keys();
  const event = pieceOf(Buffer.from(`{"User":${' '.repeat(100_000)}1}`));
  const written = { ...event, start: 1, end: 7 };
  keys.key(keys.root, written);
  const key = keys.key(keys.root, written);
  expect([key.written.words.bytes.toString(), key.canonical]).toEqual(['"User"', key.written]);
});
