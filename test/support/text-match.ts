/**
 * What Elasticsearch does with texts, as plain code for the evaluators of query languages; nothing of the compilers is
 * used. Characters are code points, and case is that of ASCII letters.
 */

/** `*` and `?` in a text, a backslash before either (where `escapes`) standing for the character itself. */
export function wildcardMatches(pattern: string, text: string, options: { cased: boolean; escapes: boolean }): boolean {
  return compiled(`wildcard ${String(options.cased)} ${String(options.escapes)} ${pattern}`, () =>
    wildcardSource(pattern, options),
  ).test(text);
}

function wildcardSource(pattern: string, options: { cased: boolean; escapes: boolean }): string {
  let source = '';
  const chars = Array.from(pattern);
  for (let i = 0; i < chars.length; i++) {
    const char = chars[i] ?? '';
    if (char === '*') source += '[^]*';
    else if (char === '?') source += '[^]';
    else source += literal(options.escapes && char === '\\' ? (chars[++i] ?? '') : char, options.cased);
  }
  return source;
}

/** A regular expression of Lucene: the whole text, `.` any character, a backslash for any character as itself. */
export function luceneRegexpMatches(pattern: string, text: string): boolean {
  return compiled(`lucene ${pattern}`, () => luceneSource(pattern)).test(text);
}

function luceneSource(pattern: string): string {
  let source = '';
  let inClass = false;
  const chars = Array.from(pattern);
  for (let i = 0; i < chars.length; i++) {
    const char = chars[i] ?? '';
    if (char === '\\') source += literal(chars[++i] ?? '', true);
    else if (char === '.' && !inClass) source += '[^]';
    else if ('"#@&<>~'.includes(char) && !inClass) throw new Error(`Lucene gives ${char} a meaning: ${pattern}`);
    else source += char;
    if (char === '[') inClass = true;
    if (char === ']') inClass = false;
  }
  return source;
}

const expressions = new Map<string, RegExp>();

/** Each expression is made once: a rule meets many events. */
function compiled(key: string, source: () => string): RegExp {
  const known = expressions.get(key) ?? new RegExp(`^(?:${source()})$`, 'u');
  expressions.set(key, known);
  return known;
}

/** A character as JavaScript's regular expressions write it, inside a class as well as outside. */
function literal(char: string, cased: boolean): string {
  const code = (one: string): string => `\\u{${(one.codePointAt(0) ?? 0).toString(16)}}`;
  if (cased || !/^[a-z]$/i.test(char)) return code(char);
  return `[${code(char.toLowerCase())}${code(char.toUpperCase())}]`;
}
