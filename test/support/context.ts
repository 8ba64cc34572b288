import { Readable } from 'node:stream';
import type { Context } from '../../src/commands/command';
import { findVerb } from '../../src/commands';
import { ProblemError } from '../../src/errors';
import type { RetryPolicy } from '../../src/cluster/retry-policy';
import { isRecord } from '../../src/json';
import { recordsOf } from '../../src/lists';
import { quick } from './retry-policy';

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

/** What a command came to: its exit status, and all that a person is told. */
export interface Received {
  readonly exit: number;
  /** Of the error that ended it, or of the first rule that failed. */
  readonly code?: string | undefined;
  readonly text: string;
  readonly json?: unknown;
}

/** Flags that any command may ask for; none of them means two things. */
const FLAGS = {
  output: 'json',
  scheduler: 'local',
  yes: true,
  prune: false,
  move: false,
  'with-data': false,
  'exit-code': false,
};

/**
 * Runs a command as cli.ts does, without a process of its own and without sleeping.
 * @param argv flags by their long names, and what stands on the command line without one
 */
export async function received(
  verb: string,
  { url, retryPolicy = quick(), ...argv }: { url: string; retryPolicy?: RetryPolicy } & Record<string, unknown>,
): Promise<Received> {
  const command = findVerb(verb)?.load();
  if (command === undefined) throw new Error(`there is no ${verb}`);
  const notes: string[] = [];
  const note = (line: string): void => void notes.push(line);
  try {
    const { exit, text, json } = await command.run(
      { ...quiet(), note, retryPolicy },
      { esUrl: url, ...FLAGS, ...argv },
    );
    const [failed] = isRecord(json) ? recordsOf(json.failures) : [];
    const code = typeof failed?.code === 'string' ? failed.code : undefined;
    return { exit, code, text: [text, ...notes].join('\n'), json };
  } catch (error) {
    // Anything else is a fault of ours, and its stack is wanted.
    if (!(error instanceof ProblemError)) throw error;
    return { exit: error.exitStatus, code: error.code, text: error.message };
  }
}
