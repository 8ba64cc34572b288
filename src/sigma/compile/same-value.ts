import type { JsonRecord } from '../../json';
import type { Test } from '../condition';

/**
 * Compares two fields of a document. Where a field has a `.keyword`, that is read: on OpenSearch a wildcard field has no
 * values to read. What a rule says stands in `params`, never in the script.
 */
const SAME_VALUE = `
List values(Map doc, String field) {
  List found = new ArrayList();
  for (String name : [field + '.keyword', field]) {
    if (!doc.containsKey(name)) { continue; }
    for (def value : doc.get(name)) { found.add(value.toString()); }
    return found;
  }
  return found;
}
String folded(String text, boolean cased) {
  if (cased) { return text; }
  StringBuilder folded = new StringBuilder();
  for (int i = 0; i < text.length(); ++i) {
    char c = text.charAt(i);
    folded.append(c >= (char) 'A' && c <= (char) 'Z' ? (char) (c + 32) : c);
  }
  return folded.toString();
}
for (def value : values(doc, params.field)) {
  String text = folded(value, params.cased);
  for (def other : values(doc, params.other)) {
    String part = folded(other, params.cased);
    if (params.position == 'whole' && text.equals(part)) { return true; }
    if (params.position == 'contains' && text.contains(part)) { return true; }
    if (params.position == 'startswith' && text.startsWith(part)) { return true; }
    if (params.position == 'endswith' && text.endsWith(part)) { return true; }
  }
}
return false;
`.replace(/\n\s*/g, ' ');

/** The clause of {@link Test} `same`. */
export function sameValue(
  field: string,
  { field: other, position, cased }: Extract<Test, { kind: 'same' }>,
): JsonRecord {
  const params = { field, other, position, cased };
  return { script: { script: { lang: 'painless', source: SAME_VALUE.trim(), params } } };
}
