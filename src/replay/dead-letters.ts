import { accessSync, closeSync, constants, openSync, statSync, writeFileSync } from 'node:fs';
import { dirname, extname } from 'node:path';
import { ProblemError, unwritable } from '../errors';
import { isRecord } from '../json';
import type { Event } from './event';
import type { InputRecord } from './input-record';
import { readObject } from './json-document';

/** Where dead letters are written unless told: in the folder from which the program was called. */
export const DEAD_LETTERS = 'dead-letters.ndjson';

/** More files of one name than this, and something is wrong that another one does not mend. */
const MOST_FILES = 1_000;

const WHAT = 'dead letters';
const HINT = 'Name a file that can be written with --dead-letters, and replay again: nothing is indexed twice.';

/**
 * The file of the events that a cluster refuses for good. It is made with the first of them, readable by its owner alone, for
 * events are evidence; what is there already is left as it is, and the next free number is added to the name. Each letter is
 * with the operating system before the next event is looked at, so that a killed run leaves none out.
 */
export class DeadLetters {
  /** How many were written. */
  count = 0;
  /** Their file; undefined as long as there is none. */
  file: string | undefined;
  private descriptor: number | undefined;

  /** @param wanted the path of the file */
  constructor(private readonly wanted: string) {}

  /** @throws ProblemError INPUT when the file cannot be written: an event must not get lost in silence */
  add(event: Event, refusal: Refusal): void {
    try {
      this.descriptor ??= this.create();
      writeFileSync(this.descriptor, `${deadLetterOf(event, refusal, new Date())}\n`);
    } catch (error) {
      throw unwritable(this.file ?? this.wanted, error, WHAT, HINT);
    }
    this.count += 1;
  }

  close(): void {
    if (this.descriptor !== undefined) closeSync(this.descriptor);
    this.descriptor = undefined;
  }

  private create(): number {
    for (let number = 1; ; number += 1) {
      const file = numbered(this.wanted, number);
      try {
        // Refuses what is there, a link included.
        const descriptor = openSync(file, 'wx', 0o600);
        this.file = file;
        return descriptor;
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EEXIST' || number === MOST_FILES) throw error;
      }
    }
  }
}

/**
 * Looks before anything is sent whether a file that the user named can be made.
 * @throws ProblemError INPUT
 */
export function checkDeadLetters(file: string): void {
  try {
    accessSync(dirname(file), constants.W_OK);
  } catch (error) {
    throw unwritable(file, error, WHAT, HINT);
  }
  if (statSync(file, { throwIfNoEntry: false })?.isDirectory() === true) {
    const hint = 'Name a file in it with --dead-letters.';
    throw new ProblemError('INPUT', [{ where: { file }, message: 'is a folder', hint }]);
  }
}

/** `letters.ndjson`, `letters-2.ndjson`, … */
function numbered(file: string, number: number): string {
  const end = extname(file);
  return number === 1 ? file : `${file.slice(0, file.length - end.length)}-${number}${end}`;
}

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
export function unwrapDeadLetter({ json: wrapping, line }: InputRecord): InputRecord | undefined {
  if (wrapping === undefined || !('dead_letter' in wrapping.value)) return undefined;
  const { dead_letter: letter, event } = wrapping.value;
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
