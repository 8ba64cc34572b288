import type { Anchor, Regex, RegexPart } from './condition';

/** Why a regular expression cannot be used; `at` counts characters from 0. */
export class RegexProblem extends Error {
  constructor(
    readonly at: number,
    message: string,
  ) {
    super(message);
  }
}

/** A piece that holds no other. */
export type SinglePart = Extract<RegexPart, { kind: 'literal' | 'any' | 'class' }>;

/** A piece of an expression as it is read: anchors may stand anywhere. */
export type Anchored =
  | SinglePart
  | { readonly kind: 'group'; readonly alternatives: readonly (readonly Anchored[])[] }
  | {
      readonly kind: 'repeat';
      readonly part: Anchored;
      readonly least: number;
      readonly most: number | null;
      /** Where it begins. */
      readonly at: number;
    }
  /** `whole`: of the value, whatever the flag `m` says (`\A`, `\z`). */
  | { readonly kind: 'start' | 'end'; readonly at: number; readonly whole?: true };

type Alternative = Regex['alternatives'][number];

/** Alternatives that one group at an end may make; more are a rule gone wrong. */
const MOST = 64;

/**
 * Takes the anchors out of an expression: engines compare whole values, and know anchors at the ends of alternatives alone. One
 * in a group at the end of an alternative, `(^|\s)x($|\s)`, makes an alternative of each of the group's.
 * @param byLine the flag `m`: an anchor is the start or the end of a line
 * @throws RegexProblem for an anchor anywhere else
 */
export function hoistAnchors(sequences: readonly (readonly Anchored[])[], byLine: boolean): Alternative[] {
  const alternatives = sequences.flatMap((sequence) => spread(sequence));
  if (alternatives.length > MOST) throw new RegexProblem(0, `groups with anchors make more than ${MOST} alternatives`);
  return alternatives.map((sequence): Alternative => {
    const first = sequence[0];
    const last = sequence.at(-1);
    const fromStart = first?.kind === 'start';
    const toEnd = last?.kind === 'end';
    const inner = sequence.slice(fromStart ? 1 : 0, toEnd ? -1 : undefined);
    return {
      fromStart: fromStart ? anchor(first, byLine) : false,
      toEnd: toEnd ? anchor(last, byLine) : false,
      parts: inner.map(withoutAnchors),
    };
  });
}

function anchor({ whole }: { readonly whole?: true }, byLine: boolean): Anchor {
  return byLine && whole !== true ? 'line' : true;
}

/** One sequence for each alternative of a group at either end that holds anchors. */
function spread(sequence: readonly Anchored[]): (readonly Anchored[])[] {
  const first = sequence[0];
  if (first?.kind === 'group' && holdsAnchor(first, 'start')) {
    return first.alternatives.flatMap((inner) => spread([...inner, ...sequence.slice(1)]));
  }
  const last = sequence.at(-1);
  if (last?.kind === 'group' && holdsAnchor(last, 'end')) {
    return last.alternatives.flatMap((inner) => spread([...sequence.slice(0, -1), ...inner]));
  }
  return [sequence];
}

function holdsAnchor(part: Anchored, kind: 'start' | 'end'): boolean {
  if (part.kind === 'group') return part.alternatives.some((inner) => inner.some((each) => holdsAnchor(each, kind)));
  return part.kind === kind;
}

function withoutAnchors(part: Anchored): RegexPart {
  switch (part.kind) {
    case 'start':
    case 'end':
      throw new RegexProblem(
        part.at,
        `${part.kind === 'start' ? '^' : '$'} is only supported at the ${part.kind} of the expression or of an alternative`,
      );
    case 'group':
      return { kind: 'group', alternatives: part.alternatives.map((inner) => inner.map(withoutAnchors)) };
    case 'repeat':
      return { kind: 'repeat', part: withoutAnchors(part.part), least: part.least, most: part.most };
    default:
      return part;
  }
}
