import { decode } from './encoding';
import { MORE, startsWith, waitOrDrop, type Cut, type Window } from './input-record';
import { strayFault } from './split-json';

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
export function opensEvent(data: Buffer, at: number): boolean {
  return startsWith(data, at, '<Event') && /[\s>]/.test(String.fromCharCode(data[at + 6] ?? 0));
}

function nextEvent(data: Buffer, from: number, to: number): number | undefined {
  for (let at = data.indexOf('<Event', from); at >= 0 && at < to; at = data.indexOf('<Event', at + 1)) {
    if (opensEvent(data, at)) return at;
  }
  return undefined;
}
