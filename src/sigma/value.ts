import { BlockList, isIP } from 'node:net';
import {
  anyOf,
  type Condition,
  type Pattern,
  type PatternPart,
  type RangeOperator,
  type Regex,
  type Test,
} from './condition';
import { SECTION, type Modifiers } from './modifiers';
import { joinParts, MANY, parsePattern, isTooComplex } from './pattern';
import { isTooComplexRegex, LONGEST_REGEXP, regexRegexp } from './lucene-regexp';
import { parseRegex } from './regex';
import { RegexProblem } from './regex-anchors';
import { transformed } from './transforms';

/** One value of a field, as a condition on that field; or what is wrong with it. */
export type Value = { readonly condition: Condition } | { readonly message: string; readonly hint: string };

/**
 * Reads one value under its field's modifiers, all but `all`, `neq` and `expand`, which are about the whole list.
 * @param value a scalar of the YAML file
 */
export function parseValue(field: string, value: unknown, modifiers: Modifiers): Value {
  const matches = (test: Test): Condition => ({ kind: 'field', field, test });
  const { kind } = modifiers;
  if (!isScalar(value)) {
    return {
      message: 'a value must be a text, a number, true, false or null',
      hint: 'Lists hold values, not lists or maps.',
    };
  }
  if (kind === 'exists') {
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
  if (kind === 'cidr') return cidr(field, String(value), matches);
  if (kind === 're') return regex(value, modifiers, matches);
  if (kind === 'fieldref') return reference(value, modifiers, matches);
  if (kind !== 'value') return range(value, kind, matches);
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

function isPlain({ position, kind, cased, transforms }: Modifiers): boolean {
  return position === 'whole' && kind === 'value' && !cased && transforms.length === 0;
}

function isExact(value: number): boolean {
  return Number.isInteger(value) ? Number.isSafeInteger(value) : Number.isFinite(value);
}

function text(value: string, modifiers: Modifiers, matches: (test: Test) => Condition): Value {
  const variants = transformed(value, modifiers.transforms);
  if ('message' in variants) return variants;
  const patterns = variants.map((variant) => placed(parsePattern(variant), modifiers));
  if (patterns.some(isTooComplex)) {
    return {
      message: 'this value is too long or too complex: engines refuse to search for it',
      hint: 'Behind a *, use few ? and no long repetitions; or look for several shorter pieces under |contains|all.',
    };
  }
  const tests = patterns.map((pattern) => matches({ kind: 'text', pattern, cased: modifiers.cased }));
  const condition = anyOf(tests);
  return condition === undefined ? { message: 'this value says nothing', hint: 'Give it a text.' } : { condition };
}

function placed(pattern: Pattern, { position }: Modifiers): Pattern {
  const before: PatternPart[] = position === 'contains' || position === 'endswith' ? [MANY] : [];
  const after: PatternPart[] = position === 'contains' || position === 'startswith' ? [MANY] : [];
  return joinParts([...before, ...pattern, ...after]);
}

function regex(value: string | number | boolean, { flags }: Modifiers, matches: (test: Test) => Condition): Value {
  if (typeof value !== 'string') return { message: 're takes a text', hint: 'Put the expression in single quotes.' };
  try {
    const parsed = parseRegex(value, flags);
    const pattern = literalRegexPattern(parsed);
    if (pattern === undefined && regexRegexp(parsed).length > LONGEST_REGEXP) {
      return {
        message: `this regular expression is longer than engines allow (${LONGEST_REGEXP} characters)`,
        hint: 'Use several shorter ones, in a list.',
      };
    }
    if (pattern === undefined && isTooComplexRegex(parsed)) {
      return {
        message: 'this regular expression is too complex: engines refuse to search for it',
        hint: 'A long bounded repetition such as .{0,64} between two parts does that: write .* there, or ask for the parts with |contains|all.',
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
      message: `regular expression, character ${error.at + 1}: ${error.message} (${SECTION}, "Regular Expression")`,
      hint: 'Supported: . ^ $ * + ? {n,m} [a-z] [^a-z] ( ) | \\d \\w \\s \\D \\W \\S, lazy quantifiers, (?i) (?m) (?s) in front, and escaped characters.',
    };
  }
}

function reference(value: unknown, { position, cased }: Modifiers, matches: (test: Test) => Condition): Value {
  if (typeof value !== 'string' || value === '') {
    return { message: 'fieldref takes the name of a field', hint: 'Such as ParentImage.' };
  }
  return { condition: matches({ kind: 'same', field: value, position, cased }) };
}

function range(value: unknown, operator: RangeOperator, matches: (test: Test) => Condition): Value {
  const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
  if (typeof number !== 'number' || !isExact(number)) {
    return { message: `${operator} takes a number`, hint: `See ${SECTION}, "Numeric Modifiers".` };
  }
  return { condition: matches({ kind: 'range', operator, value: number }) };
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

/** A regular expression without any operator but anchors is a plain text in disguise: as one, engines find it fast. */
export function literalRegexPattern({ alternatives }: Regex): Pattern | undefined {
  const [only, ...more] = alternatives;
  if (only === undefined || more.length > 0) return undefined;
  if (only.fromStart === 'line' || only.toEnd === 'line') return undefined;
  const literals = only.parts.filter((part) => part.kind === 'literal');
  if (literals.length < only.parts.length) return undefined;
  return joinParts([
    ...(only.fromStart ? [] : [MANY]),
    ...literals.map(({ text }) => ({ literal: text })),
    ...(only.toEnd ? [] : [MANY]),
  ]);
}
