import type { RuleRun } from '../schedulers/execute-window';
import { plural } from '../text/plural';
import type { RunLoopEvent } from '../schedulers/local/run-loop';
import { describeDuration } from '../text/duration';
import { errorLines } from '../errors';

/** What each rule did, a line a rule. */
export function runText(rules: readonly RuleRun[]): string {
  return rules.map((rule) => `  ${runLine(rule)}`).join('\n');
}

/** What one rule did in one window. */
export function runLine({ name, events, alerts, new: created, from, to, timebase }: RuleRun): string {
  const window = `${timebase} from ${from ?? 'the beginning'} to ${to ?? 'the end'}`;
  return `${name}: ${plural(events, 'event')}, ${plural(alerts, 'alert')}, ${created} new  (${window})`;
}

/** What a watch tells beside the results of its windows, for a person. */
export function runLoopLines(event: Exclude<RunLoopEvent, { readonly kind: 'run' }>): string[] {
  if (event.kind === 'change') return [`rule "${event.name}" ${CHANGES[event.change]}`];
  const next =
    event.once === true
      ? 'It is refused for good, and reported once: correct the rule and deploy it. The run after that covers this one.'
      : `The next run covers this one, in ${describeDuration(event.again)}.`;
  return [...errorLines(event.error), `  ${next}`];
}

const CHANGES = {
  new: 'is new and runs from now on',
  edited: 'was changed; its next window runs it as it is now',
  gone: 'is no longer stored and runs no more',
} as const;
