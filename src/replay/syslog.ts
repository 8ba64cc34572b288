/** How far behind the beginning of a line the event may stand: a header has a priority, a time, a host and a few short words. */
const LONGEST_HEADER = 512;

/** RFC 5424 and 3164 begin with a priority; what a syslog server stored, with a time. */
const HEADER = /^\s*(?:<\d{1,3}>|[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d |\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\S* )/;

/** Where the event begins: XML, or a JSON object. */
const EVENT = /<Event[\s>]|\{\s*"/;

/** Snare's fields after its own name: criticality, log, counter, time, event id, provider … */
const SNARE =
  /MSWinEventLog(?:\t|#011)\d+(?:\t|#011)([^\t#]*)(?:\t|#011)\d+(?:\t|#011)[^\t#]*(?:\t|#011)\d+(?:\t|#011)([^\t#]*)/;

/**
 * What stands behind a syslog header.
 * @returns the text of the event; or, of Snare's fields, the name of provider or log; undefined when there is no header, or no such event
 */
export function textBehindHeader(text: string): { readonly text: string } | { readonly name: string } | undefined {
  if (!HEADER.test(text.slice(0, 64))) return undefined;
  const head = text.slice(0, LONGEST_HEADER);
  const at = head.search(EVENT);
  if (at > 0) return { text: text.slice(at) };
  const [, log = '', provider = ''] = SNARE.exec(head) ?? [];
  return log === '' && provider === '' ? undefined : { name: provider === '' ? log : provider };
}
