import { isRecord } from '../json';
import { suggestion } from '../text/suggest';

/** The values of each placeholder, without the percent signs: `Administrators` → names. They are written as values of rules. */
export type Placeholders = ReadonlyMap<string, readonly string[]>;

const PLACEHOLDER = /(\\?)%([A-Za-z0-9_.-]+)%/;

/** Values that one value may become. */
const MOST = 1000;

/**
 * The values that a value with placeholders stands for. `\%` is a percent sign.
 * Source: Sigma specification 2.0, "Placeholders".
 */
export function expanded(
  value: unknown,
  placeholders: Placeholders | undefined,
): readonly unknown[] | { readonly message: string; readonly hint: string } {
  if (typeof value !== 'string') return [value];
  const match = PLACEHOLDER.exec(value);
  if (match === null) return [value.replaceAll('\\%', '%')];
  const [text, escape = '', name = ''] = match;
  const before = value.slice(0, match.index).replaceAll('\\%', '%');
  // An escaped percent sign begins no placeholder; the one that ends it may.
  const at = escape === '' ? match.index + text.length : match.index + 2;
  const rest = expanded(value.slice(at), placeholders);
  if ('message' in rest) return rest;
  const own = escape === '' ? placeholders?.get(name) : ['%'];
  if (own === undefined) {
    const known = [...(placeholders?.keys() ?? [])];
    return {
      message: `the placeholder %${name}% has no values (Sigma specification 2.0, "Placeholders")`,
      hint: `Give it some in placeholders.yml at the top of the rules folder. ${known.length === 0 ? `Such as: ${name}: [a, b].` : suggestion(name, known)}`,
    };
  }
  const values = own.flatMap((each) => rest.map((tail) => before + each + String(tail)));
  return values.length <= MOST
    ? values
    : { message: `placeholders make more than ${MOST} values of this one`, hint: 'Use fewer.' };
}

/**
 * The placeholders of a file: a map of names, with or without percent signs, to a value or a list of values.
 * @returns undefined where it is no such map
 */
export function placeholdersOf(value: unknown): Placeholders | undefined {
  if (value === null || value === undefined) return new Map();
  if (!isRecord(value)) return undefined;
  const entries = Object.entries(value).map(([name, own]) => [name.replaceAll('%', ''), [own].flat()] as const);
  const isWhole = entries.every(
    ([, own]) => own.length > 0 && own.every((each) => ['string', 'number'].includes(typeof each)),
  );
  return isWhole ? new Map(entries.map(([name, own]) => [name, own.map(String)])) : undefined;
}
