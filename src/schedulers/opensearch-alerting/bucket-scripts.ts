import { VALUES } from '../../detections/painless-values';
import { ABSENT, DATE_CHARACTERS, JOINER, LONGEST_DATE } from './key-text';

/*
 * The scripts of a monitor's groups: the table of src/detections/group.ts in Painless, one key for each field and one for the day,
 * each key in the form of key-text.ts.
 * What differs from field to field comes as `params`, so that one compilation serves all keys of all monitors. The search of a
 * monitor holds a copy for each key, and is itself limited in length: the functions are short. Two braces in a row
 * would be a template.
 */

/**
 * The key of a text, `params.most` bytes of a search at most. The streams go through a text of any length; a loop of a million
 * steps would end the search.
 */
const KEY = `
boolean looksLikeDate(String text) {
  boolean is = text.length() <= ${LONGEST_DATE} && (text.indexOf('-') >= 0 || text.indexOf('/') >= 0);
  for (int i = 0; is && i < text.length(); ++i) { is = '${DATE_CHARACTERS}'.indexOf(text.substring(i, i + 1)) >= 0; }
  return is;
}
String escaped(String text, boolean halves) {
  String out = text.replace('${JOINER}', '${JOINER}${JOINER}');
  if (halves) {
    StringBuilder whole = new StringBuilder();
    out.codePoints().forEach(c -> {
      if (c > 55295 && c < 57344) { whole.append('${JOINER}u').append(Integer.toHexString(c)); }
      else { whole.appendCodePoint(c); }
    });
    out = whole.toString();
  }
  String two = '{' + '{';
  return out.replace(two, '{${JOINER}{').replace(two, '{${JOINER}{').replace('#', '${JOINER}#');
}
int bytes(String text) {
  return text.codePoints().map(
    c -> c < 32 ? 6 : c == 34 || c == 92 ? 2 : c < 128 ? 1 : c < 2048 ? 2 : c < 65536 ? 3 : 12
  ).sum();
}
String key(String text, boolean halves, int most) {
  String out = escaped(text, halves);
  if (out.length() * 6 > most && bytes(out) > most) {
    def digest = UUID.nameUUIDFromBytes(Base64.getDecoder().decode(out.encodeBase64()));
    out = escaped(text.substring(0, (int) (most / 10)), true) + '${JOINER}x' + digest;
  }
  return text == '${ABSENT}' || text.startsWith("'") || looksLikeDate(text) ? "'" + out : out;
}`;

/**
 * The key of a group field, whose value is `groupValue`. `params.fields` are the names of the fields that may hold it; the first
 * that has a value counts.
 *
 * A value is read from `.keyword` where that is mapped (a `wildcard` field of ours has no doc values on OpenSearch), else
 * from the field. What may have been too long for `.keyword`, or has no doc values at all, is read from the document itself,
 * which is slow: so a command line of any length makes the same group everywhere. So is a text with the character that an index
 * puts in place of half a surrogate pair.
 */
export const GROUP_VALUE = script(`${VALUES}${KEY}
String indexed(def values) {
  Set texts = new TreeSet();
  collect(values, new String[0], 0, texts);
  return joined(texts);
}
for (String field : params.fields) {
  String name = doc.containsKey(field + '.keyword') ? field + '.keyword' : field;
  String text = null;
  boolean elsewhere = name != field;
  try { if (doc.containsKey(name)) { text = indexed(doc[name]); } } catch (Exception noDocValues) { elsewhere = true; }
  boolean read = text == null ? elsewhere : text.indexOf('\uFFFD') >= 0;
  if (read) {
    String there = textAt(params._source, field);
    text = there == null ? text : there;
  }
  if (text != null) { return key(text, read, params.most); }
}
return '${ABSENT}';
`);

/**
 * The UTC day of an event, `2026-01-31 UTC` (text that no mapping takes for a date): of @timestamp, else of event.ingested.
 * Years without four digits are the first or the last that has them, as in `toIso` of src/text/time.ts.
 */
export const DAY = script(`
String day = null;
for (def name : ['@timestamp', 'event.ingested']) {
  try {
    if (day == null && doc.containsKey(name) && doc[name].size() > 0) {
      def time = doc[name].value;
      if (time instanceof String) { day = time.substring(0, 10); }
      else if (time.getYear() > 9999) { day = '9999-12-31'; }
      else { day = time.getYear() < 1 ? '0001-01-01' : time.toInstant().toString().substring(0, 10); }
    }
  } catch (Exception noDate) { day = null; }
}
return (day == null ? '1970-01-01' : day) + ' UTC';
`);

/** 1 for an event that has the field `params.field`, else 0. */
export const HAS_FIELD = script(`
try { return doc.containsKey(params.field) && doc[params.field].size() > 0 ? 1 : 0; } catch (Exception noDocValues) { return 1; }
`);

/** The day of a key that {@link DAY} made; undefined for anything else. */
export function dayOf(key: unknown): string | undefined {
  return typeof key === 'string' ? /^\d{4}-\d\d-\d\d(?= UTC$)/.exec(key)?.[0] : undefined;
}

/** One line without blanks that say nothing; texts stay as they are. */
function script(source: string): string {
  const parts = source.trim().split(/('[^']*'|"[^"]*")/);
  return parts.map((part, index) => (index % 2 === 1 ? part : short(part))).join('');
}

function short(code: string): string {
  return code.replaceAll(/\s+/g, ' ').replaceAll(/ ?([^\w ]) ?/g, '$1');
}
