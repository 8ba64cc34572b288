import { hash } from 'node:crypto';
import type { Frame } from './frame';
import { inspectJson } from './json-text';
import { sourceOfDocument, sourceOfText, type Source } from './recognise';

/** One event, ready to be sent. */
export interface Event {
  readonly file: string;
  readonly line: number;
  readonly source: Source;
  /** Rests on the content alone, so that the same event is indexed once, however often it is replayed. */
  readonly id: string;
  /** The document as JSON on one line. */
  readonly document: string;
  /** The event as it stood in the file. */
  readonly text: string;
  /** Whether that was a JSON object. */
  readonly json: boolean;
  /** Where it stood first, when it came back in a dead letter. */
  readonly origin?: { readonly file: string; readonly line: number };
  /** Why it is not sent as it is, or what is odd about it; undefined for a sound event. */
  readonly fault?: string;
}

/** Half of SHA-256 is beyond chance, and every byte of an id is kept in memory by the cluster. */
const ID_DIGITS = 40;

/**
 * The event in a frame, as a shipper would send it: a JSON object as itself, byte for byte, other text as `message`. What
 * the engine would refuse, or change, goes as text too, and carries the reason as its fault.
 * The id of JSON does not depend on the order of keys or on blanks; that of text is over the text as it is.
 */
export function eventOf(frame: Frame, file: string): Event {
  const { line, text, value, fault, origin } = frame;
  const place = { file, line, text, json: value !== undefined, ...(origin !== undefined && { origin }) };
  if (value === undefined)
    return { ...place, ...carried(text, sourceOfText(text)), ...(fault !== undefined && { fault }) };
  const source = sourceOfDocument(value);
  const inspection = inspectJson(text);
  if ('obstacle' in inspection) return { ...place, ...carried(text, source), fault: inspection.obstacle };
  // Bytes that were not UTF-8 have been decoded to characters: what is sent is sound JSON, only the file was not.
  if (fault !== undefined) return { ...place, ...carried(text, source), fault };
  // Line breaks in valid JSON stand between values only; a bulk request needs each document on one line.
  const document = text.includes('\n') || text.includes('\r') ? text.replace(/[\r\n]+/g, ' ') : text;
  return { ...place, source, id: idOf(source, inspection.canonical), document };
}

/** The event as text in `message`, where the pipelines read it. */
export function carried(text: string, source: Source): Pick<Event, 'source' | 'id' | 'document'> {
  return { source, id: idOf(source, text), document: JSON.stringify({ message: text }) };
}

function idOf(source: Source, content: string): string {
  return hash('sha256', `${source}\n${content}`, 'hex').slice(0, ID_DIGITS);
}
