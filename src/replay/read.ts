import { ProblemError, type Problem } from '../errors';
import { csvForm, CsvError, readCsv, type CsvForm } from './csv';
import { EventSearch, MAX_UNKNOWN_LINES } from './event-search';
import { MORE, type InputRecord } from './input-record';
import type { Input } from './inputs';
import { resumed } from './resumed';
import { RecordSplitter } from './splitter';
import { unpack, type Member, type OnDisk } from './unpack';
import { unwrap } from './unwrap';

/** Records of one file, or what is wrong with the file; in the order in which they stand. */
export type Read = { readonly file: string; readonly records: readonly InputRecord[] } | { readonly problem: Problem };

/**
 * Reads one input through all its layers, in bounded memory. What is wrong with an archive or a member is yielded, not
 * thrown, so that the files after it are read all the same; the records before it have been yielded already.
 * @param onBytes is told of every piece that was taken from the input, in bytes as they are on disk
 */
export async function* readInput(input: Input, onBytes: (count: number) => void): AsyncGenerator<Read> {
  let file = input.name;
  const { path, size } = input;
  const disk: OnDisk | undefined = path === undefined || size === undefined ? undefined : { path, size, onBytes };
  try {
    for await (const member of unpack(input.name, counted(input.open(), onBytes), disk)) {
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
  const { csv, all } = await tellForm(bytes);
  const records = csv === undefined ? splitRecords(all) : readCsv(all, csv);
  const search = new EventSearch();
  let count = 0;
  try {
    for await (const found of records) {
      const events = search.take(found, csv !== undefined).flatMap((record) => unwrap(record));
      count += events.length;
      if (events.length > 0) yield { file: name, records: events };
      if (search.isHopeless) {
        yield { problem: { where: { file: name }, message: HOPELESS, hint: FORMS } };
        return;
      }
    }
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    yield { problem: { where: { file: name }, message: `cannot be read as CSV: ${error.message}`, hint: CSV_HINT } };
  }
  if (count === 0) yield { problem: { where: { file: name }, message: 'holds no events', hint: NO_EVENTS } };
}

/** Whether the file is CSV, by its first lines; and all its bytes. */
async function tellForm(
  bytes: AsyncIterable<Buffer>,
): Promise<{ csv: CsvForm | undefined; all: AsyncIterable<Buffer> }> {
  const iterator = bytes[Symbol.asyncIterator]();
  let head: Buffer = Buffer.alloc(0);
  for (;;) {
    const next = await iterator.next();
    if (next.done !== true) head = head.length === 0 ? next.value : Buffer.concat([head, next.value]);
    const csv = csvForm(head, next.done === true);
    if (csv !== MORE) return { csv, all: resumed(head, next.done === true ? undefined : iterator) };
  }
}

/** The records of JSON, XML and text. What came before a fault of the archive is yielded before the fault is thrown. */
async function* splitRecords(bytes: AsyncIterable<Buffer>): AsyncGenerator<readonly InputRecord[]> {
  const splitter = new RecordSplitter();
  try {
    for await (const chunk of bytes) yield splitter.push(chunk);
  } catch (error) {
    yield splitter.complete();
    throw error;
  }
  yield splitter.end();
}

const NO_EVENTS = 'Did the export that wrote it fail?';
const HOPELESS = `holds no known event in its first ${MAX_UNKNOWN_LINES} lines; the rest was not read`;
const FORMS =
  'Is it a log of these events? docs/replay.md lists the forms that are read. These lines are kept as they are.';
const CSV_HINT = 'The rows before that place were sent. Does a quote have no end there?';

function isFileError(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && typeof (error as NodeJS.ErrnoException).syscall === 'string';
}

async function* counted(bytes: AsyncIterable<Buffer>, onBytes: (count: number) => void): AsyncGenerator<Buffer> {
  for await (const chunk of bytes) {
    onBytes(chunk.length);
    yield chunk;
  }
}
