import type { Pattern, Regex } from './condition';
import { joinParts, MANY } from './pattern';

/** A regular expression without any operator but anchors is a plain text in disguise: as one, engines find it fast. */
export function literalRegexPattern({ alternatives }: Regex): Pattern | undefined {
  const [only, ...more] = alternatives;
  if (only === undefined || more.length > 0) return undefined;
  const literals = only.parts.filter((part) => part.kind === 'literal');
  if (literals.length < only.parts.length) return undefined;
  return joinParts([
    ...(only.fromStart ? [] : [MANY]),
    ...literals.map(({ text }) => ({ literal: text })),
    ...(only.toEnd ? [] : [MANY]),
  ]);
}
