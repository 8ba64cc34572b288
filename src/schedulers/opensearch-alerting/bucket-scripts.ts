import { VALUES } from '../../detections/painless-values';

/*
 * The scripts of a monitor's groups: the table of src/detections/group.ts in Painless, one key for each field and one for the day.
 * What differs from field to field comes as `params`, so that one compilation serves all keys of all monitors.
 */

/** What Splunk writes for a value that an event lacks (`fillnull_value=null`); a key that is null would stop the trigger. */
export const ABSENT = 'null';

const DATE_CHARACTERS = '0123456789+-/:.,TZ ';

/** No date is longer. */
const LONGEST_DATE = 40;

/**
 * Whether the first alert that holds this text could make the alert index take its field for a date: the mapping there is
 * dynamic, and every later alert whose value is none would be lost without a word. Such a text gets an apostrophe.
 */
function looksLikeDate(text: string): boolean {
  if (text.length > LONGEST_DATE) return false;
  return /[-/]/.test(text) && Array.from(text).every((character) => DATE_CHARACTERS.includes(character));
}

/** A key as it was in the events: null where they had no value. */
export function keyText(key: string): string | null {
  if (key === ABSENT) return null;
  return key.startsWith("'") && looksLikeDate(key.slice(1)) ? key.slice(1) : key;
}

/**
 * The value of a group field, as `groupValue`. `params.fields` are the names of the fields that may hold it; the first that has a
 * value counts.
 *
 * A value is read from `.keyword` where that is mapped (a `wildcard` field of ours has no doc values on OpenSearch), else
 * from the field. What may have been too long for `.keyword`, or has no doc values at all, is read from the document itself,
 * which is slow: so a command line of any length makes the same group everywhere.
 */
export const GROUP_VALUE = script(`${VALUES}
String indexed(def values) {
  Set texts = new TreeSet();
  collect(values, new String[0], 0, texts);
  return joined(texts);
}
boolean looksLikeDate(String text) {
  if (text.length() > ${LONGEST_DATE}) { return false; }
  for (int i = 0; i < text.length(); ++i) {
    if ('${DATE_CHARACTERS}'.indexOf(text.substring(i, i + 1)) < 0) { return false; }
  }
  return text.indexOf('-') >= 0 || text.indexOf('/') >= 0;
}
for (String field : params.fields) {
  String name = doc.containsKey(field + '.keyword') ? field + '.keyword' : field;
  String text = null;
  boolean elsewhere = name != field;
  try { if (doc.containsKey(name)) { text = indexed(doc[name]); } } catch (Exception noDocValues) { elsewhere = true; }
  if (text == null && elsewhere) { text = textAt(params._source, field); }
  if (text != null) { return looksLikeDate(text) ? "'" + text : text; }
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

/** One line: a monitor is kept as JSON, and read there by people. */
function script(source: string): string {
  return source.trim().replaceAll(/\n\s*/g, ' ');
}
