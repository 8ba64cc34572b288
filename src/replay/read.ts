import { ProblemError, type Problem } from '../errors';
import { unwrapDeadLetter } from './dead-letters';
import type { InputRecord } from './input-record';
import { RecordSplitter } from './splitter';
import type { Input } from './inputs';
import { unwrapHits } from './search-hits';
import { unpack, type Member } from './unpack';

/** Records of one file, or what is wrong with the file; in the order in which they stand. */
export type Read = { readonly file: string; readonly records: readonly InputRecord[] } | { readonly problem: Problem };

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
  const splitter = new RecordSplitter();
  let count = 0;
  try {
    for await (const chunk of bytes) {
      const records = splitter.push(chunk).flatMap(unwrap);
      count += records.length;
      if (records.length > 0) yield { file: name, records };
    }
  } catch (error) {
    yield { file: name, records: splitter.complete().flatMap(unwrap) };
    throw error;
  }
  const records = splitter.end().flatMap(unwrap);
  if (records.length > 0) yield { file: name, records };
  if (count + records.length === 0)
    yield { problem: { where: { file: name }, message: 'holds no events', hint: NO_EVENTS } };
}

/** A record that only carries events is not one: a dead letter, a search hit. */
function unwrap(record: InputRecord): readonly InputRecord[] {
  const back = unwrapDeadLetter(record);
  return back === undefined ? unwrapHits(record) : [back];
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
