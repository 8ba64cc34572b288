import type { RegexPart } from './condition';

/**
 * What a regular expression costs an engine. Lucene makes a deterministic automaton of it and gives up beyond an effort: the
 * sum of the sizes of all sets of states that it comes across (`Operations.determinize`).
 */

/** Beyond this an engine refuses an expression: 10,000 states times ten. On wildcard fields nothing raises it. */
const MOST_EFFORT = 100_000;

/** Ours has a few states less than Lucene's. */
const MARGIN = 1.3;

const MOST_POSITIONS = 5_000;

/** A character of an expression that is met at one place in it. */
interface Position {
  readonly accepts: readonly (readonly [number, number])[];
  readonly follow: Set<number>;
}

/** A part of an expression: where it may begin and end, and whether it may be nothing. */
interface Fragment {
  readonly first: readonly number[];
  readonly last: readonly number[];
  readonly nullable: boolean;
}

const EMPTY: Fragment = { first: [], last: [], nullable: true };
const LAST_CODE = 0x10ffff;
const LINE_FEED = 10;

/**
 * The effort of the alternatives of an expression, each of which is to match a whole value.
 * @returns Infinity where an engine would give up
 */
export function effortOf(alternatives: readonly (readonly RegexPart[])[]): number {
  const automaton = new Positions();
  const fragments = alternatives.map((parts) => automaton.sequence(parts));
  if (automaton.positions.length > MOST_POSITIONS) return Infinity;
  return determinized(
    fragments.flatMap(({ first }) => first),
    automaton.positions,
  );
}

/** Glushkov's automaton: a state for each character of the expression, repetitions written out. */
class Positions {
  readonly positions: Position[] = [];

  sequence(parts: readonly RegexPart[]): Fragment {
    return parts.reduce<Fragment>((before, part) => this.joined(before, this.fragment(part)), EMPTY);
  }

  private fragment(part: RegexPart): Fragment {
    switch (part.kind) {
      case 'literal':
        return Array.from(part.text).reduce<Fragment>((before, char) => {
          const code = char.codePointAt(0) ?? 0;
          return this.joined(before, this.position([[code, code]]));
        }, EMPTY);
      case 'any':
        return this.position(part.lines === true ? [[0, LAST_CODE]] : opposite([[LINE_FEED, LINE_FEED]]));
      case 'class': {
        const ranges = part.ranges.map(
          ([from, to]) => [from.codePointAt(0) ?? 0, to.codePointAt(0) ?? 0] as [number, number],
        );
        return this.position(part.negated ? opposite(ranges) : ranges);
      }
      case 'group': {
        const inner = part.alternatives.map((each) => this.sequence(each));
        return {
          first: inner.flatMap(({ first }) => first),
          last: inner.flatMap(({ last }) => last),
          nullable: inner.some(({ nullable }) => nullable),
        };
      }
      case 'repeat':
        return this.repeated(part);
    }
  }

  /** `x{2,4}` is `xx(x(x)?)?`: what is optional begins at its first copy alone. */
  private repeated({ part, least, most }: Extract<RegexPart, { kind: 'repeat' }>): Fragment {
    let whole: Fragment = EMPTY;
    for (let time = 0; time < least && this.isSmall(); time += 1) whole = this.joined(whole, this.fragment(part));
    if (most === null) {
      const rest = this.fragment(part);
      this.follow(rest.last, rest.first);
      return this.joined(whole, { ...rest, nullable: true });
    }
    const copies: Fragment[] = [];
    for (let time = least; time < most && this.isSmall(); time += 1) copies.push(this.fragment(part));
    copies.slice(1).forEach((copy, index) => {
      this.follow(copies[index]?.last ?? [], copy.first);
    });
    const optional = { first: copies[0]?.first ?? [], last: copies.flatMap(({ last }) => last), nullable: true };
    return this.joined(whole, optional);
  }

  private isSmall(): boolean {
    return this.positions.length <= MOST_POSITIONS;
  }

  private position(accepts: Position['accepts']): Fragment {
    const at = this.positions.length;
    if (at <= MOST_POSITIONS) this.positions.push({ accepts, follow: new Set() });
    return { first: [at], last: [at], nullable: false };
  }

  private joined(before: Fragment, after: Fragment): Fragment {
    this.follow(before.last, after.first);
    return {
      first: before.nullable ? [...before.first, ...after.first] : before.first,
      last: after.nullable ? [...before.last, ...after.last] : after.last,
      nullable: before.nullable && after.nullable,
    };
  }

  private follow(from: readonly number[], to: readonly number[]): void {
    for (const position of from) for (const next of to) this.positions[position]?.follow.add(next);
  }
}

function opposite(ranges: readonly (readonly [number, number])[]): [number, number][] {
  const others: [number, number][] = [];
  let next = 0;
  for (const [from, to] of ranges.toSorted((a, b) => a[0] - b[0])) {
    if (from > next) others.push([next, from - 1]);
    next = Math.max(next, to + 1);
  }
  if (next <= LAST_CODE) others.push([next, LAST_CODE]);
  return others;
}

function determinized(first: readonly number[], positions: readonly Position[]): number {
  const letters = lettersOf(positions);
  const follow = positions.map((position) => [...position.follow]);
  const seen = new Set<string>();
  const open: number[][] = [];
  let effort = 0;
  let next: readonly number[] = [...new Set(first)].sort((a, b) => a - b);
  for (;;) {
    for (const accepts of letters) {
      const set = next.filter((position) => accepts[position] === 1);
      const key = String.fromCharCode(...set);
      if (set.length === 0 || seen.has(key)) continue;
      seen.add(key);
      open.push(set);
    }
    const states = open.pop();
    if (states === undefined) return Math.ceil(effort);
    effort += states.length * MARGIN;
    if (effort > MOST_EFFORT) return Infinity;
    next = [...new Set(states.flatMap((state) => follow[state] ?? []))].sort((a, b) => a - b);
  }
}

/** Which positions accept a character, for one character of each kind that the expression tells apart. */
function lettersOf(positions: readonly Position[]): Uint8Array[] {
  const starts = new Set(positions.flatMap(({ accepts }) => accepts.flatMap(([from, to]) => [from, to + 1])));
  const kinds = new Map<string, Uint8Array>();
  for (const start of starts) {
    const accepts = Uint8Array.from(positions, (position) =>
      position.accepts.some(([from, to]) => start >= from && start <= to) ? 1 : 0,
    );
    kinds.set(accepts.join(''), accepts);
  }
  return [...kinds.values()];
}
