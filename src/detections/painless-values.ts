/**
 * The values of a field in Painless, for schedulers that work inside the cluster: see the table in group.ts. Tests compare both.
 * Nothing of a rule or an event ever stands in a script: that is what params and documents are for.
 *
 * Painless ends a function whose loops run more than a million times, and with it the search. So of a list
 * the first hundred thousand values are read: no event, whoever made it, may end a detection.
 *
 *   `void collect(def node, String[] steps, int from, Set texts)`  the values at a path, as texts; a list counts as its values
 *   `String joined(Set texts)`                                     one text; null without any
 *   `String textAt(def source, String field)`                      a field of `_source` as one text; null without any value
 */
export const VALUES = String.raw`
void collect(def node, String[] steps, int from, Set texts) {
  if (node instanceof List) {
    int most = (int) Math.min(node.size(), 100000);
    for (int i = 0; i < most; ++i) { collect(node.get(i), steps, from, texts); }
    return;
  }
  if (from == steps.length) {
    String text = '';
    if (node instanceof String || node instanceof Boolean) { text = node.toString(); }
    if (node instanceof Number) {
      double number = node.doubleValue();
      long whole = (long) number;
      text = (node instanceof Double || node instanceof Float) && number == whole ? Long.toString(whole) : node.toString();
    }
    if (!text.isEmpty()) { texts.add(text); }
    return;
  }
  if (!(node instanceof Map)) { return; }
  String key = '';
  for (int to = from; to < steps.length; ++to) {
    key = to == from ? steps[to] : key + '.' + steps[to];
    if (node.containsKey(key)) { collect(node.get(key), steps, to + 1, texts); }
  }
}
String joined(Set texts) {
  return texts.isEmpty() ? null : String.join(', ', texts);
}
String textAt(def source, String field) {
  Set texts = new TreeSet();
  collect(source, field.splitOnToken('.'), 0, texts);
  return joined(texts);
}
`;
