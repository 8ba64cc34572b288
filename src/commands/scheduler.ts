import { ProblemError } from '../errors';
import type { Settings } from '../settings';

/**
 * This version runs the rules with its own scheduler only.
 * @throws ProblemError SETTINGS for any other scheduler
 */
export function refuseOtherSchedulers({ scheduler }: Settings): void {
  if (scheduler === 'local') return;
  throw new ProblemError('SETTINGS', [
    {
      message: `the scheduler \`${scheduler}\` is not supported by this version`,
      hint: 'Use `--scheduler local` (or `scheduler: local` in the settings): `deploy` stores the rules in the cluster and `run` executes them.',
    },
  ]);
}
