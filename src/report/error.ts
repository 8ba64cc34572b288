import { ProblemError, redact } from '../errors';
import { version } from '../program';

/** What a person is told of an error: what is wrong and what to do about it; only of a fault of ours, where it happened. */
export function errorLines(error: unknown): string[] {
  if (error instanceof ProblemError) {
    return error.message.split('\n').map((line) => (line.startsWith('  ') ? line : `error: ${line}`));
  }
  const stack = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return [`error: this is a fault of wmi-detections ${version()}, please report it:`, ...redact(stack).split('\n')];
}
