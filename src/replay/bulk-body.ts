import { NEWLINE, type Utf8 } from './input-record';

/** Something to index, as two lines of a bulk request. */
export interface Item {
  readonly stream: string;
  readonly id: string;
  /** JSON on one line. */
  readonly document: Utf8;
}

/**
 * Writes the body of a bulk request, and lends it until the request is over.
 * @param act must have done with the body when it settles: the next request is written over it. (Of a request that is answered before
 *   all of it was sent, with 413 or 429, more may be on its way; its length is fixed, and whoever answered so throws the rest away.)
 */
export async function withBody<T>(items: readonly Item[], act: (body: Buffer) => Promise<T>): Promise<T> {
  const actions = items.map(actionOf);
  const size = items.reduce((sum, item, index) => sum + sizeOf(actions[index] ?? '') + sizeOf(item.document) + 1, 0);
  const memory = size > MEMORY ? Buffer.allocUnsafe(size) : (free.pop() ?? Buffer.allocUnsafeSlow(MEMORY));
  try {
    let at = 0;
    items.forEach(({ document }, index) => {
      at += memory.write(actions[index] ?? '', at);
      at += typeof document === 'string' ? memory.write(document, at) : document.copy(memory, at);
      memory[at++] = NEWLINE;
    });
    return await act(memory.subarray(0, size));
  } finally {
    if (memory.length === MEMORY) free.push(memory);
  }
}

/**
 * The memory of bodies that are over, as many as there were requests at a time. A new megabyte for each would count as garbage: V8
 * then looks through all that is kept every five thousand events, which is a seventh of all that `replay` asks of the processors.
 */
const free: Buffer[] = [];

/** What a request of a million characters needs (see shipment.ts), and half as much; longer ones get memory of their own. */
const MEMORY = 1.5 * 2 ** 20;

function actionOf({ stream, id }: Item): string {
  return `{"create":{"_index":${JSON.stringify(stream)},"_id":${JSON.stringify(id)}}}\n`;
}

function sizeOf(text: Utf8): number {
  return typeof text === 'string' ? Buffer.byteLength(text) : text.length;
}
