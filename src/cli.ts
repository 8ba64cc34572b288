#!/usr/bin/env node
import { createInterface } from 'node:readline/promises';
import yargs, { type Argv, type Options } from 'yargs';
import { VERBS, verbName } from './commands';
import type { Command, Context, Outcome } from './commands/command';
import { ProblemError, redact, type ExitStatus, errorLines } from './errors';
import { version } from './program';
import { markValues, unmarkValues } from './text/argument-values';
import { nearest } from './text/suggest';

/** Flags of every command. */
const GLOBAL = {
  'es-url': {
    type: 'string',
    describe:
      'URL of Elasticsearch or OpenSearch, or of several nodes with commas between them (WMI_DETECTIONS_ES_URL)',
  },
  'kibana-url': { type: 'string', describe: 'URL of Kibana (WMI_DETECTIONS_KIBANA_URL)' },
  namespace: { type: 'string', describe: 'namespace of data streams, rules and alerts [default: default]' },
  config: { type: 'string', describe: 'settings file [default: wmi-detections.yml, where there is one]' },
  profile: { type: 'string', describe: 'which of the profiles in the settings file (WMI_DETECTIONS_PROFILE)' },
  content: { type: 'string', describe: 'folder of pipelines/, mappings/ and rules/ [default: those of the program]' },
  rules: {
    type: 'string',
    array: true,
    describe: 'your own folders of Sigma rules, nested as you like, on top of those of the program',
  },
  'shipped-rules': { type: 'boolean', describe: 'the rules of the program; --no-shipped-rules leaves them out' },
  output: { type: 'string', choices: ['text', 'json'], default: 'text', describe: 'form of the result' },
} as const;

const EPILOGUE = `Secrets come from the environment, never as flags: WMI_DETECTIONS_ES_API_KEY, or WMI_DETECTIONS_ES_USERNAME
and WMI_DETECTIONS_ES_PASSWORD; WMI_DETECTIONS_ES_CA names a CA file; the same with KIBANA for ES. docs/connections.md has the rest.
Exit status: 0 fine; 1 the answer is no; 2 could not work (usage, settings, network, privileges); 130 interrupted.`;

async function main(): Promise<void> {
  const interruption = new AbortController();
  const context = contextOf(interruption.signal, interrupt);
  // The first asks the command to end in order; the second does not wait for it.
  function interrupt(): void {
    context.progress('');
    if (interruption.signal.aborted) process.exit(130);
    if (context.interactive) context.note('Ending in order; Ctrl-C again ends at once.');
    interruption.abort();
  }
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, interrupt);
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    // A reader that has seen enough (`| head`) closes the pipe, which is not an error.
    if (error.code === 'EPIPE') process.exit(0);
    process.exit(reportError(unwritable(error), context));
  });
  // There is nowhere left to report to; the command itself goes on.
  process.stderr.on('error', () => undefined);
  process.exitCode = await runCli(process.argv.slice(2), context);
}

async function runCli(args: readonly string[], context: Context): Promise<ExitStatus> {
  let outcome: { outcome: Outcome; json: boolean } | undefined;
  const called = calledCommands(args);
  const program = yargs(markValues(args))
    .scriptName('wmi-detections')
    .usage('$0 <command>\n\nDetects process creation through WMI (ATT&CK T1047) on Elasticsearch and OpenSearch.')
    .parserConfiguration({ 'dot-notation': false, 'duplicate-arguments-array': true })
    .middleware((argv) => {
      lastOfRepeated(argv, called);
    }, true)
    .strict()
    .demandCommand(1, 1, 'a command is needed', 'one command at a time')
    .options(GLOBAL)
    .group(Object.keys(GLOBAL), 'Everywhere:')
    .version(version())
    .help()
    .alias('h', 'help')
    .wrap(Math.min(context.width, 120))
    .epilogue(EPILOGUE)
    .exitProcess(false)
    .fail((message: string, error: Error | undefined) => {
      throw error ?? usageError(message, args, called);
    });
  for (const verb of VERBS) {
    program.command(
      verb.name,
      verb.describe,
      (builder) => declareArguments(builder, called.get(verbName(verb))),
      async (argv) => {
        const command = called.get(verbName(verb)) ?? verb.load();
        outcome = { outcome: await command.run(context, unmarkValues(argv)), json: argv.output === 'json' };
      },
    );
  }
  program.completion('completion', 'print a script that completes commands and flags, for bash or zsh');
  try {
    await program.parseAsync();
  } catch (error) {
    context.progress('');
    return reportError(error, context);
  }
  context.progress('');
  if (outcome === undefined) return 0;
  const { json, text, exit } = outcome.outcome;
  const shown = !outcome.json ? text : json === undefined ? '' : JSON.stringify(json, null, 2);
  if (shown !== '') process.stdout.write(`${shown}\n`);
  return exit;
}

/**
 * The commands whose verb is among the arguments, by verb: the one that is called, and at most a few that a value is named like.
 * No other is loaded.
 */
function calledCommands(args: readonly string[]): ReadonlyMap<string, Command> {
  const verbs = VERBS.filter((verb) => args.includes(verbName(verb)));
  return new Map(verbs.map((verb) => [verbName(verb), verb.load()]));
}

/** Of a flag that is repeated the last one counts, as a script that adds its own at the end expects, unless it is a list. */
function lastOfRepeated(argv: Record<string, unknown>, called: ReadonlyMap<string, Command>): void {
  const declared = [...called.values()].flatMap(({ options, positionals }) =>
    Object.entries({ ...options, ...positionals }),
  );
  const lists = new Set([
    '_',
    'space',
    'rules',
    ...declared.flatMap(([name, { array }]) => (array === true ? [name] : [])),
  ]);
  for (const [name, value] of Object.entries(argv)) {
    if (Array.isArray(value) && !lists.has(name)) argv[name] = (value as unknown[]).at(-1);
  }
}

/** @param command undefined for a verb that is not called, whose arguments nobody asks for */
function declareArguments(builder: Argv, command: Command | undefined): Argv {
  if (command === undefined) return builder;
  for (const [name, options] of Object.entries(command.positionals)) builder.positional(name, options);
  for (const [example, meaning] of command.examples) builder.example(example, meaning);
  const { output, ...others } = command.options;
  builder.options(others);
  return output === undefined ? builder : builder.option('output', withoutGlobalChoices(output));
}

/** yargs adds the choices of a command's `--output` to those of every command. */
function withoutGlobalChoices(output: Options): Options {
  const everywhere: readonly unknown[] = GLOBAL.output.choices;
  return { ...output, choices: (output.choices ?? []).filter((choice) => !everywhere.includes(choice)) };
}

/** yargs knows which argument is unknown, but not which one was meant. */
function usageError(message: string, args: readonly string[], called: ReadonlyMap<string, Command>): ProblemError {
  const [command] = called.values();
  const flags = [...Object.keys(GLOBAL), ...Object.keys(command?.options ?? {}), 'help', 'version'];
  const [, found] = /^Unknown (?:arguments?|commands?): (.+)$/.exec(message) ?? [];
  // An unknown flag takes the word after it as its value, so yargs may find an argument missing first.
  const words = found ?? (message.startsWith('Not enough non-option arguments') ? unknownFlags(args, flags) : '');
  if (words === '') {
    return new ProblemError('USAGE', [{ message: message.trim().replace(/\s*\n\s*/g, ' '), hint: HELP }]);
  }
  // yargs gives a flag back in camel case, alone or beside the form that was typed.
  const unknown = new Set(words.split(', ').map((word) => (args.includes(word) ? word : dashed(word))));
  return new ProblemError(
    'USAGE',
    [...unknown].map((word) => {
      const isFlag = args.some((arg) => arg.startsWith(`-${word}`) || arg.startsWith(`--${word}`));
      const near = nearest(word, isFlag ? flags : command === undefined ? [...VERBS.map(verbName), 'completion'] : []);
      const what = isFlag ? 'flag' : command === undefined ? 'command' : 'argument';
      const meant = near === undefined ? '' : `Did you mean ${isFlag ? '--' : ''}${near}? `;
      return { message: `unknown ${what} \`${isFlag ? '--' : ''}${word}\``, hint: `${meant}${HELP}` };
    }),
  );
}

function unknownFlags(args: readonly string[], flags: readonly string[]): string {
  const given = markValues(args).flatMap((arg) => /^--(?:no-)?([^=]+)/.exec(arg)?.[1] ?? []);
  return given.filter((name) => !flags.includes(dashed(name))).join(', ');
}

const HELP = '`wmi-detections --help` lists the commands, `wmi-detections <command> --help` their flags.';

function dashed(word: string): string {
  return word.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

/** What is wrong with standard output: a full disk, most often. */
function unwritable(error: NodeJS.ErrnoException): ProblemError {
  const full = error.code === 'ENOSPC';
  return new ProblemError(
    'OUTPUT',
    [
      {
        message: `the result could not be written to standard output: ${full ? 'no space left on device' : error.message}`,
        hint: full ? 'Free some space, or write it elsewhere.' : 'Write it elsewhere.',
      },
    ],
    { cause: error },
  );
}

function reportError(error: unknown, context: Context): ExitStatus {
  for (const line of errorLines(error)) context.note(line);
  return error instanceof ProblemError ? error.exitStatus : 2;
}

/** @param interrupt does what Ctrl-C does, which a terminal that asks a question keeps to itself */
function contextOf(signal: AbortSignal, interrupt: () => void): Context {
  const interactive = process.stderr.isTTY;
  let drawn = false;
  const clear = (): void => {
    if (drawn) process.stderr.write('\r\u001b[2K');
    drawn = false;
  };
  /** What is typed on the terminal; undefined where there is none. */
  const typed = async (question: string): Promise<string | undefined> => {
    if (!process.stdin.isTTY || !interactive) return undefined;
    clear();
    const terminal = createInterface({ input: process.stdin, output: process.stderr });
    // The end of the input (Ctrl-D) is no answer either.
    const ended = new Promise<undefined>((resolve) => {
      terminal.once('close', () => {
        resolve(undefined);
      });
    });
    terminal.once('SIGINT', interrupt);
    try {
      return (await Promise.race([terminal.question(question, { signal }), ended]))?.trim();
    } finally {
      terminal.close();
    }
  };
  return {
    environment: process.env,
    stdin: process.stdin,
    signal,
    width: process.stdout.isTTY ? process.stdout.columns : 120,
    interactive,
    note(line) {
      clear();
      process.stderr.write(`${line}\n`);
    },
    print(line) {
      clear();
      process.stdout.write(`${line}\n`);
    },
    progress(line) {
      if (!interactive) return;
      clear();
      process.stderr.write(line);
      drawn = line !== '';
    },
    async confirm(question) {
      return /^y(es)?$/i.test((await typed(`${question} [y/N] `)) ?? '');
    },
    async ask(question, otherwise) {
      const suggested = otherwise === undefined || otherwise === '' ? '' : ` [${redact(otherwise)}]`;
      const answer = await typed(`${question}${suggested}: `);
      return answer === undefined || answer === '' ? otherwise : answer;
    },
  };
}

void main();
