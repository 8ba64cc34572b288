import { types } from 'node:util';
import { version } from './program';

/**
 * The one error of this program for everything that a user can mend: bad input, a bad setting, a server that says no.
 * Anything else that is thrown is a fault of ours and is reported as such.
 */

/** Where a problem is: a place in a file, or the request that failed. */
export type Place =
  | { readonly file: string; readonly line?: number | undefined; readonly column?: number | undefined }
  | { readonly url: string; readonly method?: string | undefined; readonly status?: number | undefined };

/** One thing that is wrong: where, what and why, and what to do about it. */
export interface Problem {
  readonly where?: Place | undefined;
  readonly message: string;
  readonly hint?: string | undefined;
}

/** What kind of failure it is; scripts may rely on these words, they stand in `--output json`. */
export type ErrorCode =
  | 'USAGE'
  | 'SETTINGS'
  | 'INPUT'
  | 'CONTENT_INVALID'
  | 'RULE_INVALID'
  | 'UNREACHABLE'
  | 'UNAUTHORIZED'
  | 'FORBIDDEN'
  | 'NOT_A_SEARCH_ENGINE'
  | 'READ_ONLY'
  | 'REFUSED'
  | 'UNSAFE'
  | 'PARTIAL'
  | 'ENGINE'
  | 'OUTPUT'
  | 'INTERRUPTED';

/** 1: the answer is no. 2: the tool could not work. 130: interrupted. */
export type ExitStatus = 0 | 1 | 2 | 130;

const ANSWER_IS_NO: ReadonlySet<ErrorCode> = new Set(['CONTENT_INVALID', 'RULE_INVALID', 'PARTIAL']);

/** Passwords in URLs, and credentials in header form, must not reach any output. */
const SECRETS: readonly [RegExp, string][] = [
  [/(\b[a-z][a-z0-9+.-]*:\/\/)[^/\s@]+@/gi, '$1***@'],
  [/\b(ApiKey|Basic|Bearer)\s+[A-Za-z0-9+/=_.-]{6,}/g, '$1 ***'],
];

/** What this process was given to keep secret, the longest first: a server may say it back in any form. */
const kept: string[] = [];

/** Sees to it that no error shows `secret`, whoever says it. What has less than four characters is too short to find. */
export function keepSecret(secret: string): void {
  if (secret.length < 4 || kept.includes(secret)) return;
  kept.push(secret);
  kept.sort((left, right) => right.length - left.length);
}

/** The same text without credentials. */
export function redact(text: string): string {
  const known = kept.reduce((redacted, secret) => redacted.replace(wholeOf(secret), '***'), text);
  return SECRETS.reduce((redacted, [pattern, replacement]) => redacted.replace(pattern, replacement), known);
}

/** A password may be a word; in a longer one it is not the password. */
function wholeOf(secret: string): RegExp {
  const literal = secret.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&');
  return new RegExp(`(?<![A-Za-z0-9])${literal}(?![A-Za-z0-9])`, 'g');
}

function redactPlace(place: Place | undefined): Place | undefined {
  return place !== undefined && 'url' in place ? { ...place, url: redact(place.url) } : place;
}

/** `file:line:column`, or `METHOD url (status)`. */
export function describePlace(place: Place): string {
  if ('url' in place) {
    const request = place.method === undefined ? place.url : `${place.method} ${place.url}`;
    return place.status === undefined ? request : `${request} (${place.status})`;
  }
  return [place.file, place.line, place.column].filter((part) => part !== undefined).join(':');
}

function describeProblem(problem: Problem): string {
  const where = problem.where === undefined ? '' : `${describePlace(problem.where)}: `;
  const hint = problem.hint === undefined ? '' : `\n  ${problem.hint}`;
  return `${where}${problem.message}${hint}`;
}

/** The text of a cause: the thing itself may hold a request with its credentials. */
function causeOf(cause: unknown): ErrorOptions {
  return cause === undefined
    ? {}
    : { cause: redact(types.isNativeError(cause) ? `${cause.name}: ${cause.message}` : JSON.stringify(cause)) };
}

/**
 * @param code what kind of failure it is
 * @param problems everything that is wrong, in the order in which it is to be shown; secrets are redacted here
 * @param options.cause what was caught; its redacted text is kept for a debugger, and never printed
 */
export class ProblemError extends Error {
  override readonly name = 'ProblemError';
  readonly code: ErrorCode;
  readonly problems: readonly Problem[];

  constructor(code: ErrorCode, problems: readonly Problem[], options: { cause?: unknown } = {}) {
    const redacted = problems.map((problem) => ({
      where: redactPlace(problem.where),
      message: redact(problem.message),
      hint: problem.hint === undefined ? undefined : redact(problem.hint),
    }));
    super(redacted.map(describeProblem).join('\n'), causeOf(options.cause));
    this.code = code;
    this.problems = redacted;
  }

  get exitStatus(): ExitStatus {
    if (this.code === 'INTERRUPTED') return 130;
    return ANSWER_IS_NO.has(this.code) ? 1 : 2;
  }
}

/**
 * The error of a file that was named by the user and that cannot be written.
 * @param what would be in it, in the plural
 */
export function unwritable(file: string, cause: unknown, what: string, hint: string): ProblemError {
  const message = `${what} cannot be written here: ${(cause as Error).message}`;
  return new ProblemError('INPUT', [{ where: { file }, message, hint }], { cause });
}

/** The error of something that was ended on its way, with what had been done until then. */
export function stoppedAfter(error: ProblemError, done: string): ProblemError {
  const problems = error.problems.map((problem) => ({ ...problem, message: `${problem.message}; ${done}` }));
  return new ProblemError(error.code, problems, { cause: error });
}

/** The lines that report an error: what is wrong and what to do; the stack only for a bug of this program. */
export function errorLines(error: unknown): string[] {
  if (error instanceof ProblemError) {
    return error.message.split('\n').map((line) => (line.startsWith('  ') ? line : `error: ${line}`));
  }
  const stack = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return [`error: this is a fault of wmi-detections ${version()}, please report it:`, ...redact(stack).split('\n')];
}
