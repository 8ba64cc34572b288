import type { Readable } from 'node:stream';
import { getFileNameLowLevel, openPromise, type Entry, type ZipFile } from 'yauzl';
import { ProblemError, type Problem } from '../errors';

/** A file in a zip archive; or why it is not read, and others may come after it. */
export type ZipMember =
  { readonly name: string; readonly bytes: AsyncIterable<Buffer> } | { readonly problem: Problem };

/**
 * A member that grows so much is made to fill a disk or a cluster. Event logs shrink to a tenth or a fiftieth; deflate cannot pack closer
 * than 1,032 to 1. Small ones do no harm.
 */
const MAX_RATIO = 250;
const HARMLESS_BYTES = 100 * 2 ** 20;

/**
 * The files in a zip archive, one after the other, as streams: nothing is written to disk, so that the members' names are only shown.
 * @param path of a file: a zip archive is read from its end, so one in a pipe or in another archive cannot be
 * @throws ProblemError INPUT when the archive is corrupt, or its members overlap; an error of the file system
 */
export async function* unzip(path: string, size: number, onBytes: (count: number) => void): AsyncGenerator<ZipMember> {
  let archive: ZipFile | undefined;
  let packed = 0;
  let files = 0;
  try {
    archive = await openPromise(path, { autoClose: false, decodeStrings: false });
    for await (const entry of archive.eachEntry()) {
      const member = `${path}/${nameOf(entry)}`;
      packed += entry.compressedSize;
      // A bomb of a few kilobytes names the same bytes a thousand times.
      if (packed > size) throw corrupt(path, new Error('its members overlap: it is made to do harm'));
      if (member.endsWith('/') || entry.uncompressedSize === 0) continue;
      files += 1;
      const obstacle = obstacleOf(entry);
      if (obstacle !== undefined) {
        yield { problem: { where: { file: member }, ...obstacle } };
        continue;
      }
      const content = await archive.openReadStreamPromise(entry);
      yield { name: member, bytes: contentOf(path, content) };
      content.destroy();
      onBytes(entry.compressedSize);
    }
    if (files === 0) yield { problem: { where: { file: path }, message: 'holds no files that are not empty' } };
  } catch (cause) {
    throw corrupt(path, cause);
  } finally {
    archive?.close();
  }
}

/** Names are bytes of some code page; a path that leads out of the archive is only a name here. */
function nameOf(entry: Entry): string {
  const { generalPurposeBitFlag, extraFields } = entry;
  return getFileNameLowLevel(generalPurposeBitFlag, entry.fileName as unknown as Buffer, extraFields, true);
}

function obstacleOf(entry: Entry): Pick<Problem, 'message' | 'hint'> | undefined {
  if (entry.isEncrypted())
    return { message: 'is encrypted', hint: 'Unpack the archive with its password, then replay the files in it.' };
  if (!entry.canDecodeFileData()) {
    const message = `is packed by a method that is not read (${entry.compressionMethod})`;
    return { message, hint: 'Unpack the archive, then replay the files in it.' };
  }
  const { compressedSize, uncompressedSize } = entry;
  if (uncompressedSize > HARMLESS_BYTES && uncompressedSize > compressedSize * MAX_RATIO) {
    const ratio = Math.round(uncompressedSize / Math.max(compressedSize, 1));
    return {
      message: `would grow ${ratio}-fold and was left out`,
      hint: 'No event log does: unpack it by hand if you know what it is.',
    };
  }
  return undefined;
}

/** The same bytes; an error of the archive comes out where they are read. Whoever stops early does not stop the archive. */
async function* contentOf(path: string, content: Readable): AsyncGenerator<Buffer> {
  try {
    for await (const chunk of content) yield chunk as Buffer;
  } catch (cause) {
    throw corrupt(path, cause);
  }
}

function corrupt(path: string, cause: unknown): unknown {
  if (cause instanceof ProblemError || (cause as NodeJS.ErrnoException).syscall !== undefined) return cause;
  const hint = 'Fetch the file again and replay it: events already there are not indexed twice.';
  const message = `the zip archive is corrupt (${(cause as Error).message})`;
  return new ProblemError('INPUT', [{ where: { file: path }, message, hint }], { cause });
}
