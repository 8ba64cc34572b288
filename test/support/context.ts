import { Readable } from 'node:stream';
import type { Context } from '../../src/commands/command';

/** A context without a terminal that forgets what it is told. */
export function quiet(): Context {
  return {
    environment: {},
    stdin: Readable.from([]),
    signal: new AbortController().signal,
    width: 120,
    interactive: false,
    note: () => undefined,
    print: () => undefined,
    progress: () => undefined,
    confirm: () => Promise.resolve(false),
    ask: (_, otherwise) => Promise.resolve(otherwise),
  };
}
