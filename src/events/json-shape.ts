import { encode, type ByteText } from './byte-text';

/** How the members of an object are put in order. */
export interface Order {
  /** Index of each member in the text, in the order of the keys. */
  readonly positions: readonly number[];
  /** What stands before each value, in the same order: a comma but for the first, the key, a colon. */
  readonly labels: readonly ByteText[];
  /** Index in the text of the value that each key has; of a key that comes twice, that of the last. */
  readonly indices: ReadonlyMap<string, number>;
  /** What is wrong with the keys together. */
  readonly obstacle?: string;
}

/** A key, and why the engine cannot take it. */
export interface Key {
  readonly key: string;
  readonly obstacle?: string;
}

/**
 * The keys of an object so far, as they are written and one after the other. Events of one source come in a few shapes, so what
 * follows from the keys alone is found out once a shape and not once an event.
 */
export class Shape {
  /** The shape that came after this one the last time: most often it comes again. */
  likely: Shape | undefined;
  readonly next = new Map<ByteText, Shape>();
  /** Once it has been asked for. */
  order: Order | undefined;

  private constructor(
    /** The last key as it is written, with its quotes. */
    readonly written: ByteText,
    readonly key: string,
    readonly before: Shape | undefined,
    /** Why the engine cannot take one of the keys. */
    readonly obstacle?: string,
  ) {}

  /** The shape of an object without members. */
  static empty(): Shape {
    return new Shape('', '', undefined);
  }

  /**
   * This shape and one key more.
   * @param written the key as it stands in the text
   * @param key what it means; it is kept in mind unless something is wrong with it
   */
  grow(written: ByteText, { key, obstacle }: Key): Shape {
    const shape = new Shape(ownCopy(written), ownCopy(key), this, this.obstacle ?? obstacle);
    if (obstacle === undefined) {
      this.next.set(shape.written, shape);
      this.likely = shape;
    }
    return shape;
  }
}

function orderOf(last: Shape): Order {
  const keys: string[] = [];
  // The first of the chain is the empty shape, which has no key.
  for (let shape = last; shape.before !== undefined; shape = shape.before) keys.push(shape.key);
  keys.reverse();
  const sorted = keys.map((key, position) => ({ key, position }));
  sorted.sort(({ key: left }, { key: right }) => (left < right ? -1 : left > right ? 1 : 0));
  const duplicate = sorted.find(({ key }, index) => sorted[index - 1]?.key === key)?.key.slice(0, 80);
  return {
    positions: sorted.map(({ position }) => position),
    labels: sorted.map(({ key }, index) => `${index === 0 ? '' : ','}${encode(JSON.stringify(key))}:`),
    indices: new Map(keys.map((key, position) => [key, position])),
    ...(duplicate !== undefined && { obstacle: `holds the key ${JSON.stringify(duplicate)} twice in one object` }),
  };
}

/** A piece of a text keeps the whole text in memory; a shape outlives its event by far. */
function ownCopy(piece: string): string {
  return Buffer.from(piece, 'utf16le').toString('utf16le');
}

/** Rough sizes in characters: of a shape beside its key, and of a member in an order. */
const SHAPE_COST = 100;
const MEMBER_COST = 100;
const MAX_COST = 2_000_000;

/** The shapes seen so far. Objects at the root and those within are kept apart, for they obey different rules. */
export class Shapes {
  private root = Shape.empty();
  private inner = Shape.empty();
  private cost = 0;

  /** @param depth 1 for an object at the root */
  empty(depth: number): Shape {
    return depth === 1 ? this.root : this.inner;
  }

  /**
   * The shape after one key more.
   * @param keyOf what the key means; asked only when it is new after that shape
   */
  after(shape: Shape, written: ByteText, keyOf: (written: ByteText) => Key): Shape {
    const known = shape.next.get(written);
    if (known !== undefined) {
      shape.likely = known;
      return known;
    }
    this.makeRoom(SHAPE_COST + 2 * written.length);
    return shape.grow(written, keyOf(written));
  }

  /** The order of the members of an object whose shape this is. */
  orderOf(shape: Shape): Order {
    if (shape.order === undefined) {
      shape.order = orderOf(shape);
      this.makeRoom(MEMBER_COST * shape.order.positions.length);
    }
    return shape.order;
  }

  /** Data whose keys are ever new would fill the memory: then all is forgotten, and learnt again. */
  private makeRoom(cost: number): void {
    this.cost += cost;
    if (this.cost <= MAX_COST) return;
    this.cost = cost;
    this.root = Shape.empty();
    this.inner = Shape.empty();
  }
}
