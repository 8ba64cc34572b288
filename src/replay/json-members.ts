import type { Key, Place } from './json-keys';
import { JsonObject, type Material } from './json-object';

/** What is used again for the next text, at most. */
const MAX_KEPT = 1_000;

/**
 * The members of the objects that are being read, the outer ones first. One for all texts: arrays that grow with each would be most of
 * the garbage.
 */
export class Members {
  private keys: Key[] = [];
  /** As in Spans. */
  private values: number[] = [];
  private order: number[] = [];
  count = 0;

  /** Begins with a text; one before may have ended in the middle of its objects. */
  clear(): void {
    this.count = 0;
    if (this.keys.length <= MAX_KEPT) return;
    this.keys = [];
    this.values = [];
    this.order = [];
  }

  /** @returns the index of the member, for its value */
  add(key: Key): number {
    this.keys[this.count] = key;
    return this.count++;
  }

  setValue(index: number, start: number, end: number): void {
    this.values[2 * index] = start;
    this.values[2 * index + 1] = end;
  }

  /**
   * The object that the members from `first` on are those of; they are taken away.
   * @param place of their keys
   * @returns with a key that it has twice; of its values the last counts
   */
  takeObject(first: number, place: Place, material: Material): { object: JsonObject; twice: string | undefined } {
    const { order } = this;
    const members = this.count - first;
    const count = place.sort(this.keys, first, this.count, order);
    const twice = count < members ? textTwice(this.keys.slice(first, this.count)) : undefined;
    const keys = new Array<Key>(count);
    const values = new Array<number>(2 * count);
    for (let index = 0; index < count; index += 1) {
      const member = order[index] ?? first;
      keys[index] = this.keys[member] ?? place.start;
      values[2 * index] = this.values[2 * member] ?? 0;
      values[2 * index + 1] = this.values[2 * member + 1] ?? 0;
    }
    this.count = first;
    return { object: new JsonObject(material, keys, values), twice };
  }
}

function textTwice(keys: readonly Key[]): string | undefined {
  const texts = keys.map(({ text }) => text).sort();
  return texts.find((text, index) => text === texts[index + 1]);
}
