import type { Answer, Asked, Fault } from './proxy';

/** What a fault does to a command, of which it hits one kind of request. */
export interface Case {
  readonly name: string;
  readonly fate: Answer | Fault;
  /** Whether a command gets over it by itself when it happens once. */
  readonly passes: boolean;
  /** The code of the error when it happens every time; none where that does no harm. */
  readonly code?: string;
  /** How often the request is sent then. */
  readonly sent: number;
  /** It says nothing of the cluster: what is independent of the request is done all the same. */
  readonly each?: true;
}

/** A page, as a proxy before the cluster writes it. */
const page = (status: number, title: string): Answer => ({
  status,
  body: `<html>\n<head><title>${title}</title></head>\n<body><h1>${title}</h1></body></html>`,
});

const busy = (headers: Record<string, string> = {}): Answer => ({
  status: 429,
  body: { error: { type: 'circuit_breaking_exception', reason: 'data too large' }, status: 429 },
  headers,
});

/** A server's 500 for what is the client's mistake, as plugins give it. */
const mistake: Answer = {
  status: 500,
  body: { error: { type: 'illegal_argument_exception', reason: 'no such option' }, status: 500 },
};

/** As often as `quick` asks: see support/retry-policy.ts. */
const EVERY = 4;

/** Faults of single requests. Those that need more than an answer are in the tests themselves. */
export const CASES: readonly Case[] = [
  { name: 'reset before the request arrives', fate: 'cut before', passes: true, code: 'UNREACHABLE', sent: EVERY },
  { name: 'reset after it was done', fate: 'cut after', passes: true, code: 'UNREACHABLE', sent: EVERY },
  { name: 'a truncated answer', fate: 'cut off', passes: true, code: 'UNREACHABLE', sent: EVERY },
  { name: 'a malformed answer', fate: 'malformed', passes: true, code: 'NOT_A_SEARCH_ENGINE', sent: EVERY },
  {
    name: 'a page with status 200',
    fate: page(200, 'Down for maintenance'),
    passes: true,
    code: 'NOT_A_SEARCH_ENGINE',
    sent: EVERY,
  },
  {
    name: 'JSON that answers something else',
    fate: { status: 200, body: {} },
    passes: true,
    code: 'NOT_A_SEARCH_ENGINE',
    sent: EVERY,
  },
  { name: 'a slow answer', fate: 'slow', passes: true, sent: 1 },
  { name: '429', fate: busy(), passes: true, code: 'REFUSED', sent: EVERY },
  { name: '429 with Retry-After: 2', fate: busy({ 'retry-after': '2' }), passes: true, code: 'REFUSED', sent: EVERY },
  { name: '429 with Retry-After: 900', fate: busy({ 'retry-after': '900' }), passes: false, code: 'REFUSED', sent: 1 },
  { name: '502', fate: page(502, '502 Bad Gateway'), passes: true, code: 'REFUSED', sent: EVERY },
  { name: '503', fate: page(503, '503 Service Unavailable'), passes: true, code: 'REFUSED', sent: EVERY },
  { name: '504', fate: page(504, '504 Gateway Time-out'), passes: true, code: 'REFUSED', sent: EVERY },
  { name: "500 for a client's mistake", fate: mistake, passes: false, code: 'REFUSED', sent: 1, each: true },
];

/** Those that differ in what they have done already; the others differ for the message alone. */
export const TELLING: readonly string[] = ['reset after it was done', 'a malformed answer', 'a slow answer', '503'];

/** Faults by which nothing is heard; each costs its time, so there are few of them. */
export const SILENT: readonly Case[] = [
  { name: 'a stalled request', fate: 'stall', passes: true, code: 'UNREACHABLE', sent: 2 },
  { name: 'an answer that stalls in the middle', fate: 'stall within', passes: true, code: 'UNREACHABLE', sent: 2 },
];

/** Faults of single items of a bulk request: of its first, and so for ever of one. */
export const PARTIAL: readonly Case[] = [
  {
    name: 'a queue that is full for some',
    fate: {
      items: (index) => index === 0,
      status: 429,
      error: { type: 'rejected_execution_exception', reason: 'queue full' },
    },
    passes: true,
    code: 'REFUSED',
    sent: EVERY,
  },
];

/** Does something to the requests of one kind: to the first, or to every one of them. */
export class Trouble {
  /** How many requests of that kind there were. */
  seen = 0;
  private fate: Answer | Fault | undefined;
  private which: (asked: Asked) => boolean = () => false;
  private always = false;

  readonly intercept = (asked: Asked): Answer | Fault | undefined => {
    if (!this.which(asked)) return undefined;
    this.seen += 1;
    return this.always || this.seen === 1 ? this.fate : undefined;
  };

  begin(which: (asked: Asked) => boolean, fate: Answer | Fault, always: boolean): void {
    Object.assign(this, { seen: 0, fate, which, always });
  }

  end(): void {
    this.which = () => false;
  }
}
