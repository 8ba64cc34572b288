import type { Regex, RegexPart } from './condition';

/** Why a regular expression cannot be used; `at` counts characters from 0. */
export class RegexProblem extends Error {
  constructor(
    readonly at: number,
    message: string,
  ) {
    super(message);
  }
}

const CLASSES: Readonly<Record<string, readonly (readonly [string, string])[]>> = {
  d: [['0', '9']],
  w: [
    ['0', '9'],
    ['A', 'Z'],
    ['_', '_'],
    ['a', 'z'],
  ],
  s: [
    ['\t', '\r'],
    [' ', ' '],
  ],
};
const CONTROLS: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t', f: '\f', v: '\v' };
const DEEPEST = 20;
const MOST_REPEATS = 1000;

/**
 * Reads the regular expressions that the Sigma specification names (2.1, "Regular Expression"): `.`, `^`, `$`, `*`, `+`,
 * `?`, `{n,m}`, classes, groups and `|`, as well as `\d \w \s` and their opposites, and escaped characters. `.` is any
 * character but a line feed. The engines know nothing more, so anything else is refused.
 * @throws RegexProblem
 */
export function parseRegex(source: string): Regex {
  const parser = new Parser(source);
  return { source, alternatives: parser.top() };
}

class Parser {
  private readonly chars: readonly string[];
  private at = 0;
  private depth = 0;

  constructor(source: string) {
    this.chars = Array.from(source);
  }

  top(): Regex['alternatives'] {
    const alternatives: Regex['alternatives'][number][] = [];
    do {
      const fromStart = this.take('^');
      const parts = this.sequence();
      const toEnd = this.take('$');
      alternatives.push({ fromStart, toEnd, parts });
    } while (this.take('|'));
    if (this.at < this.chars.length) this.refuseHere();
    return alternatives;
  }

  private peek(): string | undefined {
    return this.chars[this.at];
  }

  private take(char: string): boolean {
    if (this.peek() !== char) return false;
    this.at++;
    return true;
  }

  private refuse(message: string, at = this.at): never {
    throw new RegexProblem(at, message);
  }

  private refuseHere(): never {
    const char = this.peek() ?? '';
    if (char === '^' || char === '$') {
      this.refuse(
        `${char} is only supported at the ${char === '^' ? 'start' : 'end'} of the expression or of an alternative`,
      );
    }
    this.refuse(char === ')' ? 'this ) closes no group' : `${char} has nothing to act on`);
  }

  private sequence(): RegexPart[] {
    const parts: RegexPart[] = [];
    for (;;) {
      const char = this.peek();
      if (char === undefined || char === '|' || char === ')' || char === '$' || char === '^') return parts;
      parts.push(this.repeated(this.atom(char)));
    }
  }

  private atom(char: string): RegexPart {
    if (char === '*' || char === '+' || char === '?' || char === '{') this.refuseHere();
    this.at++;
    if (char === '.') return { kind: 'any' };
    if (char === '[') return this.class();
    if (char === '(') return this.group();
    if (char === '\\') return this.escape();
    return { kind: 'literal', text: char };
  }

  private group(): RegexPart {
    const start = this.at - 1;
    if (this.take('?') && !this.take(':')) {
      this.refuse('only plain groups and (?:…) are supported: no look-around, flags or names', start);
    }
    if (++this.depth > DEEPEST) this.refuse(`groups nest deeper than ${DEEPEST}`, start);
    const alternatives: RegexPart[][] = [];
    do alternatives.push(this.sequence());
    while (this.take('|'));
    if (!this.take(')')) {
      if (this.peek() !== undefined) this.refuseHere();
      this.refuse('this group is not closed', start);
    }
    this.depth--;
    return { kind: 'group', alternatives };
  }

  private escape(): RegexPart {
    const at = this.at - 1;
    const char = this.chars[this.at++] ?? this.refuse('a backslash ends the expression', at);
    const ranges = CLASSES[char.toLowerCase()];
    if (ranges !== undefined) return { kind: 'class', negated: char !== char.toLowerCase(), ranges };
    return { kind: 'literal', text: this.escaped(char, at) };
  }

  private escaped(char: string, at: number): string {
    const control = CONTROLS[char];
    if (control !== undefined) return control;
    if (/[\p{L}\p{N}]/u.test(char)) this.refuse(`\\${char} is not supported`, at);
    return char;
  }

  private class(): RegexPart {
    const start = this.at - 1;
    const negated = this.take('^');
    const ranges: (readonly [string, string])[] = [];
    for (;;) {
      const at = this.at;
      const from = this.chars[this.at++] ?? this.refuse('this class is not closed', start);
      if (from === ']' && ranges.length > 0) return { kind: 'class', negated, ranges };
      if (from === '[' && this.peek() === ':') this.refuse('named classes such as [:alpha:] are not supported', at);
      if (from === '\\') {
        const shorthand = CLASSES[this.peek() ?? ''];
        if (shorthand !== undefined) {
          this.at++;
          ranges.push(...shorthand);
          continue;
        }
      }
      const first = this.classMember(from, at);
      const isRange = this.peek() === '-' && this.chars[this.at + 1] !== undefined && this.chars[this.at + 1] !== ']';
      if (!isRange) {
        ranges.push([first, first]);
        continue;
      }
      this.at++;
      const to = this.chars[this.at++] ?? '';
      const last = this.classMember(to, this.at - 1);
      if ((last.codePointAt(0) ?? 0) < (first.codePointAt(0) ?? 0))
        this.refuse('this range is the wrong way round', at);
      ranges.push([first, last]);
    }
  }

  private classMember(char: string, at: number): string {
    if (char !== '\\') return char;
    const escaped = this.chars[this.at++] ?? this.refuse('a backslash ends the expression', at);
    return this.escaped(escaped, at);
  }

  private repeated(part: RegexPart): RegexPart {
    const at = this.at;
    const bounds = this.bounds();
    if (bounds === undefined) return part;
    const [least, most] = bounds;
    if (most !== null && least > most) this.refuse('these bounds are the wrong way round', at);
    if (least > MOST_REPEATS || (most ?? 0) > MOST_REPEATS) this.refuse(`more than ${MOST_REPEATS} repetitions`, at);
    const after = this.peek();
    if (after === '?' || after === '+') this.refuse('lazy and possessive quantifiers are not supported');
    if (after === '*' || after === '{') this.refuseHere();
    return { kind: 'repeat', part, least, most };
  }

  private bounds(): [number, number | null] | undefined {
    if (this.take('*')) return [0, null];
    if (this.take('+')) return [1, null];
    if (this.take('?')) return [0, 1];
    if (this.peek() !== '{') return undefined;
    const bounds = /^\{(\d+)(,(\d*))?\}/.exec(this.chars.slice(this.at, this.at + 24).join(''));
    if (bounds === null) this.refuse('{ must be followed by a count, as in {2}, {2,} or {2,5}; a plain one is \\{');
    this.at += bounds[0].length;
    const least = Number(bounds[1]);
    if (bounds[2] === undefined) return [least, least];
    return [least, bounds[3] === undefined || bounds[3] === '' ? null : Number(bounds[3])];
  }
}
