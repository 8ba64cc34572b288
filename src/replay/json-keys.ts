import { obstacleOfKey } from './engine-limits';
import { BACKSLASH } from './json-codes';
import { canonicalOf, textOf } from './json-string';
import { hashOf, onItsOwn, pieceOf, standsAt, type Piece } from './words';

/** So many of the keys that came after one are looked at before all others. */
const MAX_LIKELY = 4;

/** The rank of a key that its place does not know. */
const UNKNOWN = -1;

/**
 * A key as it is written in one place. Sources have a few hundred keys, so what follows from one is found out once and not once an
 * event. Nothing rests on the order in which keys come: Winlogbeat writes them in another order in each event.
 */
export class Key {
  /** Its place keeps it in mind. */
  isKnown = false;
  /** Where its text stands in the order of the keys that its place knows, from 0; it changes when there are more. */
  rank = UNKNOWN;
  /** Of the objects that are its values, or stand in a list that is. */
  within: Place | undefined;
  /** The keys that came after it of late. */
  readonly likely: Key[] = [];
  private misses = 0;

  constructor(
    /** With its quotes. */
    readonly written: Piece,
    /** In the one way that the canonical form has. */
    readonly canonical: Piece,
    /** What it means. */
    readonly text: string,
    /** Why the engine cannot take it. */
    readonly obstacle?: string,
  ) {}

  /** The same key without the event that it was found in. */
  onItsOwn(): Key {
    const { written, canonical, text, obstacle } = this;
    const own = onItsOwn(written);
    return new Key(own, canonical === written ? own : canonical, text, obstacle);
  }

  isFollowedBy(key: Key): void {
    if (this.isKnown && key.isKnown) this.likely[this.misses++ % MAX_LIKELY] = key;
  }
}

/** More keys than any source has in one place. */
const MAX_KEYS = 1_000;

const NOTHING = pieceOf(Buffer.alloc(0));

/** The keys of one place in documents, such as those of `winlog.event_data`. */
export class Place {
  /** Comes before the first key of an object. */
  readonly start = new Key(NOTHING, NOTHING, '');
  /** By the hash of the key as it is written. Of two with one hash the later is known: that costs time, and nothing else. */
  private readonly known = new Map<number, Key>();
  private readonly keys: Key[] = [];
  private ranked = 0;

  constructor(readonly isRoot: boolean) {
    this.start.isKnown = true;
  }

  /** The key with a hash, if it is the one that is written there. */
  find(hash: number, written: Piece): Key | undefined {
    const key = this.known.get(hash);
    if (key === undefined) return undefined;
    const { start, end } = key.written;
    const isSame = end - start === written.end - written.start && standsAt(key.written, written.words, written.start);
    return isSame ? key : undefined;
  }

  add(hash: number, key: Key): void {
    if (this.keys.length >= MAX_KEYS) return;
    this.known.set(hash, key);
    this.keys.push(key);
    key.isKnown = true;
  }

  /**
   * Puts keys of this place in the order of their texts, by UTF-16 code units as JavaScript compares them.
   * @param keys of which those from `from` up to `to` are looked at
   * @param order takes their indices; of keys with the same text that of the last
   * @returns how many indices there are
   */
  sort(keys: readonly Key[], from: number, to: number, order: number[]): number {
    if (this.ranked < this.keys.length) this.rank();
    let highest = UNKNOWN;
    let lowest = MAX_KEYS;
    for (let index = from; index < to; index += 1) {
      const rank = keys[index]?.rank ?? UNKNOWN;
      if (rank < lowest) lowest = rank;
      if (rank > highest) highest = rank;
    }
    if (lowest === UNKNOWN) return sortByText(keys, from, to, order);
    for (let index = from; index < to; index += 1) slots[keys[index]?.rank ?? 0] = index;
    let count = 0;
    for (let rank = lowest; rank <= highest; rank += 1) {
      const index = slots[rank] ?? EMPTY;
      if (index === EMPTY) continue;
      slots[rank] = EMPTY;
      order[count++] = index;
    }
    return count;
  }

  private rank(): void {
    this.keys.sort(byText);
    let rank = UNKNOWN;
    let before: string | undefined;
    for (const key of this.keys) {
      // However it is written, one text is one key.
      if (key.text !== before) rank += 1;
      before = key.text;
      key.rank = rank;
    }
    this.ranked = this.keys.length;
  }
}

const EMPTY = -1;
/** By rank, the index of the key that has it; all empty between two calls. To sort by comparing takes several times as long. */
const slots = new Array<number>(MAX_KEYS).fill(EMPTY);

function sortByText(keys: readonly Key[], from: number, to: number, order: number[]): number {
  const members = keys.slice(from, to).map(({ text }, index) => ({ text, index: from + index }));
  members.sort(byText); // Those with the same text stay in their order.
  const last = members.filter(({ text }, at) => members[at + 1]?.text !== text);
  last.forEach(({ index }, at) => (order[at] = index));
  return last.length;
}

function byText({ text: left }: { text: string }, { text: right }: { text: string }): number {
  return left < right ? -1 : left > right ? 1 : 0;
}

/** Rough sizes in bytes: of a key, and of each byte of its text, which is kept in several ways. */
const KEY_COST = 500;
const BYTE_COST = 5;
const MAX_COST = 2_000_000;

/** All keys that are known. */
export class Keys {
  private top = new Place(true);
  /** Of objects under keys that are not known. */
  private elsewhere = new Place(false);
  private cost = 0;
  /** Hashes of keys that came, each where its last bits say. */
  private readonly came = new Int32Array(4_096);

  /** Of the objects that are documents. */
  get root(): Place {
    return this.top;
  }

  /** Of the objects that stand under a key. */
  under(key: Key): Place {
    if (!key.isKnown) return this.elsewhere;
    key.within ??= new Place(false);
    return key.within;
  }

  /**
   * The key that is written there. It is kept in mind when it comes for the second time: most of those that are new come once.
   */
  key(place: Place, written: Piece): Key {
    const hash = hashOf(written);
    const known = place.find(hash, written);
    if (known !== undefined) return known;
    const key = readKey(written, place);
    const slot = hash & (this.came.length - 1);
    if (this.came[slot] === hash) return this.learn(place, hash, key.onItsOwn());
    this.came[slot] = hash;
    return key;
  }

  private learn(place: Place, hash: number, key: Key): Key {
    place.add(hash, key);
    this.cost += KEY_COST + BYTE_COST * (key.written.end - key.written.start);
    // Data whose keys are ever new would fill the memory: then all is forgotten, and learnt again.
    if (this.cost > MAX_COST) {
      this.top = new Place(true);
      this.elsewhere = new Place(false);
      this.cost = 0;
    }
    return key;
  }
}

function readKey(written: Piece, { isRoot }: Place): Key {
  const bytes = written.words.bytes.subarray(written.start, written.end);
  const text = textOf(bytes);
  const canonical = bytes.includes(BACKSLASH) ? pieceOf(canonicalOf(text)) : written;
  return new Key(written, canonical, text, obstacleOfKey(text, isRoot));
}
