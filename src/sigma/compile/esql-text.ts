/** What is no part of a field's name without backticks. Source: Elasticsearch, `EsqlBaseLexer.g4`. */
const KEYWORDS: ReadonlySet<string> = new Set(
  'and as asc by desc false first in is last like metadata not null nulls on or rlike true where with'.split(' '),
);
const IDENTIFIER = /^([A-Za-z][A-Za-z0-9_]*|[_@][A-Za-z0-9_]+)$/;

const ESCAPED: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t', '"': '\\"', '\\': '\\\\' };

/** A field's name, the parts that need it in backticks. */
export function esqlField(name: string): string {
  const part = (text: string): string =>
    IDENTIFIER.test(text) && !KEYWORDS.has(text.toLowerCase()) ? text : `\`${text}\``;
  return name.split('.').map(part).join('.');
}

/** A text in quotes. ES|QL has no escape by code: what cannot be seen stands there as it is. */
export function esqlText(text: string): string {
  return `"${text.replace(/["\\\n\r\t]/g, (char) => ESCAPED[char] ?? char)}"`;
}

/**
 * An index, in quotes where its name needs them. ES|QL refuses the whole query for a name without a wildcard that does
 * not exist, as our own stream of a source does not before its first event; for a pattern it does not. So a `*` is put
 * before the first dash, `logs*-sysmon.process_creation-default`, where it finds that name and no other that is likely.
 */
export function esqlIndex(name: string): string {
  const tolerant = name.includes('*') || name.startsWith('-') ? name : name.replace('-', '*-');
  return /^[A-Za-z0-9_.*-]+$/.test(tolerant) ? tolerant : esqlText(tolerant);
}
