import { closeSync, createReadStream, openSync, readdirSync, readSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { addAbortSignal, type Readable } from 'node:stream';
import { ProblemError, type Problem } from '../errors';
import { looksUtf16 } from './encoding';

/** Something to replay: a file, or standard input. */
export interface Input {
  /** The name to show in messages. */
  readonly name: string;
  /** Bytes on disk; undefined for standard input. */
  readonly size: number | undefined;
  open(): AsyncIterable<Buffer>;
}

export interface InputOptions {
  /** Standard input, where `-` may be given. */
  readonly stdin?: Readable | undefined;
  /** Ends the waiting for standard input. */
  readonly signal?: AbortSignal | undefined;
}

/** The path that stands for standard input. */
const STANDARD_INPUT = '-';

/** Four times what Node reads at a time: half the processor time of reading, and a fraction of what waits to be sent. */
const READ_BYTES = 256 * 1024;

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'does not exist',
  EACCES: 'cannot be read: permission denied',
  EPERM: 'cannot be read: permission denied',
  ELOOP: 'cannot be read: a link that points at itself',
};

/**
 * What the given paths mean: a file, all files below a folder (sorted; hidden ones and empty ones left out), or `-`.
 * Every file is looked at before anything is sent, so that a wrong path costs nothing.
 * @param paths as given on the command line
 * @throws ProblemError INPUT with every path that is missing, unreadable, empty or binary
 */
export function listInputs(paths: readonly string[], { stdin, signal }: InputOptions = {}): Input[] {
  const problems: Problem[] = [];
  const inputs = paths.flatMap((path) => {
    try {
      return path === STANDARD_INPUT ? [standardInput(stdin, signal)] : listPath(path, problems);
    } catch (error) {
      problems.push(unreadable(path, error));
      return [];
    }
  });
  if (inputs.filter(({ name }) => name === STANDARD_INPUT_NAME).length > 1) {
    problems.push({ message: 'standard input (-) is named twice', hint: 'It can be read only once.' });
  }
  if (problems.length > 0) throw new ProblemError('INPUT', problems);
  return inputs;
}

const STANDARD_INPUT_NAME = 'standard input';

function standardInput(stdin: Readable | undefined, signal: AbortSignal | undefined): Input {
  if (stdin === undefined) throw new Error('there is no standard input');
  // Whoever waits for a pipe in which nothing comes must be able to stop waiting.
  const stream = signal === undefined ? stdin : addAbortSignal(signal, stdin);
  return { name: STANDARD_INPUT_NAME, size: undefined, open: () => stream as AsyncIterable<Buffer> };
}

function listPath(path: string, problems: Problem[]): Input[] {
  const stats = statSync(path);
  if (!stats.isDirectory()) {
    // A pipe has no size to know before it is read: `replay <(zcat …)`.
    if (!stats.isFile()) return [{ name: path, size: undefined, open: () => createReadStream(path) }];
    const problem = stats.size === 0 ? emptyFile(path) : binaryFile(path);
    if (problem !== undefined) problems.push(problem);
    return [fileInput(path, stats.size)];
  }
  const files = readdirSync(path, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !entry.name.startsWith('.'))
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((file) => statSync(file, { throwIfNoEntry: false })?.size !== 0)
    .sort();
  if (files.length === 0) {
    const hint = 'Name files, or a folder that holds some; hidden and empty files are not read.';
    problems.push({ where: { file: path }, message: 'is a folder without files', hint });
  }
  return files.flatMap((file) => {
    try {
      return listPath(file, problems);
    } catch (error) {
      problems.push(unreadable(file, error));
      return [];
    }
  });
}

function fileInput(path: string, size: number): Input {
  return { name: path, size, open: () => createReadStream(path, { highWaterMark: READ_BYTES }) };
}

function emptyFile(path: string): Problem {
  return { where: { file: path }, message: 'is empty', hint: 'Did the export that wrote it fail?' };
}

function binaryFile(path: string): Problem | undefined {
  const head = Buffer.alloc(HEAD_BYTES);
  const descriptor = openSync(path, 'r');
  const length = readSync(descriptor, head);
  closeSync(descriptor);
  const found = fileKind(head.subarray(0, length));
  if (found.kind !== 'binary') return undefined;
  return { where: { file: path }, message: `is ${found.what}, not an event log in text form`, hint: found.hint };
}

function unreadable(path: string, error: unknown): Problem {
  const { code, message } = error as NodeJS.ErrnoException;
  const reason = (code === undefined ? undefined : REASONS[code]) ?? `cannot be read: ${message}`;
  const where = { file: path === STANDARD_INPUT ? STANDARD_INPUT_NAME : path };
  return { where, message: reason, hint: 'Check the path; nothing was sent.' };
}

/** What a file is by its first bytes. */
export type FileKind =
  | { readonly kind: 'gzip' | 'tar' | 'text' }
  | { readonly kind: 'binary'; readonly what: string; readonly hint: string };

/** As many bytes as `fileKind` wants to see: a whole tar header. */
export const HEAD_BYTES = 512;

const UNPACK = 'Unpack it, then replay the files in it; .gz, .tar and .tar.gz are read as they are.';
const EXPORT = 'Replay event logs as JSON lines, event XML or rendered text, plain or in .gz, .tar, .tar.gz.';

/** Magic numbers of what people have at hand beside event logs in text form. */
const MAGIC: readonly (readonly [hex: string, what: string, hint: string])[] = [
  ['456c6646696c6500', 'a Windows event log (.evtx)', 'Convert it first, for example with `evtx_dump -o jsonl`.'],
  ['504b0304', 'a zip archive', UNPACK],
  ['377abcaf271c', 'a 7z archive', UNPACK],
  ['fd377a585a00', 'an xz archive', UNPACK],
  ['425a68', 'a bzip2 archive', UNPACK],
  ['28b52ffd', 'a zstd archive', UNPACK],
  ['50415231', 'a Parquet file', EXPORT],
  ['4d5a', 'a Windows program', EXPORT],
  ['7f454c46', 'a Linux program', EXPORT],
  ['25504446', 'a PDF', EXPORT],
];

/** A tenth of the first bytes: one NUL in a text log is a fault of one line, many are no text. */
const BINARY_SHARE = 0.1;

/**
 * What a file is, by content and never by name.
 * @param head its first bytes: 512 of them, fewer only when the file is shorter
 */
export function fileKind(head: Buffer): FileKind {
  if (head[0] === 0x1f && head[1] === 0x8b) return { kind: 'gzip' };
  if (head.toString('latin1', 257, 262) === 'ustar') return { kind: 'tar' };
  if (looksUtf16(head)) return { kind: 'text' };
  const hex = head.toString('hex', 0, 8);
  const known = MAGIC.find(([magic]) => hex.startsWith(magic));
  if (known !== undefined && !isMostlyText(head, known[0])) return { kind: 'binary', what: known[1], hint: known[2] };
  const odd = head.reduce((count, byte) => (byte < 0x09 || (byte > 0x0d && byte < 0x20) ? count + 1 : count), 0);
  if (odd > head.length * BINARY_SHARE) return { kind: 'binary', what: 'a binary file', hint: EXPORT };
  return { kind: 'text' };
}

/** `MZ`, `BZh` and `%PDF` are letters: text may begin with them. */
function isMostlyText(head: Buffer, magic: string): boolean {
  return /^(?:4d5a|425a68|25504446|50415231)$/.test(magic) && !head.includes(0);
}
