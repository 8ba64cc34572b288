import { isRecord } from '../json';
import type { Event } from './event';
import type { InputRecord } from './input-record';
import { readObject } from './json-text';

/** Why an event is not in the cluster, and is not going to be unless something is mended. */
export interface Refusal {
  readonly reason: string;
  /** What the cluster answered for it. */
  readonly status: number;
  /** The data stream that it was for. */
  readonly stream: string;
}

/** A later form of dead letters has another one; FORMATS.md describes each. */
const VERSION = 1;

/** A dead letter on one line: all that is known of an event, and its text as it stood in the file. */
export function deadLetterOf(event: Event, { reason, status, stream }: Refusal, time: Date): string {
  const { file, line } = event.origin ?? event;
  const { id, json, fault, text } = event;
  return JSON.stringify({
    dead_letter: { version: VERSION, time: time.toISOString(), reason, status, stream, id, file, line, json, fault },
    event: { original: text.toString() },
  });
}

/**
 * The event in a dead letter, read as it was read from its own file: so it has the same `_id`, and is indexed once however it
 * comes back. A text that was mended by hand is a new event.
 * @returns undefined when the record is none
 */
export function takenBack({ json: wrapping, text: whole, line }: InputRecord): InputRecord | undefined {
  if (wrapping?.object.has('dead_letter') !== true) return undefined;
  const { dead_letter: letter, event } = JSON.parse(whole.toString()) as Record<string, unknown>;
  if (!isRecord(letter) || letter.version !== VERSION || !isRecord(event)) return undefined;
  const { original: text } = event;
  if (typeof text !== 'string') return undefined;
  const { file, line: first, fault, json } = letter;
  const origin = typeof file === 'string' && typeof first === 'number' ? { file, line: first } : undefined;
  return {
    line,
    text,
    ...(json === true ? parsed(text) : { form: 'text' }),
    ...(typeof fault === 'string' && { fault }),
    ...(origin !== undefined && { origin }),
  };
}

function parsed(text: string): Pick<InputRecord, 'form' | 'json' | 'fault'> {
  const json = readObject(Buffer.from(text));
  // Told as of any record that should be JSON.
  if (json === undefined) return { form: 'text', fault: 'is a dead letter whose event is not JSON any more' };
  return { form: 'json', json };
}
