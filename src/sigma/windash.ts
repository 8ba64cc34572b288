/** What Windows programs take for the dash of an option. Source: Sigma modifiers appendix 2.1, `windash`. */
const DASHES = ['-', '/', '–', '—', '―'];

/** More variants of one value than this is a rule gone wrong, and a query that no cluster should run. */
export const WINDASH_LIMIT = 125;

/**
 * A dash that begins an option: no letter or digit before it, one after it. A dash inside a word or a date is not one.
 * The Sigma specification leaves this open; the rule is that of its reference implementation, pySigma.
 */
const OPTION_DASH = /(?<![\p{L}\p{N}_])[-/–—―](?=[\p{L}\p{N}_])/gu;

/**
 * Every spelling of a value in which each option's dash is one of the five.
 * @returns at most {@link WINDASH_LIMIT} values, or undefined when there would be more
 */
export function windashVariants(value: string): string[] | undefined {
  const pieces = value.split(OPTION_DASH);
  if (DASHES.length ** (pieces.length - 1) > WINDASH_LIMIT) return undefined;
  return pieces.reduce<string[]>(
    (variants, piece, index) =>
      index === 0 ? [piece] : variants.flatMap((variant) => DASHES.map((dash) => variant + dash + piece)),
    [],
  );
}
