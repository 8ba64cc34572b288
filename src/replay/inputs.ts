import { closeSync, createReadStream, openSync, readdirSync, readSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { addAbortSignal, type Readable } from 'node:stream';
import { ProblemError, type Problem } from '../errors';
import { fileKind, HEAD_BYTES } from './file-kind';

/** Something to replay: a file, or standard input. */
export interface Input {
  /** The name to show in messages. */
  readonly name: string;
  /** Bytes on disk; undefined for standard input. */
  readonly size: number | undefined;
  /** Where it is on the disk; undefined for a pipe. */
  readonly path?: string;
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
  return { name: path, size, path, open: () => createReadStream(path, { highWaterMark: READ_BYTES }) };
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
