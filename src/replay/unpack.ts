import { pipeline, Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { extract } from 'tar-stream';
import { ProblemError, type Problem } from '../errors';
import { asUtf8 } from './encoding';
import { fileKind, HEAD_BYTES } from './file-kind';
import { resumed } from './resumed';
import { unzip } from './unzip';

/** One text file, out of whatever it was packed in. */
export interface Member {
  /** The file's name; within an archive `archive/member`. */
  readonly name: string;
  /** UTF-8, in chunks; must be read to its end before the next member is asked for. */
  readonly bytes: AsyncIterable<Buffer>;
}

/** A text file, or why one is none: others may come after it. */
export type Unpacked = Member | { readonly problem: Problem };

/** An archive in a compressed file in an archive is plenty; deeper is a trap. */
const MAX_LAYERS = 5;

/** A file on the disk, and what is told of the bytes that are read of it past the stream. */
export interface OnDisk {
  readonly path: string;
  readonly size: number;
  readonly onBytes: (count: number) => void;
}

/**
 * Takes gzip, tar and zip off, layer by layer, by content and not by name. Nothing is written to disk, so member names are
 * only shown; links and special files are left out. Memory stays bounded: everything streams.
 * @param disk where the source is a file: only there a zip archive can be read
 * @throws ProblemError INPUT, while the bytes are read: a truncated or corrupt archive
 */
export async function* unpack(
  name: string,
  source: AsyncIterable<Buffer>,
  disk?: OnDisk,
  layer = 0,
): AsyncGenerator<Unpacked> {
  const { head, bytes } = await peek(source);
  const found = fileKind(head);
  if (found.kind === 'binary') {
    const message = `is ${found.what}, not an event log in text form`;
    yield { problem: { where: { file: name }, message, hint: found.hint } };
    return;
  }
  if (found.kind === 'text') {
    yield { name, bytes: asUtf8(head, bytes) };
    return;
  }
  if (layer === MAX_LAYERS) {
    throw problem(name, `is packed more than ${MAX_LAYERS} times`, 'Unpack it by hand.');
  }
  if (found.kind === 'gzip') yield* unpack(name, gunzip(name, bytes), undefined, layer + 1);
  else if (found.kind === 'tar') yield* untar(name, bytes, layer + 1);
  else if (disk === undefined) yield { problem: { where: { file: name }, message: ZIP_IN_STREAM, hint: UNZIP } };
  else {
    for await (const member of unzip(disk.path, disk.size, disk.onBytes)) {
      if ('problem' in member) yield member;
      else yield* unpack(member.name, member.bytes, undefined, layer + 1);
    }
  }
}

const ZIP_IN_STREAM = 'is a zip archive in another archive or in a pipe, which cannot be read there';
const UNZIP = 'Unpack the outer archive, or save what comes out of the pipe, and replay the .zip file itself.';

async function* gunzip(name: string, bytes: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  try {
    yield* inflate(bytes);
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    if (code === 'Z_BUF_ERROR') {
      throw problem(name, 'the gzip file is cut off before its end', TRUNCATED, cause);
    }
    if (code?.startsWith('Z_') === true) throw problem(name, `the gzip file is corrupt (${message})`, TRUNCATED, cause);
    throw cause;
  }
}

/** Deflate grows at most 1,032-fold: a piece of this size becomes 16 MiB at worst, whatever was packed to do harm. */
const PIECE_BYTES = 16 * 1024;

/**
 * Unpacks gzip, several members one after the other included. Everything before a fault is yielded before the fault is
 * thrown; the iteration of Node's own stream drops what it holds when an error comes.
 * @throws the error of zlib: Z_BUF_ERROR when the bytes end too early, Z_DATA_ERROR and others when they are corrupt
 */
async function* inflate(bytes: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  const stream = createGunzip({ chunkSize: 256 * 1024 });
  let ready: Buffer[] = [];
  stream.on('data', (chunk: Buffer) => ready.push(chunk));
  const failed = new Promise<Error>((resolve) => stream.once('error', resolve));
  const ended = new Promise<undefined>((resolve) =>
    stream.once('end', () => {
      resolve(undefined);
    }),
  );
  const take = (): Buffer[] => {
    const taken = ready;
    ready = [];
    return taken;
  };
  try {
    for await (const chunk of bytes) {
      for (let at = 0; at < chunk.length; at += PIECE_BYTES) {
        const written = new Promise<undefined>((resolve) => {
          stream.write(chunk.subarray(at, at + PIECE_BYTES), () => {
            resolve(undefined);
          });
        });
        const failure = await Promise.race([failed, written]);
        yield* take();
        if (failure !== undefined) throw failure;
      }
    }
    stream.end();
    const failure = await Promise.race([failed, ended]);
    yield* take();
    if (failure !== undefined) throw failure;
  } finally {
    stream.destroy();
  }
}

async function* untar(name: string, bytes: AsyncIterable<Buffer>, layer: number): AsyncGenerator<Unpacked> {
  const archive = extract();
  pipeline(Readable.from(bytes), archive, () => undefined);
  try {
    for await (const entry of archive) {
      const content = contentOf(name, entry as AsyncIterable<Buffer>);
      if (entry.header.type === 'file') yield* unpack(`${name}/${entry.header.name}`, content, undefined, layer);
      entry.resume();
    }
  } catch (cause) {
    throw tarProblem(name, cause);
  }
}

/**
 * The same bytes; an error of the archive comes out where they are read, not where the archive is. There is no `return`: whoever stops
 * early must not end the archive with the member.
 */
function contentOf(archive: string, bytes: AsyncIterable<Buffer>): AsyncIterable<Buffer> {
  const iterator = bytes[Symbol.asyncIterator]();
  const next = async (): Promise<IteratorResult<Buffer>> => {
    try {
      return await iterator.next();
    } catch (cause) {
      throw tarProblem(archive, cause);
    }
  };
  return { [Symbol.asyncIterator]: () => ({ next }) };
}

function tarProblem(name: string, cause: unknown): unknown {
  // An error with a code is one of reading, such as a disk that fails.
  if (cause instanceof ProblemError || (cause as NodeJS.ErrnoException).code !== undefined) return cause;
  return problem(name, `the tar archive is corrupt (${(cause as Error).message})`, TRUNCATED, cause);
}

const TRUNCATED =
  'What came before that place was sent; fetch the file again and replay it: events already there are not indexed twice.';

function problem(file: string, message: string, hint: string, cause?: unknown): ProblemError {
  return new ProblemError('INPUT', [{ where: { file }, message, hint }], { cause });
}

async function peek(source: AsyncIterable<Buffer>): Promise<{ head: Buffer; bytes: AsyncIterable<Buffer> }> {
  const iterator = source[Symbol.asyncIterator]();
  const chunks: Buffer[] = [];
  let length = 0;
  let ended = false;
  while (length < HEAD_BYTES && !ended) {
    const next = await iterator.next();
    if (next.done === true) ended = true;
    else {
      chunks.push(next.value);
      length += next.value.length;
    }
  }
  const head = Buffer.concat(chunks);
  return { head: head.subarray(0, HEAD_BYTES), bytes: resumed(head, ended ? undefined : iterator) };
}
