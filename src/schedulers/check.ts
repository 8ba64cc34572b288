import { ProblemError } from '../errors';

/** What `doctor` found about one thing. */
export interface Check {
  readonly about: string;
  /** `missing`: a command will fail for it. `unknown`: it could not be found out. */
  readonly state: 'ok' | 'warning' | 'missing' | 'unknown';
  readonly message: string;
  /** What to do about it. */
  readonly fix?: string | undefined;
}

/**
 * A check that ended in an error of its own.
 * @throws whatever is no problem of the user's, and an interruption
 */
export function failedCheck(about: string, error: unknown): Check {
  if (!(error instanceof ProblemError) || error.code === 'INTERRUPTED') throw error;
  const [problem] = error.problems;
  return { about, state: 'missing', message: problem?.message ?? error.message, fix: problem?.hint };
}
