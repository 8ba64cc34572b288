import type { FlatDocument } from './sigma-evaluator';
import { luceneRegexpMatches, wildcardMatches } from './text-match';
import { BlockList, isIP } from 'node:net';

/**
 * A small evaluator of EQL event queries, written from Elastic's syntax reference and the grammar of Elasticsearch
 * (`EqlBase.g4`), and sharing no code with the compiler. What it does not know is an error.
 */

/** true, false, or null where a value is missing. */
type Truth = boolean | null;

type Scalar = string | number | boolean | null;

type Expression = (document: FlatDocument, missing: Missing) => Truth;

/**
 * What a comparison with a missing field is. `false` is what Elasticsearch makes of a mapped field, by way of Query DSL; `null`
 * is EQL's own rule, which is left for a field that no index maps. A query must mean the same under both.
 */
export type Missing = 'false' | 'null';

/** Whether an event meets the query. */
export function eqlMatcher(query: string): (document: FlatDocument, missing: Missing) => boolean {
  const reader = new Reader(tokensOf(query));
  const category = reader.take();
  reader.need('where');
  const condition = disjunction(reader);
  reader.end();
  return (document, missing) =>
    (category === 'any' || valuesOf(document, 'event.category').includes(category)) &&
    condition(document, missing) === true;
}

/** Texts in quotes, names (with `?` and backticks), numbers, operators. */
function tokensOf(query: string): string[] {
  const token =
    /\s*("(?:\\.|[^"\\\r\n])*"|\??(?:`[^`]+`|[A-Za-z_@]\w*)(?:\.(?:`[^`]+`|\w+))*~?|-?\d[\d.e+-]*|==|!=|[:(),])/suy;
  const tokens: string[] = [];
  const text = query.trimEnd();
  while (token.lastIndex < text.length) {
    const at = token.lastIndex;
    const found = token.exec(text)?.[1];
    if (found === undefined) throw new Error(`EQL cannot read on at: ${text.slice(at, at + 40)}`);
    tokens.push(found);
  }
  return tokens;
}

function disjunction(reader: Reader): Expression {
  const parts = [conjunction(reader)];
  while (reader.took('or')) parts.push(conjunction(reader));
  return (document, missing) => {
    const truths = parts.map((part) => part(document, missing));
    return truths.includes(true) ? true : truths.includes(null) ? null : false;
  };
}

function conjunction(reader: Reader): Expression {
  const parts = [negation(reader)];
  while (reader.took('and')) parts.push(negation(reader));
  return (document, missing) => {
    const truths = parts.map((part) => part(document, missing));
    return truths.includes(false) ? false : truths.includes(null) ? null : true;
  };
}

function negation(reader: Reader): Expression {
  if (reader.took('not')) {
    const inner = negation(reader);
    return (document, missing) => {
      const truth = inner(document, missing);
      return truth === null ? null : !truth;
    };
  }
  if (!reader.took('(')) return comparison(reader);
  const inner = disjunction(reader);
  reader.need(')');
  return inner;
}

function comparison(reader: Reader): Expression {
  if (reader.took('cidrMatch')) {
    reader.need('(');
    const [field = '', ...networks] = reader.list(() => reader.take());
    return anyOf(field, networks.map(scalar), (value, network) => inNetwork(String(value), String(network)));
  }
  const field = reader.take();
  const operator = reader.take();
  const list = reader.took('(') ? reader.list(() => scalar(reader.take())) : [scalar(reader.take())];
  const [first] = list;
  if (first === null && operator === '==') return (document) => valuesOf(document, nameOf(field)).length === 0;
  if (first === null && operator === '!=') return (document) => valuesOf(document, nameOf(field)).length > 0;
  return anyOf(field, list, test(operator));
}

function test(operator: string): (value: Scalar, wanted: Scalar) => boolean {
  const text =
    (matches: (wanted: string, value: string) => boolean) =>
    (value: Scalar, wanted: Scalar): boolean => {
      if (typeof value !== 'string' || typeof wanted !== 'string')
        throw new Error(`${operator} compares texts, not ${String(value)} with ${String(wanted)}`);
      return matches(wanted, value);
    };
  switch (operator) {
    case ':':
    case 'like~':
      return text((wanted, value) => wildcardMatches(wanted, value, { cased: false, escapes: false }));
    case 'like':
      return text((wanted, value) => wildcardMatches(wanted, value, { cased: true, escapes: false }));
    case 'regex':
      return text(luceneRegexpMatches);
    case '==':
    case 'in':
      return (value, wanted) => {
        if (typeof value !== typeof wanted) throw new Error(`${String(value)} and ${String(wanted)} are of two types`);
        return value === wanted;
      };
    default:
      throw new Error(`EQL has no operator ${operator} here`);
  }
}

function anyOf(
  field: string,
  wanted: readonly Scalar[],
  holds: (value: Scalar, wanted: Scalar) => boolean,
): Expression {
  return (document, missing) => {
    const values = valuesOf(document, nameOf(field));
    if (values.length === 0) return missing === 'null' ? null : false;
    return values.some((value) => wanted.some((one) => holds(value, one)));
  };
}

function nameOf(field: string): string {
  return field.replace(/^\?/, '').replaceAll('`', '');
}

function valuesOf(document: FlatDocument, field: string): Scalar[] {
  return [document[field] ?? null].flat().filter((value) => value !== null);
}

function scalar(token: string): Scalar {
  if (token === 'null') return null;
  if (token === 'true' || token === 'false') return token === 'true';
  if (/^-?\d/.test(token)) return Number(token);
  if (!token.startsWith('"')) throw new Error(`EQL cannot compare with ${token}`);
  return token.slice(1, -1).replace(/\\(?:u\{([0-9a-f]{2,8})\}|([^]))/giu, (_, code?: string, char?: string) => {
    if (code !== undefined) return String.fromCodePoint(parseInt(code, 16));
    const known = ({ n: '\n', r: '\r', t: '\t', b: '\b', f: '\f', '"': '"', '\\': '\\' } as const)[char as 'n'];
    if ((known as string | undefined) === undefined) throw new Error(`EQL has no escape \\${char ?? ''}`);
    return known;
  });
}

/** Whether an address is in a network, `10.0.0.0/8`; one of the other version never is. */
export function inNetwork(address: string, network: string): boolean {
  const [base = '', bits = ''] = network.split('/');
  if (isIP(address) !== isIP(base)) return false;
  const kind = isIP(base) === 4 ? 'ipv4' : 'ipv6';
  const list = new BlockList();
  list.addSubnet(base, Number(bits), kind);
  return list.check(address, kind);
}

/** A list of tokens that is read from left to right, for the small parsers of the evaluators. */
export class Reader {
  #at = 0;

  constructor(private readonly tokens: readonly string[]) {}

  get next(): string | undefined {
    return this.tokens[this.#at];
  }

  /** Whether the next token is this one (whatever its case); it is read then. */
  took(token: string): boolean {
    if (this.next?.toLowerCase() !== token.toLowerCase()) return false;
    this.#at++;
    return true;
  }

  take(): string {
    const token = this.next;
    if (token === undefined) throw new Error('the query ends too early');
    this.#at++;
    return token;
  }

  need(...tokens: string[]): void {
    for (const token of tokens) if (!this.took(token)) throw new Error(`${token} expected, ${String(this.next)} found`);
  }

  /** Items until the closing bracket; the opening one is read already. */
  list<T>(item: () => T): T[] {
    const items = [item()];
    while (this.took(',')) items.push(item());
    this.need(')');
    return items;
  }

  end(): void {
    if (this.next !== undefined) throw new Error(`the query goes on with ${this.next}`);
  }
}
