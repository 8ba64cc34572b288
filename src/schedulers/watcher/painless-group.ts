import { VALUES } from '../../detections/painless-values';

/*
 * The table of src/detections/group.ts and the canonical JSON of src/json.ts in Painless. Long texts are read in parts, for the
 * reason that src/detections/painless-values.ts gives.
 */

/** `String fieldOf(def source, List names)`: the first of these fields that has a value, null without any; and {@link VALUES}. */
export const FIELDS = `${VALUES}${String.raw`
String fieldOf(def source, List names) {
  for (int i = 0; i < names.size(); ++i) { if (textAt(source, names.get(i)) != null) { return names.get(i); } }
  return null;
}
`}`;

/**
 * `String quoted(String text)`: a text as JSON, as JSON.stringify writes it. Half of a pair of surrogates (from 55296 on; second
 * halves from 56320 to 57343) that stands alone is escaped.
 */
const QUOTED = String.raw`
int escape(String text, int from, StringBuilder out) {
  int to = (int) Math.min(text.length(), from + 500000);
  int at = from;
  while (at < to) {
    int c = text.charAt(at);
    int next = at + 1 < text.length() ? text.charAt(at + 1) : 0;
    if (c == 34) { out.append('\\"'); }
    else if (c == 92) { out.append('\\\\'); }
    else if (c == 8) { out.append('\\b'); }
    else if (c == 9) { out.append('\\t'); }
    else if (c == 10) { out.append('\\n'); }
    else if (c == 12) { out.append('\\f'); }
    else if (c == 13) { out.append('\\r'); }
    else if (c < 16) { out.append('\\u000').append(Integer.toHexString(c)); }
    else if (c < 32) { out.append('\\u00').append(Integer.toHexString(c)); }
    else if (c < 55296 || c > 57343) { out.append(text.charAt(at)); }
    else if (c < 56320 && next >= 56320 && next <= 57343) {
      out.append(text.charAt(at)).append(text.charAt(at + 1));
      ++at;
    }
    else { out.append('\\u').append(Integer.toHexString(c)); }
    ++at;
  }
  return at;
}
String quoted(String text) {
  StringBuilder out = new StringBuilder();
  out.append('"');
  int at = 0;
  while (at < text.length()) { at = escape(text, at, out); }
  return out.append('"').toString();
}
`;

/**
 * The key of an event's group: the canonical JSON whose SHA-256 is the `_id` of the alert (docs/design.md, "Alert document"). It reads
 * `_source`, as the local scheduler does: what is too long to be indexed, or not mapped at all, still has its value there.
 *
 * params: `rule` (its uuid), `fields` [{name, from[]}].
 */
export const GROUP_KEY = `${FIELDS}${QUOTED}${String.raw`
String dayOf(def doc) {
  for (String name : ['@timestamp', 'event.ingested']) {
    if (doc.containsKey(name) && doc[name].size() > 0) {
      def time = doc[name].value;
      if (time.getYear() > 9999) { return '9999-12-31'; }
      return time.getYear() < 1 ? '0001-01-01' : time.toLocalDate().toString();
    }
  }
  return '1970-01-01';
}
def source = params._source;
StringBuilder key = new StringBuilder();
key.append('[').append(quoted(params.rule)).append(',').append(quoted(dayOf(doc))).append(',[');
for (int i = 0; i < params.fields.size(); ++i) {
  def field = params.fields[i];
  String from = fieldOf(source, field.from);
  if (i > 0) { key.append(','); }
  key.append('[').append(quoted(field.name)).append(',');
  key.append(from == null ? 'null' : quoted(textAt(source, from))).append(']');
}
return key.append(']]').toString();
`}`.trim();
