import { allOf, anyOf, negated, type Condition } from './condition';
import { suggestion } from '../text/suggest';

/** How a condition joins search identifiers. */
export interface ConditionText {
  /** The search identifiers that it names. */
  readonly used: readonly string[];
  /** The condition with each identifier replaced by what it stands for; undefined when one of them is in error. */
  build(meaningOf: (name: string) => Condition | undefined): Condition | undefined;
}

type Node =
  | { readonly kind: 'and' | 'or'; readonly of: readonly Node[] }
  | { readonly kind: 'not'; readonly of: Node }
  | { readonly kind: 'name'; readonly name: string };

interface Token {
  readonly text: string;
  /** Counted from 1. */
  readonly at: number;
}

class Refusal extends Error {
  constructor(
    message: string,
    readonly hint: string,
  ) {
    super(message);
  }
}

/** More than a reader follows; the layers of the whole rule are limited where it is put together. */
const DEEPEST = 10;
const GRAMMAR =
  'Supported: names, and, or, not, brackets, "1 of x_*", "all of x_*", "1 of them", "all of them"; no counts, no pipes.';
const TOKEN = /\s*(?:([()|])|([^\s()|]+))/gy;

/**
 * Reads a condition. `not` binds closest, then `and`, then `or`. `them` and patterns leave out the identifiers whose
 * name begins with an underscore (a pattern may ask for them with an underscore of its own).
 * Source: Sigma specification 2.0, "Condition".
 * @param names every search identifier of the rule
 */
export function parseConditionText(
  text: string,
  names: readonly string[],
): ConditionText | { readonly message: string; readonly hint: string } {
  try {
    const root = new Parser(text, names).whole();
    return { used: namesOf(root), build: (meaningOf) => build(root, meaningOf) };
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return { message: error.message, hint: error.hint };
  }
}

class Parser {
  private readonly tokens: readonly Token[];
  private next = 0;
  private depth = 0;

  constructor(
    text: string,
    private readonly names: readonly string[],
  ) {
    this.tokens = Array.from(text.matchAll(TOKEN), (match) => {
      const token = match[1] ?? match[2] ?? '';
      return { text: token, at: match.index + match[0].length - token.length + 1 };
    });
  }

  whole(): Node {
    const node = this.or();
    const rest = this.tokens[this.next];
    if (rest !== undefined) this.unexpected(rest);
    return node;
  }

  private isNext(...words: string[]): boolean {
    return words.includes(this.tokens[this.next]?.text.toLowerCase() ?? '');
  }

  private or(): Node {
    const parts = [this.and()];
    while (this.isNext('or')) {
      this.next++;
      parts.push(this.and());
    }
    return { kind: 'or', of: parts };
  }

  private and(): Node {
    const parts = [this.not()];
    while (this.isNext('and')) {
      this.next++;
      parts.push(this.not());
    }
    return { kind: 'and', of: parts };
  }

  private not(): Node {
    let negative = false;
    while (this.isNext('not')) {
      this.next++;
      negative = !negative;
    }
    const node = this.operand();
    return negative ? { kind: 'not', of: node } : node;
  }

  private operand(): Node {
    const token = this.tokens[this.next];
    if (token === undefined) throw new Refusal('it ends where a name was expected', GRAMMAR);
    this.next++;
    if (token.text === '(') return this.bracket(token);
    if (this.isNext('of')) return this.quantity(token);
    if (/^(\)|\||and|or|of)$/i.test(token.text)) this.unexpected(token);
    if (!this.names.includes(token.text)) {
      throw new Refusal(
        `there is no search identifier "${token.text}" (character ${token.at})`,
        this.known(token.text),
      );
    }
    return { kind: 'name', name: token.text };
  }

  private bracket(open: Token): Node {
    if (++this.depth > DEEPEST) throw new Refusal(`brackets nest deeper than ${DEEPEST}`, 'Give a part of it a name.');
    const node = this.or();
    const close = this.tokens[this.next];
    if (close === undefined) throw new Refusal(`the bracket at character ${open.at} is not closed`, GRAMMAR);
    if (close.text !== ')') this.unexpected(close);
    this.next++;
    this.depth--;
    return node;
  }

  private quantity(quantity: Token): Node {
    this.next++;
    const quantified = this.tokens[this.next++];
    const word = quantity.text.toLowerCase();
    if (word !== '1' && word !== 'any' && word !== 'all') {
      throw new Refusal(
        `"${quantity.text} of" is not supported (character ${quantity.at})`,
        'Write "1 of" or "all of".',
      );
    }
    if (quantified === undefined) throw new Refusal('it ends where a pattern was expected', GRAMMAR);
    if (!/^[A-Za-z0-9_*-]+$/.test(quantified.text)) this.unexpected(quantified);
    const matching = this.matching(quantified.text);
    if (matching.length === 0) {
      throw new Refusal(
        `no search identifier matches "${quantified.text}" (character ${quantified.at})`,
        this.known(quantified.text.replaceAll('*', '')),
      );
    }
    return { kind: word === 'all' ? 'and' : 'or', of: matching.map((name) => ({ kind: 'name', name })) };
  }

  private matching(pattern: string): string[] {
    const visible = (name: string): boolean => pattern.startsWith('_') || !name.startsWith('_');
    if (pattern === 'them') return this.names.filter(visible);
    const expression = new RegExp(`^${pattern.replace(/\*+/g, '.*')}$`);
    return this.names.filter((name) => visible(name) && expression.test(name));
  }

  private known(name: string): string {
    return this.names.length === 0 ? 'The detection has none at all.' : suggestion(name, this.names);
  }

  private unexpected(token: Token): never {
    throw new Refusal(`unexpected "${token.text}" at character ${token.at}`, GRAMMAR);
  }
}

function namesOf(node: Node): string[] {
  if (node.kind === 'name') return [node.name];
  return node.kind === 'not' ? namesOf(node.of) : node.of.flatMap(namesOf);
}

function build(node: Node, meaningOf: (name: string) => Condition | undefined): Condition | undefined {
  switch (node.kind) {
    case 'name':
      return meaningOf(node.name);
    case 'not': {
      const of = build(node.of, meaningOf);
      return of === undefined ? undefined : negated(of);
    }
    case 'and':
      return allOf(node.of.map((part) => build(part, meaningOf)));
    case 'or':
      return anyOf(node.of.map((part) => build(part, meaningOf)));
  }
}
