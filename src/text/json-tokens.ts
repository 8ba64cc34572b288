/*
 * What `JSON.parse` hides about a text that it accepts: repeated keys, depth, how numbers are written, and where values stand. One
 * sticky regular expression finds the tokens. It relies on `JSON.parse` having accepted the text, and checks nothing again.
 */

/**
 * A string, a number, a bracket or colon, a literal, or what stands between them. A match takes at most 500 escapes: the engine keeps a
 * place to go back to for each, and would overflow on a string of millions. The rest of such a string is a token that begins with `\`.
 */
const TOKEN = /(?:"[^"\\]*|\\.[^"\\]*)(?:\\.[^"\\]*){0,499}"?|-?\d[\d.eE+-]*|[{}[\]:]|[a-z]+|[\s,]+/y;

/** Part of a text: the index of its first character, and the index after its last. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

export interface JsonScan {
  /** Keys of all objects together; a repeated key counts each time. */
  readonly keyCount: number;
  /** Levels of objects and arrays: 1 for `{}`. */
  readonly depth: number;
  /** All numbers but whole ones of at most 15 digits, which JavaScript always prints as they are written. */
  readonly numbers: readonly Span[];
}

const SHORT_INTEGER = /^\d{1,15}$/;

/** Scans a JSON text once. @param text JSON that `JSON.parse` accepts */
export function scanJson(text: string): JsonScan {
  const numbers: Span[] = [];
  let keyCount = 0;
  let level = 0;
  let depth = 0;
  let start = 0;
  while (start < text.length) {
    const end = tokenEnd(text, start);
    switch (text[start]) {
      case '{':
      case '[':
        level += 1;
        if (level > depth) depth = level;
        break;
      case '}':
      case ']':
        level -= 1;
        break;
      case ':':
        keyCount += 1;
        break;
      default:
        if (isNumber(text, start) && !SHORT_INTEGER.test(text.slice(start, end))) numbers.push({ start, end });
    }
    start = end;
  }
  return { keyCount, depth, numbers };
}

/**
 * A key that an object has twice, however it is written; undefined when there is none.
 * @param text JSON that `JSON.parse` accepts
 */
export function findRepeatedKey(text: string): string | undefined {
  const open: Set<string>[] = [];
  let last: Span = { start: 0, end: 0 };
  for (const token of tokensOf(text, 0)) {
    const first = text[token.start];
    if (first === '{' || first === '[') open.push(new Set());
    else if (first === '}' || first === ']') open.pop();
    else if (first === '"') last = token;
    else if (first === ':') {
      const key = JSON.parse(text.slice(last.start, last.end)) as string;
      if (open.at(-1)?.has(key) === true) return key;
      open.at(-1)?.add(key);
    }
  }
  return undefined;
}

/** A member of an object, or an item of an array. */
export interface Child extends Span {
  /** Undefined in an array. */
  readonly key: string | undefined;
}

/**
 * Where the children of an object or array stand, in their order, repeated keys included.
 * @param text JSON that `JSON.parse` accepts
 * @param start index of the opening bracket
 */
export function childrenOf(text: string, start: number): Child[] {
  const children: Child[] = [];
  let key: string | undefined;
  let level = 0;
  let childStart = start;
  for (const { start: at, end } of tokensOf(text, start)) {
    const first = text[at] ?? '';
    if (first === '{' || first === '[') {
      if (level === 1) childStart = at;
      level += 1;
    } else if (first === '}' || first === ']') {
      level -= 1;
      if (level === 0) break;
      if (level === 1) children.push({ key, start: childStart, end });
    } else if (level === 1 && first === ':') {
      const name = children.pop();
      key = JSON.parse(text.slice(name?.start, name?.end)) as string;
    } else if (level === 1 && !/[\s,]/.test(first)) children.push({ key, start: at, end });
  }
  return children;
}

/** The tokens from an index on, each string as one. */
function* tokensOf(text: string, from: number): Generator<Span> {
  let start = from;
  while (start < text.length) {
    let end = tokenEnd(text, start);
    while (text[end] === '\\') end = tokenEnd(text, end);
    yield { start, end };
    start = end;
  }
}

function tokenEnd(text: string, start: number): number {
  TOKEN.lastIndex = start;
  if (!TOKEN.test(text)) throw new SyntaxError(`not JSON at ${start}`);
  return TOKEN.lastIndex;
}

function isNumber(text: string, at: number): boolean {
  const code = text.charCodeAt(at);
  return (code >= 0x30 && code <= 0x39) || code === 0x2d;
}
