import { FIELDS } from './painless-group';

/*
 * The scripts of a watch; the same for every rule. What a rule says comes as params, what an event says as payload. Years without four digits are
 * the first or the last that has them, as in `toIso` of src/text/time.ts.
 */

/**
 * Whether a run has anything to tell: groups, or that it has not seen everything. A search of a chain that fails leaves an
 * empty payload, and the run goes on.
 */
export const SOMETHING_FOUND = String.raw`
boolean tells(def found) {
  if (found._shards == null || found.timed_out || found._shards.failed > 0) { return true; }
  return found.aggregations != null && !found.aggregations.groups.buckets.isEmpty();
}
return tells(ctx.payload.found);
`.trim();

/** Whether anything is left to be written: an index action refuses an empty list. */
export const SOMETHING_TO_WRITE = 'return !ctx.payload._doc.isEmpty();';

/**
 * From what the search found to alert documents, one a group that has none yet, `_id` included; and one that says so where
 * the search has not seen everything.
 *
 * params: `rule` (its uuid), `frame` (see detections/alert-document.ts), `fields` [{name, from[], number}], `message` [{text} or {from[]}],
 * `absent`, `risk` [{fields[], type, score, roles[]}], `most` groups, `scheduler`.
 */
export const ALERTS = `${FIELDS}${String.raw`
String iso(def time) {
  long at = time.toEpochMilli();
  if (at < -62135596800000L) { return '0001-01-01T00:00:00.000Z'; }
  if (at > 253402300799999L) { return '9999-12-31T23:59:59.999Z'; }
  return ZonedDateTime.ofInstant(time, ZoneId.of('Z')).format(DateTimeFormatter.ofPattern("uuuu-MM-dd'T'HH:mm:ss.SSS'Z'"));
}
def momentOf(def bucket, String name) {
  def own = bucket[name].value;
  def time = own != null ? own : bucket[name + '_ingested'].value;
  return Instant.ofEpochMilli(time == null ? 0L : (long) time);
}
def numberOf(String text) {
  try { return Long.parseLong(text); } catch (NumberFormatException e) { return null; }
}
void place(Map document, String field, def value) {
  String[] steps = field.splitOnToken('.');
  Map at = document;
  for (int i = 0; i < steps.length - 1; ++i) {
    if (!at.containsKey(steps[i])) { at.put(steps[i], new HashMap()); }
    at = at.get(steps[i]);
  }
  at.put(steps[steps.length - 1], value);
}
Map framed(Map params, Map ctx, def start, def end, String message) {
  Map alert = new HashMap();
  for (String name : ['threat', 'tags']) { alert.put(name, params.frame.get(name)); }
  alert.put('rule', new HashMap(params.frame.rule));
  Map event = new HashMap(params.frame.event);
  event.put('start', iso(start));
  event.put('end', iso(end));
  alert.put('event', event);
  alert.put('@timestamp', iso(ctx.execution_time.toInstant()));
  alert.put('message', message);
  return alert;
}
Map alertOf(Map params, Map ctx, def bucket) {
  def source = bucket.first.hits.hits[0]._source;
  StringBuilder message = new StringBuilder();
  for (def part : params.message) {
    if (part.containsKey('text')) { message.append(part.text); continue; }
    String from = fieldOf(source, part.from);
    message.append(from == null ? params.absent : textAt(source, from));
  }
  Map alert = framed(params, ctx, momentOf(bucket, 'start'), momentOf(bucket, 'end'), message.toString());
  for (def field : params.fields) {
    String from = fieldOf(source, field.from);
    if (from == null) { continue; }
    String text = textAt(source, from);
    if (!field.number) { place(alert, from, text); continue; }
    def number = numberOf(text);
    if (number != null) { place(alert, from, number); }
  }
  List carriers = new ArrayList();
  for (def risk : params.risk) {
    String from = fieldOf(source, risk.fields);
    if (from == null) { continue; }
    carriers.add(['field': from, 'value': textAt(source, from), 'type': risk.type, 'score': risk.score, 'role': risk.roles]);
  }
  List ancestors = new ArrayList();
  for (def hit : bucket.events.hits.hits) { ancestors.add(['index': hit._index, 'id': hit._id]); }
  alert.put('wmi_detections', ['count': bucket.doc_count, 'status': 'open', 'risk_objects': carriers,
    'ancestors': ancestors, 'scheduler': params.scheduler]);
  return alert;
}
String gapOf(Map params, def found, List buckets) {
  if (found._shards == null) { return 'the search failed'; }
  if (found.timed_out) { return 'the search timed out'; }
  if (found._shards.failed > 0) { return found._shards.failed + ' shard(s) did not answer'; }
  return buckets.size() < params.most ? null : 'there are ' + params.most + ' groups or more, and no run reads more';
}
Map written(Map params, Map ctx) {
  def found = ctx.payload.found;
  Set known = new HashSet();
  if (ctx.payload.known.hits != null) { for (def hit : ctx.payload.known.hits.hits) { known.add(hit._id); } }
  List buckets = found.aggregations == null ? new ArrayList() : found.aggregations.groups.buckets;
  List alerts = new ArrayList();
  for (def bucket : buckets) {
    String id = bucket.key.group.sha256();
    if (known.contains(id)) { continue; }
    Map alert = alertOf(params, ctx, bucket);
    alert.put('_id', id);
    alerts.add(alert);
  }
  String gap = gapOf(params, found, buckets);
  def now = ctx.execution_time.toInstant();
  String id = ('incomplete ' + params.rule + ' ' + iso(now).substring(0, 10)).sha256();
  if (gap != null && !known.contains(id)) {
    Map alert = framed(params, ctx, now, now, 'Alerts of this rule may be missing: ' + gap + '. The next runs read the same again, as far back as the rule looks.');
    alert.put('wmi_detections', ['count': 0, 'status': 'open', 'risk_objects': [], 'ancestors': [],
      'scheduler': params.scheduler]);
    alert.put('_id', id);
    alerts.add(alert);
  }
  return ['_doc': alerts];
}
return written(params, ctx);
`}`.trim();
