import { inNetwork } from './in-network';
import { Reader } from './reader';
import type { FlatDocument } from './sigma-evaluator';
import { luceneRegexpMatches, wildcardMatches } from './text-match';

/**
 * A small evaluator of ES|QL, as much as rules need: FROM, WHERE, EVAL and STATS … BY, written from Elastic's reference and the
 * grammar of Elasticsearch (`EsqlBaseLexer.g4`), and sharing no code with the compiler. What it does not know is an error.
 *
 * A comparison or a function of one value is null for a missing field and, as Elasticsearch warns, for several values.
 */

type Scalar = string | number | boolean;
/** One value, several, or none. */
type Value = Scalar | readonly Scalar[] | null;
type Row = Readonly<Record<string, Value>>;
type Expression = (row: Row) => Value;

/** What a query makes of documents: rows that are groups. */
export function runEsql(query: string, documents: readonly FlatDocument[]): Row[] {
  const [from = '', ...commands] = pipes(tokensOf(query));
  if (from[0]?.toUpperCase() !== 'FROM') throw new Error('ES|QL begins with FROM');
  return commands.reduce<Row[]>((rows, tokens) => command(new Reader(tokens), rows), documents.map(rowOf));
}

/** Which of the documents its WHERE lets pass. */
export function esqlMatches(query: string, documents: readonly FlatDocument[]): boolean[] {
  const where = pipes(tokensOf(query)).find((tokens) => tokens[0]?.toUpperCase() === 'WHERE') ?? [];
  const reader = new Reader(where.slice(1));
  const condition = disjunction(reader);
  reader.end();
  return documents.map((document) => condition(rowOf(document)) === true);
}

/** As doc values keep them: no nulls, and one value is no list. */
function rowOf(document: FlatDocument): Row {
  const column = (value: FlatDocument[string]): Value => {
    const values = [value].flat().filter((one) => one !== null) as Scalar[];
    return values.length === 0 ? null : values.length === 1 ? (values[0] ?? null) : values;
  };
  return Object.fromEntries(Object.entries(document).map(([name, value]) => [name, column(value)]));
}

function tokensOf(query: string): string[] {
  const token =
    /\s*("(?:\\.|[^"\\\r\n])*"|(?:`[^`]+`|[A-Za-z_@][\w*-]*)(?:\.(?:`[^`]+`|[\w*-]+))*|-?\d[\d.e+-]*|==|!=|[|=:(),*])/suy;
  const tokens: string[] = [];
  while (token.lastIndex < query.length) {
    const at = token.lastIndex;
    const found = token.exec(query)?.[1];
    if (found === undefined) throw new Error(`ES|QL cannot read on at: ${query.slice(at, at + 40)}`);
    tokens.push(found);
  }
  return tokens;
}

function pipes(tokens: readonly string[]): string[][] {
  return tokens.reduce<string[][]>(
    (all, token) => (token === '|' ? [...all, []] : (all.at(-1)?.push(token), all)),
    [[]],
  );
}

function command(reader: Reader, rows: Row[]): Row[] {
  const name = reader.take().toUpperCase();
  if (name === 'WHERE') {
    const condition = disjunction(reader);
    reader.end();
    return rows.filter((row) => condition(row) === true);
  }
  if (name === 'EVAL') return assignments(reader).reduce(evaluated, rows);
  if (name === 'STATS') return stats(reader, rows);
  throw new Error(`the evaluator does not know ${name}`);
}

type Assignment = readonly [string, Expression];

function assignments(reader: Reader): Assignment[] {
  const all: Assignment[] = [];
  do {
    const column = nameOf(reader.take());
    reader.need('=');
    all.push([column, primary(reader)]);
  } while (reader.took(','));
  reader.end();
  return all;
}

function evaluated(rows: Row[], [column, expression]: Assignment): Row[] {
  return rows.map((row) => ({ ...row, [column]: expression(row) }));
}

/** COUNT(*), MIN and MAX of groups; a null is a group of its own. */
function stats(reader: Reader, rows: Row[]): Row[] {
  const columns: (readonly [string, string, string])[] = [];
  do {
    const column = nameOf(reader.take());
    reader.need('=');
    const aggregate = reader.take().toUpperCase();
    reader.need('(');
    columns.push([column, aggregate, nameOf(reader.take())]);
    reader.need(')');
  } while (reader.took(','));
  reader.need('BY');
  const by = [nameOf(reader.take())];
  while (reader.took(',')) by.push(nameOf(reader.take()));
  reader.end();
  const groups = new Map<string, Row[]>();
  for (const row of rows) {
    const key = JSON.stringify(by.map((name) => row[name] ?? null));
    groups.set(key, [...(groups.get(key) ?? []), row]);
  }
  return [...groups.values()].map((group) => ({
    ...Object.fromEntries(by.map((name) => [name, group[0]?.[name] ?? null])),
    ...Object.fromEntries(columns.map(([column, aggregate, of]) => [column, aggregated(aggregate, of, group)])),
  }));
}

function aggregated(aggregate: string, column: string, rows: readonly Row[]): Value {
  if (aggregate === 'COUNT' && column === '*') return rows.length;
  const values = rows.map((row) => row[column] ?? null).filter((value) => typeof value === 'string');
  if (aggregate === 'MIN') return values.toSorted()[0] ?? null;
  if (aggregate === 'MAX') return values.toSorted().at(-1) ?? null;
  throw new Error(`the evaluator does not know ${aggregate}(${column})`);
}

function disjunction(reader: Reader): Expression {
  const parts = [conjunction(reader)];
  while (reader.took('OR')) parts.push(conjunction(reader));
  const [only] = parts;
  if (parts.length === 1 && only !== undefined) return only;
  return (row) => {
    const truths = parts.map((part) => part(row));
    return truths.includes(true) ? true : truths.includes(null) ? null : false;
  };
}

function conjunction(reader: Reader): Expression {
  const parts = [negation(reader)];
  while (reader.took('AND')) parts.push(negation(reader));
  const [only] = parts;
  if (parts.length === 1 && only !== undefined) return only;
  return (row) => {
    const truths = parts.map((part) => part(row));
    return truths.includes(false) ? false : truths.includes(null) ? null : true;
  };
}

function negation(reader: Reader): Expression {
  if (!reader.took('NOT')) return comparison(reader);
  const inner = negation(reader);
  return (row) => {
    const truth = inner(row);
    return truth === null ? null : truth !== true;
  };
}

function comparison(reader: Reader): Expression {
  if (reader.took('(')) {
    const inner = disjunction(reader);
    reader.need(')');
    return inner;
  }
  const left = primary(reader);
  if (reader.took('IS')) {
    const not = reader.took('NOT');
    reader.need('NULL');
    return (row) => (left(row) === null) !== not;
  }
  const operator = ['==', 'LIKE', 'RLIKE'].find((one) => reader.took(one));
  if (operator === undefined) return left;
  const right = primary(reader);
  return ofOne([left, right], (value, wanted) => compared(operator, value, wanted));
}

function compared(operator: string, value: Scalar, wanted: Scalar): boolean {
  if (typeof value !== typeof wanted) throw new Error(`${String(value)} and ${String(wanted)} are of two types`);
  if (operator === '==') return value === wanted;
  if (typeof value !== 'string' || typeof wanted !== 'string') throw new Error(`${operator} compares texts`);
  if (operator === 'RLIKE') return luceneRegexpMatches(wanted, value);
  return wildcardMatches(wanted, value, { cased: true, escapes: true });
}

/** Null for no value and for several. */
function ofOne(of: readonly Expression[], apply: (...values: [Scalar, Scalar]) => Value): Expression {
  return (row) => {
    const values = of.map((one) => one(row));
    if (values.some((value) => value === null || typeof value === 'object')) return null;
    return apply(...(values as [Scalar, Scalar]));
  };
}

function primary(reader: Reader): Expression {
  const token = reader.take();
  if (reader.took('(')) {
    const parts = reader.list(() => disjunction(reader));
    return call(token.toUpperCase(), parts);
  }
  if (token.startsWith('"')) {
    const text = token.slice(1, -1).replace(/\\([^])/gu, (_, char: string) => unescaped(char));
    return () => text;
  }
  if (token === 'true' || token === 'false') return () => token === 'true';
  if (/^-?\d/.test(token)) return () => Number(token);
  return (row) => row[nameOf(token)] ?? null;
}

function unescaped(char: string): string {
  const known = new Map(Object.entries({ n: '\n', r: '\r', t: '\t', '"': '"', '\\': '\\' })).get(char);
  if (known === undefined) throw new Error(`ES|QL has no escape \\${char}`);
  return known;
}

function call(name: string, parts: readonly Expression[]): Expression {
  const [first, second] = parts;
  if (first === undefined) throw new Error(`${name} of nothing`);
  const list = (apply: (values: readonly Scalar[], row: Row) => Value): Expression => {
    return (row) => {
      const value = first(row);
      return value === null ? null : apply(typeof value === 'object' ? value : [value], row);
    };
  };
  switch (name) {
    case 'COALESCE':
      return (row) => parts.map((part) => part(row)).find((value) => value !== null) ?? null;
    case 'CONCAT':
      return (row) => {
        const values = parts.map((part) => part(row));
        return values.every((value) => typeof value === 'string') ? values.join('') : null;
      };
    case 'CIDR_MATCH':
      return (row) => ofOne([first, second ?? first], (a, n) => inNetwork(String(a), String(n)))(row);
    case 'TO_STRING':
      return list((values) => one(values.map(String)));
    case 'MV_SORT':
      return list((values) => one(values.toSorted((a, b) => (a < b ? -1 : a > b ? 1 : 0))));
    case 'MV_DEDUPE':
      return list((values) => one([...new Set(values)]));
    case 'MV_CONCAT':
      return list((values, row) => values.join(String(second?.(row))));
    default:
      throw new Error(`the evaluator does not know ${name}`);
  }
}

function one(values: readonly Scalar[]): Value {
  return values.length === 1 ? (values[0] ?? null) : values;
}

function nameOf(token: string): string {
  return token.replaceAll('`', '');
}
