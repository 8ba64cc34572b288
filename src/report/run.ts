import type { RuleRun } from '../schedule/run-rule';

/** What each rule did, a line a rule. */
export function runText(rules: readonly RuleRun[]): string {
  return rules.map(ruleLine).join('\n');
}

function ruleLine({ name, events, alerts, new: created, from, to, timebase }: RuleRun): string {
  const window = `${timebase} from ${from ?? 'the beginning'} to ${to ?? 'the end'}`;
  return `  ${name}: ${plural(events, 'event')}, ${plural(alerts, 'alert')}, ${created} new  (${window})`;
}

/** `1 event`, `2 events`. */
export function plural(number: number, singular: string, plurals = `${singular}s`): string {
  return `${number} ${number === 1 ? singular : plurals}`;
}
