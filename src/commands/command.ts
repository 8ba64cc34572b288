import type { Readable } from 'node:stream';
import type { InferredOptionType, Options, PositionalOptions } from 'yargs';
import { describePlace, ProblemError, stoppedAfter, type ExitStatus } from '../errors';
import { readSettings, type Environment, type Flags, type Settings } from '../settings';
import type { RetryPolicy } from '../cluster/retry-policy';
import { connect, type Cluster } from '../cluster/cluster';
import type { RequestContext } from '../cluster/connection';
import { originOf } from '../notify/post';

/** What a command may use of the world around it; only cli.ts makes one. */
export interface Context {
  readonly environment: Environment;
  readonly stdin: Readable;
  /** Aborted by Ctrl-C and SIGTERM. */
  readonly signal: AbortSignal;
  /** How requests are repeated; the program's own policy where not given. */
  readonly retryPolicy?: RetryPolicy | undefined;
  /** Columns of the terminal; 120 where there is none. */
  readonly width: number;
  /** Whether standard error is a terminal, so that a progress line can be drawn there. */
  readonly interactive: boolean;
  /** A line for the person who waits, on standard error. */
  readonly note: (line: string) => void;
  /** A line of a result that comes bit by bit, on standard output. */
  readonly print: (line: string) => void;
  /** Replaces the last progress line on a terminal, takes it away when empty; nothing in a pipe. */
  readonly progress: (line: string) => void;
  /** Asks on the terminal; without a terminal the answer is no. */
  readonly confirm: (question: string) => Promise<boolean>;
  /** Asks on the terminal for a text; without a terminal, or with an empty answer, it is `otherwise`. */
  readonly ask: (question: string, otherwise: string | undefined) => Promise<string | undefined>;
}

/** What came of a command. Nothing has been printed yet. */
export interface Outcome {
  /** Printed with `--output json`; undefined when all has been printed line by line. */
  readonly json: unknown;
  /** Printed otherwise; ends without newline. */
  readonly text: string;
  readonly exit: ExitStatus;
}

type OptionSet = Readonly<Record<string, Options>>;
type PositionalSet = Readonly<Record<string, PositionalOptions>>;
type Values<T extends OptionSet | PositionalSet> = { readonly [K in keyof T]: InferredOptionType<T[K]> };

interface Declaration<O extends OptionSet, P extends PositionalSet> {
  readonly options: O;
  readonly positionals: P;
  readonly examples?: readonly (readonly [string, string])[];
  /** What is true when it is interrupted, unless its own error says it. */
  readonly interrupted?: string;
  readonly run: (context: Context, argv: Arguments<O, P>) => Promise<Outcome>;
}

type Arguments<O extends OptionSet, P extends PositionalSet> = Flags &
  Values<O> &
  Values<P> & { readonly output: string };

/** The declaration of a verb, its own argument types hidden so that all verbs fit one list. */
export interface Command {
  readonly options: OptionSet;
  readonly positionals: PositionalSet;
  readonly examples: readonly (readonly [string, string])[];
  readonly run: (context: Context, argv: unknown) => Promise<Outcome>;
}

/** Declares a verb; yargs has checked the arguments before `run` gets them. */
export function declare<O extends OptionSet, P extends PositionalSet>(declaration: Declaration<O, P>): Command {
  return {
    examples: [],
    ...declaration,
    run: async (context, argv) => {
      try {
        return await declaration.run(context, argv as Arguments<O, P>);
      } catch (error) {
        throw context.signal.aborted ? interruption(error, declaration.interrupted) : error;
      }
    },
  };
}

/** What an interruption makes of an error: the abortion of whatever was waited for is no fault of the program. */
function interruption(error: unknown, done: string | undefined): unknown {
  const stopped =
    error instanceof Error && error.name === 'AbortError'
      ? new ProblemError('INTERRUPTED', [{ message: 'interrupted' }], { cause: error })
      : error;
  if (done === undefined || !(stopped instanceof ProblemError) || stopped.code !== 'INTERRUPTED') return stopped;
  return stoppedAfter(stopped, done);
}

/**
 * Settings of this call: file, environment, flags. Every time, it is said aloud where certificates are not verified.
 * @param options.notify whether the call needs the webhooks
 */
export function settingsOf(context: Context, flags: Flags, options: { readonly notify?: boolean } = {}): Settings {
  const settings = readSettings(flags, context.environment, options);
  const webhooks = settings.notify.map((webhook) => ({ ...webhook, url: originOf(webhook) }));
  for (const { url, unverified } of [settings.elasticsearch, settings.kibana, ...webhooks]) {
    if (url === undefined || unverified === undefined) continue;
    context.note(
      `warning: ${describePlace(unverified)}: the certificate of ${url} is not verified (tls.verify: false). Whoever stands in between reads and changes everything, credentials too.`,
    );
  }
  return settings;
}

/**
 * Connects to the cluster that the settings name.
 * @throws ProblemError SETTINGS when they name none, and whatever `connect` throws
 */
export async function clusterOf(
  { elasticsearch }: Settings,
  { signal, retryPolicy }: RequestContext,
): Promise<Cluster> {
  const { url, ...access } = elasticsearch;
  if (url === undefined) {
    const hint =
      'Give --es-url URL, set WMI_DETECTIONS_ES_URL, or write elasticsearch.url into wmi-detections.yml. Without a cluster: `wmi-detections engine start` prints the URL of an embedded one.';
    throw new ProblemError('SETTINGS', [{ message: 'no cluster is named', hint }]);
  }
  return connect({ url, ...access }, { signal, retryPolicy });
}
