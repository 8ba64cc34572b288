import { BlockList, isIP } from 'node:net';
import type { Condition, Pattern, PatternPart, Test, Regex } from './condition';
import type { Modifiers } from './modifiers';
import { joinParts, MANY, parsePattern, isTooComplex } from './pattern';
import { LONGEST_REGEXP, regexRegexp } from './lucene-regexp';
import { parseRegex, RegexProblem } from './regex';

/** One value of a field, as a condition on that field; or what is wrong with it. */
export type Value = { readonly condition: Condition } | { readonly message: string; readonly hint: string };

/**
 * Reads one value under its field's modifiers.
 * @param value a scalar of the YAML file
 */
export function parseValue(field: string, value: unknown, modifiers: Modifiers): Value {
  const matches = (test: Test): Condition => ({ kind: 'field', field, test });
  if (!isScalar(value)) {
    return {
      message: 'a value must be a text, a number, true, false or null',
      hint: 'Lists hold values, not lists or maps.',
    };
  }
  if (modifiers.kind === 'exists') {
    if (typeof value !== 'boolean')
      return { message: 'exists takes true or false', hint: `Write ${field}|exists: true.` };
    const exists = matches({ kind: 'exists' });
    return { condition: value ? exists : { kind: 'not', of: exists } };
  }
  if (value === null) {
    if (!isPlain(modifiers))
      return { message: 'null cannot be combined with modifiers', hint: `Write ${field}: null.` };
    return { condition: { kind: 'not', of: matches({ kind: 'exists' }) } };
  }
  if (typeof value === 'number' && !isExact(value)) {
    return { message: 'this number cannot be kept exactly', hint: 'Put it in quotes.' };
  }
  if (modifiers.kind === 'cidr') return cidr(field, String(value), matches);
  if (modifiers.kind === 're') return regex(value, matches);
  if (typeof value !== 'string' && isPlain(modifiers)) {
    return {
      condition: matches(typeof value === 'number' ? { kind: 'number', value } : { kind: 'boolean', value }),
    };
  }
  return text(String(value), modifiers, matches);
}

function isScalar(value: unknown): value is string | number | boolean | null {
  return value === null || ['string', 'number', 'boolean'].includes(typeof value);
}

function isPlain({ position, kind, cased, windash }: Modifiers): boolean {
  return position === 'whole' && kind === 'value' && !cased && !windash;
}

function isExact(value: number): boolean {
  return Number.isInteger(value) ? Number.isSafeInteger(value) : Number.isFinite(value);
}

function text(value: string, modifiers: Modifiers, matches: (test: Test) => Condition): Value {
  const variants = modifiers.windash ? windashVariants(value) : [value];
  if (variants === undefined) {
    return {
      message: `windash makes more than ${WINDASH_LIMIT} variants of this value`,
      hint: 'Look for each option by itself, in a list under |contains|windash|all.',
    };
  }
  const tooComplex = variants.some((variant) => isTooComplex(placed(parsePattern(variant), modifiers)));
  if (tooComplex) {
    return {
      message: 'this value is too long or too complex: engines refuse to search for it',
      hint: 'Behind a *, use few ? and no long repetitions; or look for several shorter pieces under |contains|all.',
    };
  }
  const tests = variants.map((variant) =>
    matches({ kind: 'text', pattern: placed(parsePattern(variant), modifiers), cased: modifiers.cased }),
  );
  const [only] = tests;
  return { condition: tests.length === 1 && only !== undefined ? only : { kind: 'or', of: tests } };
}

function placed(pattern: Pattern, { position }: Modifiers): Pattern {
  const before: PatternPart[] = position === 'contains' || position === 'endswith' ? [MANY] : [];
  const after: PatternPart[] = position === 'contains' || position === 'startswith' ? [MANY] : [];
  return joinParts([...before, ...pattern, ...after]);
}

function regex(value: string | number | boolean, matches: (test: Test) => Condition): Value {
  if (typeof value !== 'string') return { message: 're takes a text', hint: 'Put the expression in single quotes.' };
  try {
    const parsed = parseRegex(value);
    const pattern = literalRegexPattern(parsed);
    if (pattern === undefined && regexRegexp(parsed).length > LONGEST_REGEXP) {
      return {
        message: `this regular expression is longer than engines allow (${LONGEST_REGEXP} characters)`,
        hint: 'Use several shorter ones, in a list.',
      };
    }
    return {
      condition: matches(
        pattern === undefined ? { kind: 'regex', regex: parsed } : { kind: 'text', pattern, cased: true },
      ),
    };
  } catch (error) {
    if (!(error instanceof RegexProblem)) throw error;
    return {
      message: `regular expression, character ${error.at + 1}: ${error.message}`,
      hint: 'Supported: . ^ $ * + ? {n,m} [a-z] [^a-z] ( ) | \\d \\w \\s \\D \\W \\S and escaped characters. Case counts.',
    };
  }
}

function cidr(field: string, value: string, matches: (test: Test) => Condition): Value {
  const [address = '', bits = '', ...rest] = value.split('/');
  const version = isIP(address);
  const most = version === 4 ? 32 : 128;
  if (version === 0 || address.includes('%') || rest.length > 0 || !/^\d{1,3}$/.test(bits) || Number(bits) > most) {
    return { message: `"${value}" is not a network`, hint: 'Write an address and its bits: 10.0.0.0/8, fd00::/8.' };
  }
  const network = new BlockList();
  network.addSubnet(address, Number(bits), version === 4 ? 'ipv4' : 'ipv6');
  if (version === 6 && network.check('::ffff:0:0', 'ipv6')) {
    return {
      message: `"${value}" would match every IPv4 address too, which engines keep as ::ffff:0:0/96`,
      hint: `To ask for any address, write ${field}|exists: true; else name a narrower network.`,
    };
  }
  return { condition: matches({ kind: 'cidr', network: `${address}/${Number(bits)}` }) };
}

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
