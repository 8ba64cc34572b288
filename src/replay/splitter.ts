import {
  CLOSE_BRACKET,
  COMMA,
  MORE,
  NEWLINE,
  OPEN_BRACE,
  OPEN_BRACKET,
  type Cut,
  type InputRecord,
  type Window,
} from './input-record';
import { cutJson } from './split-json';
import { cutText, cutXml } from './split-text';

const LESS_THAN = 0x3c;

/** 16 MiB: five hundred times the longest command line of Windows. */
export const LONGEST_RECORD = 16 * 2 ** 20;

/**
 * Cuts a stream of UTF-8 bytes into records, whatever mixture of forms it holds; how the bytes are cut into chunks makes no
 * difference. It holds no more than the longest record and a chunk at a time.
 */
export class RecordSplitter {
  private waiting: Buffer[] = [];
  private size = 0;
  /** Scanning starts again only when there is twice as much, so that a long record costs no quadratic time. */
  private wanted = 0;
  /** What waits has no line break. */
  private isWithinLine = false;
  private line = 1;
  private arrays = 0;
  /** Nothing but blanks since an object: what an array lost its brackets from has a comma here. */
  private afterObject = false;
  /** Within a record that was too long: nothing is read up to the end of its line. */
  private dropping = false;

  constructor(private readonly limit: number = LONGEST_RECORD) {}

  /**
   * @param chunk must stay as it is: records of JSON may be views of it, not copies
   * @returns the records that it completes
   */
  push(chunk: Buffer): InputRecord[] {
    const next = this.isWithinLine ? chunk.indexOf(NEWLINE) + 1 : 0;
    if (next === 0 || next === chunk.length) return this.add(chunk, next > 0);
    // Most often this ends the record: then only its two pieces are put together, and not all that comes after it.
    return [...this.add(chunk.subarray(0, next), true), ...this.add(chunk.subarray(next), false)];
  }

  private add(chunk: Buffer, endsLine: boolean): InputRecord[] {
    this.waiting.push(chunk);
    this.size += chunk.length;
    return this.size < this.wanted && !endsLine ? [] : this.cut(false);
  }

  /** @returns the records that are complete so far; for a stream that broke off, of which the last record is only a piece */
  complete(): InputRecord[] {
    return this.cut(false);
  }

  /** @returns what was left when the bytes end */
  end(): InputRecord[] {
    return this.cut(true);
  }

  private cut(atEnd: boolean): InputRecord[] {
    const data = this.waiting.length === 1 ? (this.waiting[0] ?? Buffer.alloc(0)) : Buffer.concat(this.waiting);
    const window: Window = { data, atEnd, limit: this.limit };
    const records: InputRecord[] = [];
    let at = 0;
    while (at < data.length) {
      if (this.dropping) {
        at = this.skipLine(data, at);
        continue;
      }
      const start = this.skipBetween(data, at);
      this.countLines(data, at, start);
      at = start;
      if (at >= data.length) break;
      const cut = this.cutAt(window, at);
      if (cut === MORE) break;
      if (cut.record !== undefined) records.push({ ...cut.record, line: this.line });
      this.countLines(data, at, cut.next);
      this.dropping = cut.record?.dropped === true;
      this.afterObject = cut.record?.form === 'json';
      at = cut.next;
    }
    this.waiting = at < data.length ? [data.subarray(at)] : [];
    this.size = data.length - at;
    this.isWithinLine = this.size > 0 && data.indexOf(NEWLINE, at) < 0;
    this.wanted = Math.min(2 * this.size, this.limit);
    return isWorthKeeping(records, data) ? records : records.map(onItsOwn);
  }

  private cutAt(window: Window, at: number): Cut | typeof MORE {
    const { data, atEnd } = window;
    switch (data[at]) {
      case OPEN_BRACE:
        return cutJson(window, at);
      case LESS_THAN:
        return cutXml(window, at) ?? cutText(window, at);
      case OPEN_BRACKET: {
        const inner = skipBlank(data, at + 1);
        if (inner === data.length && !atEnd && inner - at < this.limit) return MORE;
        if (data[inner] !== OPEN_BRACE && data[inner] !== OPEN_BRACKET && data[inner] !== CLOSE_BRACKET) break;
        this.arrays += 1;
        return { next: at + 1 };
      }
      case CLOSE_BRACKET:
        if (this.arrays === 0) break;
        this.arrays -= 1;
        return { next: at + 1 };
    }
    return cutText(window, at);
  }

  /** Blanks, byte order marks of files that were put together, the commas of an array, and one comma after an object. */
  private skipBetween(data: Buffer, from: number): number {
    let at = skipBlank(data, from);
    while ((this.arrays > 0 || this.afterObject) && data[at] === COMMA) {
      this.afterObject = false;
      at = skipBlank(data, at + 1);
    }
    return at;
  }

  private skipLine(data: Buffer, from: number): number {
    const newline = data.indexOf(NEWLINE, from);
    if (newline < 0) return data.length;
    this.dropping = false;
    return newline;
  }

  private countLines(data: Buffer, from: number, to: number): void {
    for (let at = data.indexOf(NEWLINE, from); at >= 0 && at < to; at = data.indexOf(NEWLINE, at + 1)) this.line += 1;
  }
}

/**
 * A view keeps all the bytes in memory that it is a view of, as long as the event waits to be sent. That costs little where most of
 * them are events, and much where a small one stands between megabytes of comments or blank lines.
 */
function isWorthKeeping(records: readonly InputRecord[], data: Buffer): boolean {
  const kept = records.reduce((sum, { text }) => sum + text.length, 0);
  return MIN_KEPT * kept >= data.buffer.byteLength;
}

/** A quarter: what waits to be sent then keeps at most four times of what it is. */
const MIN_KEPT = 4;

function onItsOwn(record: InputRecord): InputRecord {
  return typeof record.text === 'string' ? record : { ...record, text: Buffer.from(record.text) };
}

function skipBlank(data: Buffer, from: number): number {
  let at = from;
  for (;;) {
    const byte = data[at];
    if (byte === 0x20 || (byte !== undefined && byte >= 0x09 && byte <= 0x0d)) at += 1;
    else if (byte === 0xef && data[at + 1] === 0xbb && data[at + 2] === 0xbf) at += 3;
    else return at;
  }
}
