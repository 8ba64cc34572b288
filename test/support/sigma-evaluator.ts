import type { JsonRecord } from '../../src/json';
/**
 * A small evaluator of Sigma rules over plain documents, written from the Sigma specification (2.0, modifiers 2.1) and
 * sharing no code with the compiler, so that the two can be held against each other. It is slow and simple on purpose,
 * and takes only well-formed rules.
 */

type Scalar = string | number | boolean | null;
type Values = readonly Scalar[];

/** A document without nesting: dotted field names, one value or several. */
export type FlatDocument = Readonly<Record<string, Scalar | Values>>;

/** `detection` of a Sigma rule, as YAML gives it. */
export type Detection = JsonRecord;

/** Whether an event meets a rule's detection (its log source is not looked at). */
export function matchesSigma(detection: Detection, document: FlatDocument): boolean {
  const names = Object.keys(detection).filter((name) => name !== 'condition');
  const truth = new Map(names.map((name) => [name, search(detection[name], document)]));
  return condition(String(detection.condition), truth);
}

/** Replaces names by their truth, then reduces the innermost bracket, not, and, or until one letter is left. */
function condition(text: string, truth: ReadonlyMap<string, boolean>): boolean {
  const letter = (value: boolean): string => (value ? 'T' : 'F');
  const quantified = text.replace(/\b(1|all) of ([\w*-]+)/g, (_, count: string, pattern: string) => {
    const chosen = [...truth.keys()].filter((name) =>
      pattern === 'them'
        ? !name.startsWith('_')
        : new RegExp(`^${pattern.replaceAll('*', '.*')}$`).test(name) &&
          name.startsWith('_') === pattern.startsWith('_'),
    );
    const values = chosen.map((name) => truth.get(name));
    return letter(count === '1' ? values.includes(true) : !values.includes(false));
  });
  let rest = quantified
    .split(/\b/)
    .map((word) => (truth.has(word) ? letter(truth.get(word) === true) : word))
    .join('')
    .replaceAll(' ', '');
  for (;;) {
    const before = rest;
    rest = rest.replace(/\(([TF])\)/, '$1');
    if (rest === before) rest = rest.replace(/not([TF])/, (_, value: string) => (value === 'T' ? 'F' : 'T'));
    if (rest === before) rest = rest.replace(/([TF])and([TF])/, (_, a: string, b: string) => letter(a + b === 'TT'));
    if (rest === before)
      rest = rest.replace(
        /(^|\()([TF])or([TF])(?!and)/,
        (_, s: string, a: string, b: string) => s + letter(a + b !== 'FF'),
      );
    if (rest === 'T' || rest === 'F') return rest === 'T';
    if (rest === before) throw new Error(`the evaluator cannot reduce ${rest} (${text})`);
  }
}

function search(value: unknown, document: FlatDocument): boolean {
  if (Array.isArray(value)) return value.some((map) => search(map, document));
  return Object.entries(value as Record<string, unknown>).every(([key, expected]) => field(key, expected, document));
}

function field(key: string, expected: unknown, document: FlatDocument): boolean {
  const [name = '', ...modifiers] = key.split('|');
  const actual = [document[name] ?? null].flat().filter((value) => value !== null);
  const wanted = [expected].flat() as Scalar[];
  const holds = (value: Scalar): boolean => one(value, modifiers, actual);
  return modifiers.includes('all') ? wanted.every(holds) : wanted.some(holds);
}

function one(value: Scalar, modifiers: readonly string[], actual: Values): boolean {
  if (modifiers.includes('exists')) return value === actual.length > 0;
  if (value === null) return actual.length === 0;
  if (modifiers.includes('re')) return actual.some((text) => new RegExp(String(value), 'u').test(String(text)));
  if (modifiers.includes('cidr')) return actual.some((address) => inNetwork(String(address), String(value)));
  const cased = modifiers.includes('cased');
  return spellings(String(value), modifiers.includes('windash')).some((spelling) => {
    const tokens = tokensOf(spelling);
    if (modifiers.includes('contains') || modifiers.includes('endswith')) tokens.unshift(null);
    if (modifiers.includes('contains') || modifiers.includes('startswith')) tokens.push(null);
    return actual.some((text) => glob(tokens, Array.from(String(text)), cased));
  });
}

/** A function of one character, or null for `*`. */
type Token = ((char: string, cased: boolean) => boolean) | null;

function tokensOf(value: string): Token[] {
  const exactly =
    (wanted: string): Token =>
    (char, cased) =>
      cased ? char === wanted : ascii(char) === ascii(wanted);
  return Array.from(value.matchAll(/\\([*?\\])|([*])|([?])|([^])/gu), ([, escaped, many, single, plain]) => {
    if (many !== undefined) return null;
    if (single !== undefined) return () => true;
    return exactly(escaped ?? plain ?? '');
  });
}

function ascii(char: string): string {
  return char >= 'A' && char <= 'Z' && char.length === 1 ? String.fromCharCode(char.charCodeAt(0) + 32) : char;
}

/** Dynamic programming over (tokens, characters): reached[j] tells that the tokens so far can end before character j. */
function glob(tokens: readonly Token[], chars: readonly string[], cased: boolean): boolean {
  let reached = [true, ...chars.map(() => false)];
  for (const token of tokens) {
    reached =
      token === null
        ? reached.map((_, j) => reached.slice(0, j + 1).includes(true))
        : reached.map((_, j) => j > 0 && reached[j - 1] === true && token(chars[j - 1] ?? '', cased));
  }
  return reached.at(-1) === true;
}

function spellings(value: string, windash: boolean): string[] {
  if (!windash) return [value];
  const dashes = '-/–—―';
  const chars = Array.from(value);
  const word = (char: string | undefined): boolean => char !== undefined && /[\p{L}\p{N}_]/u.test(char);
  return chars.reduce<string[]>(
    (done, char, i) =>
      dashes.includes(char) && !word(chars[i - 1]) && word(chars[i + 1])
        ? done.flatMap((start) => Array.from(dashes, (dash) => start + dash))
        : done.map((start) => start + char),
    [''],
  );
}

function inNetwork(address: string, network: string): boolean {
  const [base = '', bits = ''] = network.split('/');
  const [a, b] = [bitsOf(address), bitsOf(base)];
  return a.length === b.length && a.slice(0, Number(bits)) === b.slice(0, Number(bits));
}

/** The bits of an IPv4 address, or of an IPv6 address written with at most one `::`. */
function bitsOf(address: string): string {
  if (!address.includes(':'))
    return address
      .split('.')
      .map((part) => Number(part).toString(2).padStart(8, '0'))
      .join('');
  const [head = '', tail] = address.split('::');
  const groups = (text: string | undefined): string[] => (text === undefined || text === '' ? [] : text.split(':'));
  const zeros = Array.from({ length: 8 - groups(head).length - groups(tail).length }, () => '0');
  const all = [...groups(head), ...(tail === undefined ? [] : zeros), ...groups(tail)];
  return all.map((group) => parseInt(group, 16).toString(2).padStart(16, '0')).join('');
}
