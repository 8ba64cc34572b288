import type { Regex } from './condition';
import { hoistAnchors, RegexProblem, type Anchored, type SinglePart } from './regex-anchors';
import { CLASSES, CONTROLS, inEitherCase, NAMED_CLASSES, opposite, type Ranges } from './regex-classes';

const DEEPEST = 20;
const MOST_REPEATS = 1000;

/**
 * Reads the regular expressions that the Sigma specification names (2.1, "Regular Expression"): `.`, `^`, `$`, `*`, `+`,
 * `?`, `{n,m}`, classes, groups and `|`, and what rules use besides and engines can do: `\d \w \s` and their opposites, escaped
 * characters, lazy quantifiers (which find the same values), and the flags `(?i)`, `(?m)`, `(?s)` in front. `.` is any
 * character but a line feed. Engines know nothing more, so anything else is refused.
 * @param flags of the key: any of `i`, `m`, `s`
 * @throws RegexProblem
 */
export function parseRegex(source: string, flags = ''): Regex {
  const inline = /^\(\?([ims]+)\)/.exec(source);
  const all = new Set(Array.from(flags + (inline?.[1] ?? '')));
  const parser = new Parser(source, inline?.[0].length ?? 0, all);
  return {
    source,
    alternatives: hoistAnchors(parser.top(), all.has('m')),
    ...(all.has('i') && { ignoresCase: true }),
  };
}

class Parser {
  private readonly chars: readonly string[];
  private depth = 0;

  constructor(
    source: string,
    private at: number,
    private readonly flags: ReadonlySet<string>,
  ) {
    this.chars = Array.from(source);
  }

  top(): Anchored[][] {
    const alternatives = this.alternatives();
    if (this.at < this.chars.length) this.refuse('this ) closes no group');
    return alternatives;
  }

  private alternatives(): Anchored[][] {
    const alternatives: Anchored[][] = [];
    do alternatives.push(this.sequence());
    while (this.take('|'));
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

  private sequence(): Anchored[] {
    const parts: Anchored[] = [];
    for (;;) {
      const char = this.peek();
      if (char === undefined || char === '|' || char === ')') return parts;
      const at = this.at;
      const part = this.atom(char);
      parts.push(part.kind === 'start' || part.kind === 'end' ? part : this.repeated(part, at));
    }
  }

  private atom(char: string): Anchored {
    if (char === '*' || char === '+' || char === '?') this.refuse(`${char} has nothing to act on`);
    const at = this.at++;
    if (char === '^') return { kind: 'start', at };
    if (char === '$') return { kind: 'end', at };
    if (char === '.') return this.flags.has('s') ? { kind: 'any', lines: true } : { kind: 'any' };
    if (char === '[') return this.class();
    if (char === '(') return this.group();
    if (char === '\\') return this.escape();
    if (char === '{' && /^\{\d+(,\d*)?\}/.test(this.chars.slice(at, at + 24).join(''))) {
      this.refuse('{ has nothing to act on', at);
    }
    return this.literal(char);
  }

  private literal(char: string): SinglePart {
    const isCaseless = this.flags.has('i') && /[a-z]/i.test(char);
    return isCaseless
      ? { kind: 'class', negated: false, ranges: inEitherCase([[char, char]]) }
      : { kind: 'literal', text: char };
  }

  private group(): Anchored {
    const start = this.at - 1;
    if (this.take('?') && !this.take(':')) {
      this.refuse('only plain groups and (?:…) are supported: no look-around, flags within or names', start);
    }
    if (++this.depth > DEEPEST) this.refuse(`groups nest deeper than ${DEEPEST}`, start);
    const alternatives = this.alternatives();
    if (!this.take(')')) this.refuse('this group is not closed', start);
    this.depth--;
    return { kind: 'group', alternatives };
  }

  private escape(): Anchored {
    const at = this.at - 1;
    const char = this.chars[this.at++] ?? this.refuse('a backslash ends the expression', at);
    const ranges = CLASSES[char.toLowerCase()];
    if (ranges !== undefined) return { kind: 'class', negated: char !== char.toLowerCase(), ranges };
    if (char === 'A') return { kind: 'start', at, whole: true };
    if (char === 'Z' || char === 'z') return { kind: 'end', at, whole: true };
    return this.literal(this.escaped(char, at));
  }

  private escaped(char: string, at: number): string {
    const control = CONTROLS[char];
    if (control !== undefined) return control;
    const code = /^(?:x([0-9a-f]{2})|x\{([0-9a-f]{1,6})\}|u([0-9a-f]{4}))/i.exec(
      this.chars.slice(at + 1, at + 10).join(''),
    );
    if (code !== null) {
      this.at = at + 1 + code[0].length;
      return String.fromCodePoint(parseInt(code[1] ?? code[2] ?? code[3] ?? '', 16));
    }
    if (/[\p{L}\p{N}]/u.test(char)) this.refuse(`\\${char} is not supported`, at);
    return char;
  }

  private class(): SinglePart {
    const start = this.at - 1;
    const negated = this.take('^');
    const ranges: (readonly [string, string])[] = [];
    for (;;) {
      const at = this.at;
      const from = this.chars[this.at++] ?? this.refuse('this class is not closed', start);
      if (from === ']' && at > start + (negated ? 2 : 1)) break;
      const several = this.several(from, at);
      if (several === undefined) ranges.push(this.range(from, at));
      else ranges.push(...several);
    }
    return { kind: 'class', negated, ranges: this.flags.has('i') ? inEitherCase(ranges) : ranges };
  }

  /** A class within a class: `\w`, `\S`, `[:alpha:]`. */
  private several(from: string, at: number): Ranges | undefined {
    if (from === '[' && this.peek() === ':') {
      const [text = '', name = ''] = /^\[:(\w+):\]/.exec(this.chars.slice(at, at + 12).join('')) ?? [];
      const named = NAMED_CLASSES[name];
      if (named === undefined) this.refuse('there is no named class like this one', at);
      this.at = at + text.length;
      return named;
    }
    const shorthand = from === '\\' ? (this.peek() ?? '') : '';
    const ranges = CLASSES[shorthand.toLowerCase()];
    if (ranges === undefined) return undefined;
    this.at++;
    return shorthand === shorthand.toLowerCase() ? ranges : opposite(ranges);
  }

  private range(from: string, at: number): readonly [string, string] {
    const first = this.classMember(from, at);
    const isRange = this.peek() === '-' && this.chars[this.at + 1] !== undefined && this.chars[this.at + 1] !== ']';
    if (!isRange) return [first, first];
    this.at++;
    const to = this.chars[this.at++] ?? '';
    const last = this.classMember(to, this.at - 1);
    if ((last.codePointAt(0) ?? 0) < (first.codePointAt(0) ?? 0)) this.refuse('this range is the wrong way round', at);
    return [first, last];
  }

  private classMember(char: string, at: number): string {
    if (char !== '\\') return char;
    const escaped = this.chars[this.at++] ?? this.refuse('a backslash ends the expression', at);
    return escaped === 'b' ? '\b' : this.escaped(escaped, at);
  }

  private repeated(part: Anchored, start: number): Anchored {
    const at = this.at;
    const bounds = this.bounds();
    if (bounds === undefined) return part;
    const [least, most] = bounds;
    if (most !== null && least > most) this.refuse('these bounds are the wrong way round', at);
    if (least > MOST_REPEATS || (most ?? 0) > MOST_REPEATS) this.refuse(`more than ${MOST_REPEATS} repetitions`, at);
    if (this.peek() === '+') this.refuse('possessive quantifiers are not supported');
    // A lazy quantifier finds a shorter part, and so the same values.
    this.take('?');
    const after = this.peek();
    if (after === '*' || after === '+' || after === '?') this.refuse(`${after} has nothing to act on`);
    return { kind: 'repeat', part, least, most, at: start };
  }

  private bounds(): [number, number | null] | undefined {
    if (this.take('*')) return [0, null];
    if (this.take('+')) return [1, null];
    if (this.take('?')) return [0, 1];
    if (this.peek() !== '{') return undefined;
    const bounds = /^\{(\d+)(,(\d*))?\}/.exec(this.chars.slice(this.at, this.at + 24).join(''));
    // Without a count it is a brace like any other.
    if (bounds === null) return undefined;
    this.at += bounds[0].length;
    const least = Number(bounds[1]);
    if (bounds[2] === undefined) return [least, least];
    return [least, bounds[3] === undefined || bounds[3] === '' ? null : Number(bounds[3])];
  }
}
