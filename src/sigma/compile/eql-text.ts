/** What cannot be a part of a field's name without backticks. Source: Elasticsearch, `EqlBase.g4`. */
const KEYWORDS: ReadonlySet<string> = new Set(
  'and any by false in join like maxspan not null of or regex sample sequence true until where with'.split(' '),
);
const IDENTIFIER = /^[A-Za-z_@][A-Za-z0-9_]*$/;

const ESCAPED: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t', '"': '\\"', '\\': '\\\\' };

/** A field's name as an optional field of EQL: one that no index maps is one without values. */
export function eqlField(name: string): string {
  const parts = name.split('.').map((part) => (IDENTIFIER.test(part) && !KEYWORDS.has(part) ? part : `\`${part}\``));
  return `?${parts.join('.')}`;
}

/** A text in quotes. What cannot be seen, or turns the direction of writing, is written by its code. */
export function eqlText(text: string): string {
  const escaped = text.replace(
    /["\\\p{Cc}\p{Cf}\u2028\u2029]/gu,
    (char) => ESCAPED[char] ?? `\\u{${(char.codePointAt(0) ?? 0).toString(16).padStart(2, '0')}}`,
  );
  return `"${escaped}"`;
}
