import { decode } from './encoding';
import { lineEnd, MORE, NEWLINE, startsWith, waitOrDrop, type Cut, type Window } from './input-record';
import { sourceOfText } from './recognise';
import { strayFault } from './split-json';

/** The first line of every event that Windows' and Splunk's exports render as text; before it often a line with the time. */
const HEAD = 'LogName=';

/** The line above every event that `wevtutil … /f:text` prints: `Event[0]:`, without the colon in newer versions. */
const WEVTUTIL_HEAD = /^Event\[\d{1,10}\]:?[ \r]*(?:\n|$)/;
const LONGEST_WEVTUTIL_HEAD = 20;

/** The line above every event that evtx_dump prints unless it is told to write lines. */
const EVTX_DUMP_HEAD = /^Record \d+\s*$/;

/** A line with a time is short and begins with a digit: `09/15/2020 11:48:27 PM`, `2020-09-15T23:48:27Z`. */
const LONGEST_TIME = 64;

/**
 * Cuts the rendered event that begins at `start`: from its time or `LogName=` to the next such event, or to an event XML or
 * a JSON object at the beginning of a line (files mix them); or from `Event[0]:` to the next. Its message may span lines and hold
 * blank ones. What is no rendered event is cut as one line, and reported unless it is a known event behind a syslog header.
 */
export function cutText(window: Window, start: number): Cut | typeof MORE {
  const head = headAt(window, start);
  if (head === MORE) return waitOrDrop(window, start);
  const isWevtutil = head === undefined && opensWevtutil(window.data, start);
  const end = isWevtutil
    ? wevtutilEnd(window, start)
    : head === undefined
      ? lineEnd(window, start)
      : blockEnd(window, head);
  if (end === undefined) return waitOrDrop(window, start);
  const { text, strayBytes } = decode(window.data.subarray(start, end));
  const stray = strayBytes > 0 ? { fault: strayFault(strayBytes) } : {};
  if (isWevtutil || head !== undefined) {
    return { next: end, record: { form: 'rendered', text: text.replace(/[\r\n]+$/, ''), ...stray } };
  }
  if (EVTX_DUMP_HEAD.test(text)) return { next: end };
  const line = text.trimEnd();
  if (sourceOfText(line) !== 'unrecognised') return { next: end, record: { form: 'text', text: line, ...stray } };
  const fault = 'is neither JSON, event XML nor a rendered event';
  return { next: end, record: { form: 'text', text: line, fault } };
}

/** Whether an event of `wevtutil`'s text begins at `at`; the whole line must be there. */
function opensWevtutil(data: Buffer, at: number): boolean {
  return startsWith(data, at, 'Event[') && WEVTUTIL_HEAD.test(data.toString('latin1', at, at + LONGEST_WEVTUTIL_HEAD));
}

/** Where the event of `wevtutil`'s text ends that begins at `start`; undefined when the data does not tell yet. */
function wevtutilEnd({ data, atEnd }: Window, start: number): number | undefined {
  for (let at = data.indexOf('\nEvent[', start); at >= 0; at = data.indexOf('\nEvent[', at + 1)) {
    if (!atEnd && data.length - at <= LONGEST_WEVTUTIL_HEAD) return undefined;
    if (opensWevtutil(data, at + 1)) return at + 1;
  }
  return atEnd ? data.length : undefined;
}

/** Where `LogName=` stands, when a rendered event begins at `at`. */
function headAt(window: Window, at: number): number | typeof MORE | undefined {
  const { data, atEnd } = window;
  if (startsWith(data, at, HEAD)) return at;
  if (!atEnd && data.length - at < HEAD.length) return MORE;
  if (!atEnd && startsWith(data, at, 'Event[') && data.length - at < LONGEST_WEVTUTIL_HEAD) return MORE;
  if (!isDigit(data[at])) return undefined;
  const newline = data.subarray(at, at + LONGEST_TIME).indexOf(NEWLINE);
  if (newline < 0) return !atEnd && data.length - at < LONGEST_TIME ? MORE : undefined;
  const next = at + newline + 1;
  if (startsWith(data, next, HEAD)) return next;
  return !atEnd && data.length - next < HEAD.length ? MORE : undefined;
}

/** Where the event ends whose `LogName=` stands at `head`; undefined when the data does not tell yet. */
function blockEnd({ data, atEnd }: Window, head: number): number | undefined {
  const nextHead = data.indexOf(`\n${HEAD}`, head);
  const limit = nextHead < 0 ? data.length : timeBefore(data, nextHead + 1, head);
  for (let at = data.indexOf(NEWLINE, head) + 1; at > 0 && at < limit; at = data.indexOf(NEWLINE, at) + 1) {
    if (opensEvent(data, at)) return at;
    if (startsWith(data, at, '{"')) {
      const end = data.indexOf(NEWLINE, at);
      if (end < 0 && !atEnd) return undefined;
      if (isObject(data.toString('utf8', at, end < 0 ? data.length : end))) return at;
    }
  }
  return nextHead >= 0 || atEnd ? limit : undefined;
}

/** The beginning of the line before `head` when it holds a time, else `head`. */
function timeBefore(data: Buffer, head: number, after: number): number {
  const line = data.lastIndexOf(NEWLINE, head - 2) + 1;
  return line > after && head - line <= LONGEST_TIME && isDigit(data[line]) ? line : head;
}

function isDigit(byte: number | undefined): boolean {
  return byte !== undefined && byte >= 0x30 && byte <= 0x39;
}

function isObject(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

const CLOSING_TAG = '</Event>';

/** What may stand between events and is no event: beginning and end of it. */
const AROUND: readonly (readonly [opens: RegExp, ends: string])[] = [
  [/^<\?/, '?>'],
  [/^<!--/, '-->'],
  [/^<!DOCTYPE/i, '>'],
  [/^<\/?Events[\s>/]/, '>'],
];

/** The longest of the beginnings above. */
const LOOK_AHEAD = 10;

/**
 * Cuts the event XML that begins at `start` (`<Event …>` to `</Event>`), on one line or many; skips declarations, comments
 * and the `<Events>` around. An event that has no end before the next one begins is cut there and reported.
 * @returns undefined when it is neither
 */
export function cutXml(window: Window, start: number): Cut | typeof MORE | undefined {
  const { data, atEnd } = window;
  if (data.length - start < LOOK_AHEAD && !atEnd) return MORE;
  const beginning = data.toString('latin1', start, start + LOOK_AHEAD);
  const around = AROUND.find(([opens]) => opens.test(beginning));
  if (around !== undefined) {
    const end = data.indexOf(around[1], start);
    if (end >= 0) return { next: end + around[1].length };
    return atEnd ? undefined : waitOrDrop(window, start);
  }
  if (!opensEvent(data, start)) return undefined;
  const close = data.indexOf(CLOSING_TAG, start);
  const following = nextEvent(data, start + 1, close < 0 ? data.length : close);
  if (following !== undefined || (close < 0 && atEnd)) {
    const next = following ?? data.length;
    const { text } = decode(data.subarray(start, next));
    return { next, record: { form: 'xml', text: text.trimEnd(), fault: 'is an event XML without its </Event>' } };
  }
  if (close < 0) return waitOrDrop(window, start);
  const next = close + CLOSING_TAG.length;
  const { text, strayBytes } = decode(data.subarray(start, next));
  return { next, record: { form: 'xml', text, ...(strayBytes > 0 && { fault: strayFault(strayBytes) }) } };
}

/** Whether an event's opening tag stands at `at`; `<EventData>` and `<Events>` are others. */
function opensEvent(data: Buffer, at: number): boolean {
  return startsWith(data, at, '<Event') && /[\s>]/.test(String.fromCharCode(data[at + 6] ?? 0));
}

function nextEvent(data: Buffer, from: number, to: number): number | undefined {
  for (let at = data.indexOf('<Event', from); at >= 0 && at < to; at = data.indexOf('<Event', at + 1)) {
    if (opensEvent(data, at)) return at;
  }
  return undefined;
}
