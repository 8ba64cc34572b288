import { ProblemError, type Problem } from '../errors';
import { takenBack } from './dead-letter';
import type { InputRecord } from './input-record';
import { RecordSplitter } from './splitter';
import type { Input } from './inputs';
import { unwrapHits } from './search-hits';
import { unpack, type Member } from './unpack';

/** Records of one file, or what is wrong with the file; in the order in which they stand. */
export type Read = { readonly file: string; readonly frames: readonly InputRecord[] } | { readonly problem: Problem };

/**
 * Reads one input through all its layers, in bounded memory. What is wrong with an archive or a member is yielded, not
 * thrown, so that the files after it are read all the same; the records before it have been yielded already.
 * @param onBytes is told of every piece that was taken from the input, in bytes as they are on disk
 */
export async function* readInput(input: Input, onBytes: (count: number) => void): AsyncGenerator<Read> {
  let file = input.name;
  try {
    for await (const member of unpack(input.name, counted(input.open(), onBytes))) {
      if ('problem' in member) yield member;
      else {
        file = member.name;
        yield* readMember(member);
      }
    }
  } catch (error) {
    if (error instanceof ProblemError) for (const problem of error.problems) yield { problem };
    else if (isFileError(error)) yield { problem: { where: { file }, message: `cannot be read: ${error.message}` } };
    else throw error;
  }
}

async function* readMember({ name, bytes }: Member): AsyncGenerator<Read> {
  const framer = new RecordSplitter();
  let count = 0;
  try {
    for await (const chunk of bytes) {
      const frames = framer.push(chunk).flatMap(unwrap);
      count += frames.length;
      if (frames.length > 0) yield { file: name, frames };
    }
  } catch (error) {
    yield { file: name, frames: framer.complete().flatMap(unwrap) };
    throw error;
  }
  const frames = framer.end().flatMap(unwrap);
  if (frames.length > 0) yield { file: name, frames };
  if (count + frames.length === 0)
    yield { problem: { where: { file: name }, message: 'holds no events', hint: NO_EVENTS } };
}

/** A record that only carries events is not one: a dead letter, a search hit. */
function unwrap(frame: InputRecord): readonly InputRecord[] {
  const back = takenBack(frame);
  return back === undefined ? unwrapHits(frame) : [back];
}

const NO_EVENTS = 'Did the export that wrote it fail?';

function isFileError(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && typeof (error as NodeJS.ErrnoException).syscall === 'string';
}

async function* counted(bytes: AsyncIterable<Buffer>, onBytes: (count: number) => void): AsyncGenerator<Buffer> {
  for await (const chunk of bytes) {
    onBytes(chunk.length);
    yield chunk;
  }
}
