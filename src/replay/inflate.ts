import { createGunzip } from 'node:zlib';

/** Deflate grows at most 1,032-fold: a piece of this size becomes 16 MiB at worst, whatever was packed to do harm. */
const PIECE_BYTES = 16 * 1024;

/**
 * Unpacks gzip, several members one after the other included. Everything before a fault is yielded before the fault is
 * thrown; the iteration of Node's own stream drops what it holds when an error comes.
 * @throws the error of zlib: Z_BUF_ERROR when the bytes end too early, Z_DATA_ERROR and others when they are corrupt
 */
export async function* inflate(bytes: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
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
