import type { Anchor, Pattern, Regex, RegexPart } from './condition';
import { isAny } from './pattern';

/** A part of a text, in UTF-16 code units, as `slice` counts. */
export interface Span {
  readonly offset: number;
  readonly length: number;
}

/** `one` is any character, `many` any number of any characters, the ends of lines included. */
type Piece = RegexPart | { readonly kind: 'one' | 'many' };

interface SpanSearch {
  readonly pieces: readonly Piece[];
  readonly fromStart: Anchor;
  readonly toEnd: Anchor;
  readonly cased: boolean;
}

/** Places between the characters of a text, at which something may begin or end. */
type Places = ReadonlySet<number>;

/**
 * Where a pattern is met in a text: what its wildcards at either end stand for is left out.
 * @param cased without it the case of ASCII letters, and of no others, is ignored
 * @returns the first such part, as short as it can be; undefined where the text does not match
 */
export function patternSpan(pattern: Pattern, cased: boolean, text: string): Span | undefined {
  if (isAny(pattern)) return { offset: 0, length: text.length };
  const pieces = pattern.map((part): Piece =>
    'literal' in part ? { kind: 'literal', text: part.literal } : { kind: part.wildcard },
  );
  const [opens, closes] = [pieces[0], pieces.at(-1)].map((piece) => piece?.kind === 'many');
  const core = pieces.slice(opens === true ? 1 : 0, closes === true ? -1 : undefined);
  return spanOf({ pieces: core, fromStart: opens !== true, toEnd: closes !== true, cased }, text);
}

/** Where a regular expression of Sigma is met in a text; see {@link patternSpan}. */
export function regexSpan({ alternatives }: Regex, text: string): Span | undefined {
  for (const { parts, fromStart, toEnd } of alternatives) {
    const span = spanOf({ pieces: parts, fromStart, toEnd, cased: true }, text);
    if (span !== undefined) return span;
  }
  return undefined;
}

/*
 * All ways through the text at once, as sets of places, never one way after another: however an attacker writes a command
 * line, no expression takes more steps than its length times that of the text.
 */
function spanOf({ pieces, fromStart, toEnd, cased }: SpanSearch, text: string): Span | undefined {
  const walk = new Walk(Array.from(text), cased);
  const { last } = walk;
  const isStart = (place: number): boolean => walk.isEdge(place, fromStart, 0, place - 1);
  const isEnd = (place: number): boolean => walk.isEdge(place, toEnd, last, place);
  const starts = new Set(Array.from({ length: last + 1 }, (_, place) => place).filter(isStart));
  const ends = [...walk.through(pieces, starts, 1)].filter(isEnd);
  if (ends.length === 0) return undefined;
  const end = ends.reduce((least, place) => Math.min(least, place));
  const begins = [...walk.through(pieces, new Set([end]), -1)].filter(isStart);
  const begin = begins.reduce((most, place) => Math.max(most, place), 0);
  const offset = walk.units(0, begin);
  return { offset, length: walk.units(begin, end) };
}

/** Steps through one text, forwards (1) or backwards (-1). */
class Walk {
  constructor(
    readonly chars: readonly string[],
    readonly cased: boolean,
  ) {}

  get last(): number {
    return this.chars.length;
  }

  /** Whether something anchored may begin or end at a place: at the edge of the text, or where a line feed is its neighbour. */
  isEdge(place: number, anchor: Anchor, edge: number, neighbour: number): boolean {
    return anchor === false || place === edge || (anchor === 'line' && this.chars[neighbour] === '\n');
  }

  units(from: number, to: number): number {
    return this.chars.slice(from, to).join('').length;
  }

  through(pieces: readonly Piece[], from: Places, way: 1 | -1): Places {
    const inOrder = way === 1 ? pieces : [...pieces].reverse();
    return inOrder.reduce((places, piece) => (places.size === 0 ? places : this.over(piece, places, way)), from);
  }

  private over(piece: Piece, from: Places, way: 1 | -1): Places {
    switch (piece.kind) {
      case 'literal':
        return this.overText(Array.from(piece.text), from, way);
      case 'one':
        return this.overOne(() => true, from, way);
      case 'any':
        return this.overOne((char) => piece.lines === true || char !== '\n', from, way);
      case 'class':
        return this.overOne((char) => isIn(piece.ranges, char) !== piece.negated, from, way);
      case 'many':
        return this.toTheEnd(from, way);
      case 'group':
        return new Set(piece.alternatives.flatMap((parts) => [...this.through(parts, from, way)]));
      case 'repeat':
        return this.repeated(piece, from, way);
    }
  }

  private overOne(fits: (char: string) => boolean, from: Places, way: 1 | -1): Places {
    const reached = new Set<number>();
    for (const place of from) {
      const char = this.chars[way === 1 ? place : place - 1];
      if (char !== undefined && fits(char)) reached.add(place + way);
    }
    return reached;
  }

  private overText(text: readonly string[], from: Places, way: 1 | -1): Places {
    const reached = new Set<number>();
    for (const place of from) {
      const begin = way === 1 ? place : place - text.length;
      if (text.every((char, index) => this.isSame(char, this.chars[begin + index]))) {
        reached.add(place + way * text.length);
      }
    }
    return reached;
  }

  private isSame(one: string, other: string | undefined): boolean {
    return other !== undefined && (one === other || (!this.cased && folded(one) === folded(other)));
  }

  private toTheEnd(from: Places, way: 1 | -1): Places {
    const nearest = [...from].reduce((one, other) => (way === 1 ? Math.min(one, other) : Math.max(one, other)));
    const count = way === 1 ? this.last - nearest : nearest;
    return new Set(Array.from({ length: count + 1 }, (_, step) => nearest + way * step));
  }

  private repeated({ part, least, most }: Extract<Piece, { kind: 'repeat' }>, from: Places, way: 1 | -1): Places {
    let edge = from;
    for (let times = 0; times < least && edge.size > 0; times += 1) edge = this.over(part, edge, way);
    const reached = new Set(edge);
    for (let times = least; edge.size > 0 && (most === null || times < most); times += 1) {
      const next = [...this.over(part, edge, way)].filter((place) => !reached.has(place));
      for (const place of next) reached.add(place);
      edge = new Set(next);
    }
    return reached;
  }
}

function isIn(ranges: readonly (readonly [string, string])[], char: string): boolean {
  const code = char.codePointAt(0) ?? 0;
  return ranges.some(([from, to]) => code >= (from.codePointAt(0) ?? 0) && code <= (to.codePointAt(0) ?? 0));
}

function folded(char: string): string {
  return char >= 'A' && char <= 'Z' ? char.toLowerCase() : char;
}
