import type { RuleRun } from '../schedulers/execute-window';
import { plural } from '../text/plural';

/** What each rule did, a line a rule. */
export function runText(rules: readonly RuleRun[]): string {
  return rules.map((rule) => `  ${runLine(rule)}`).join('\n');
}

/** What one rule did in one window. */
export function runLine({ name, events, alerts, new: created, from, to, timebase }: RuleRun): string {
  const window = `${timebase} from ${from ?? 'the beginning'} to ${to ?? 'the end'}`;
  return `${name}: ${plural(events, 'event')}, ${plural(alerts, 'alert')}, ${created} new  (${window})`;
}
