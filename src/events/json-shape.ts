/** How the members of an object are put in order. */
export interface Order {
  /** Index of each member in the text, in the order of the keys. */
  readonly positions: readonly number[];
  /** What stands before each value, in the same order: a comma but for the first, the key, a colon. */
  readonly labels: readonly string[];
  /** A key that comes twice. */
  readonly duplicate?: string;
}

/**
 * The keys of an object so far, as they are written and one after the other. Events of one source come in a few shapes, so what
 * follows from the keys alone is found out once a shape and not once an event.
 */
export class Shape {
  /** The shape that came after this one the last time: most often it comes again. */
  likely: Shape | undefined;
  readonly next = new Map<string, Shape>();
  /** Once it has been asked for. */
  order: Order | undefined;

  private constructor(
    /** The last key as it is written, with its quotes. */
    readonly written: string,
    readonly key: string,
    readonly before: Shape | undefined,
  ) {}

  /** The shape of an object without members. */
  static empty(): Shape {
    return new Shape('', '', undefined);
  }

  /**
   * This shape and one key more.
   * @param written the key as it stands in the text
   * @param key what it means
   */
  grow(written: string, key: string): Shape {
    const shape = new Shape(ownCopy(written), ownCopy(key), this);
    this.next.set(shape.written, shape);
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
  const duplicate = sorted.find(({ key }, index) => sorted[index - 1]?.key === key)?.key;
  return {
    positions: sorted.map(({ position }) => position),
    labels: sorted.map(({ key }, index) => `${index === 0 ? '' : ','}${JSON.stringify(key)}:`),
    ...(duplicate !== undefined && { duplicate }),
  };
}

/** A piece of a text keeps the whole text in memory; a shape outlives its event by far. */
function ownCopy(piece: string): string {
  return Buffer.from(piece, 'utf16le').toString('utf16le');
}

/** Rough sizes in characters: of a shape beside its key, and of a member in an order. */
const SHAPE_COST = 100;
const MEMBER_COST = 50;
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
   * @param keyOf what the key means; asked only when it is new after that shape, and may throw
   */
  after(shape: Shape, written: string, keyOf: (written: string) => string): Shape {
    let next = shape.next.get(written);
    if (next === undefined) {
      const key = keyOf(written);
      this.makeRoom(SHAPE_COST + 2 * written.length);
      next = shape.grow(written, key);
    }
    shape.likely = next;
    return next;
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
