import type { RunLoopEvent } from '../schedulers/local/run-loop';
import { describeDuration } from '../text/duration';
import { errorLines } from './error';

/** What a watch tells beside the results of its windows, for a person. */
export function runLoopLines(told: Exclude<RunLoopEvent, { readonly kind: 'run' }>): string[] {
  if (told.kind === 'change') return [`rule "${told.name}" ${CHANGES[told.change]}`];
  return [...errorLines(told.error), `  The next run covers this one, in ${describeDuration(told.again)}.`];
}

const CHANGES = {
  new: 'is new and runs from now on',
  edited: 'was changed; its next window runs it as it is now',
  gone: 'is no longer stored and runs no more',
} as const;
