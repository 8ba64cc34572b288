import type { JsonRecord } from '../json';
/*
 * yargs drops a lone dash (standard input) among several files, and fails on values after `--` that begin with a dash. So cli.ts marks
 * such arguments before yargs reads them.
 */

/** No argument of a process can hold this character. */
const MARK = '\0';

/** Marks `-`, and all that follows `--` and begins with a dash; `--` itself is left out. @param args of the command line */
export function markValues(args: readonly string[]): string[] {
  // A shell asks what can follow `--` on the line that is typed: there it is the beginning of a flag.
  const end = args[0] === '--get-yargs-completions' ? -1 : args.indexOf('--');
  return args.flatMap((arg, index) => {
    if (index === end) return [];
    const isValue = arg === '-' || (end >= 0 && index > end && arg.startsWith('-'));
    return [isValue ? `${MARK}${arg}` : arg];
  });
}

/** The arguments of a command as they were typed. @param argv as yargs reads marked arguments */
export function unmarkValues(argv: JsonRecord): Record<string, unknown> {
  const members = Object.entries(argv).map(([name, value]) => [
    name,
    Array.isArray(value) ? value.map(unmark) : unmark(value),
  ]);
  return Object.fromEntries(members) as Record<string, unknown>;
}

function unmark(value: unknown): unknown {
  return typeof value === 'string' && value.startsWith(MARK) ? value.slice(MARK.length) : value;
}
