/**
 * Goes on with a stream of which the beginning was looked at.
 * @param head what was read of it
 * @param iterator the rest; undefined at its end
 */
export async function* resumed(head: Buffer, iterator: AsyncIterator<Buffer> | undefined): AsyncGenerator<Buffer> {
  try {
    if (head.length > 0) yield head;
    for (let next = await iterator?.next(); next?.done === false; next = await iterator?.next()) yield next.value;
  } finally {
    await iterator?.return?.();
  }
}
