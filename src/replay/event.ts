import { hash } from 'node:crypto';
import type { InputRecord, Utf8 } from './input-record';
import { sourceOfDocument, sourceOfText, type Source } from './recognise';

/** One event, ready to be sent. */
export interface Event {
  readonly file: string;
  readonly line: number;
  readonly source: Source;
  /** Rests on the content alone, so that the same event is indexed once, however often it is replayed. */
  readonly id: string;
  /** The document as JSON on one line. */
  readonly document: Utf8;
  /** The event as it stood in the file. */
  readonly text: Utf8;
  /** Whether that was a JSON object. */
  readonly json: boolean;
  /** Where it stood first, when it came back in a dead letter. */
  readonly origin?: { readonly file: string; readonly line: number } | undefined;
  /** Why it is not sent as it is, or what is odd about it; undefined for a sound event. */
  readonly fault?: string | undefined;
}

/** Half of SHA-256 is beyond chance, and every byte of an id is kept in memory by the cluster. */
const ID_DIGITS = 40;

/**
 * The event in a record, as a shipper would send it: a JSON object as itself, byte for byte, other text as `message`. What
 * the engine would refuse, or change, goes as text too, and carries the reason as its fault.
 * The id of JSON does not depend on the order of keys or on blanks; that of text is over the text as it is.
 */
export function eventOf(record: InputRecord, file: string): Event {
  const { line, text, json, origin } = record;
  const source = json === undefined ? sourceOfText(text.toString()) : sourceOfDocument(json.value);
  // Bytes that were not UTF-8 have been decoded to characters: what is sent is sound JSON, only the file was not.
  const fault = json?.obstacle ?? record.fault;
  if (json !== undefined && fault === undefined) {
    // Line breaks in valid JSON stand between values only; a bulk request needs each document on one line.
    const isOneLine = !text.includes('\n') && !text.includes('\r');
    const document = isOneLine ? text : text.toString().replace(/[\r\n]+/g, ' ');
    const id = idOf(source, json.canonical);
    return { file, line, source, id, document, text, json: true, origin };
  }
  return { file, line, ...carried(text, source), text, json: json !== undefined, origin, fault };
}

/** The event as text in `message`, where the pipelines read it. */
export function carried(whole: Utf8, source: Source): Pick<Event, 'source' | 'id' | 'document'> {
  const text = whole.toString();
  return { source, id: idOf(source, text), document: JSON.stringify({ message: text }) };
}

/** @param text the canonical text of JSON; other text as it is */
function idOf(source: Source, text: string): string {
  return hash('sha256', `${source}\n${text}`, 'hex').slice(0, ID_DIGITS);
}
