import { toIso } from '../text/time';
import { SCHEDULERS } from '../schedulers';
import type { SchedulerName } from '../settings';
import type { Reason } from '../alerts/missing';
import type { MissingAlert, RuleReconciliation } from '../alerts/reconcile';
import { escapeForTerminal, cut } from '../text/escape';
import { plural } from '../text/plural';

/** So many missing alerts of a rule are shown; `--output json` has all. */
const MOST_MISSING = 10;

/** What comes before that: nothing runs a rule that is not there, and what is disabled would miss the next event, too. */
const FIRST: Readonly<Partial<Record<Reason['code'], string>>> = {
  not_deployed: 'deploy the rule',
  disabled: 'enable the rule',
};

/** Each rule's events against its alerts, for a person: what is missing, why, and what helps. */
export function reconcileText(
  rules: readonly RuleReconciliation[],
  { scheduler, namespace }: { scheduler: SchedulerName; namespace: string },
): string {
  const missing = rules.reduce((sum, rule) => sum + rule.missing.length, 0);
  const end = missing === 0 ? 'Nothing is missing.' : `${plural(missing, 'alert is', 'alerts are')} missing.`;
  return [...rules.flatMap((rule) => ruleLines(rule, scheduler, namespace)), end].join('\n');
}

function ruleLines(rule: RuleReconciliation, scheduler: SchedulerName, namespace: string): string[] {
  const { name, slug, events, groups, alerted, pending, silenced, missing } = rule;
  const parts = [
    `${alerted} alerted`,
    ...(pending > 0 ? [`${pending} for the next run`] : []),
    `${missing.length} missing`,
    ...(silenced > 0 ? [`${plural(silenced, 'event')} silenced by exceptions`] : []),
  ];
  const more = missing.length > MOST_MISSING ? [`    … and ${missing.length - MOST_MISSING} more`] : [];
  const fix = missing.length === 0 ? [] : [`    to mend it: ${fixFor(missing, scheduler, slug, namespace)}`];
  return [
    `  ${escapeForTerminal(name)}: ${plural(events, 'event')}, ${plural(groups, 'group')}: ${parts.join(', ')}`,
    ...missing.slice(0, MOST_MISSING).flatMap(missingLines),
    ...more,
    ...fix,
  ];
}

/** Characters of a group's values. */
const LONGEST = 120;

function missingLines({ group, events, first, reasons }: MissingAlert): string[] {
  const values = Object.values(group).map((value) => value ?? '-');
  return [
    `    ${first.time ?? 'no time'}  ${plural(events, 'event')}  ${cut(escapeForTerminal(values.join(' | ')), LONGEST)}`,
    ...reasons.map(({ message }) => `      ${escapeForTerminal(message)}`),
  ];
}

function fixFor(missing: readonly MissingAlert[], scheduler: SchedulerName, slug: string, namespace: string): string {
  const codes = missing.flatMap(({ reasons }) => reasons.map(({ code }) => code));
  const first = new Set(codes.flatMap((code) => FIRST[code] ?? []));
  const times = missing.flatMap((each) => [each.first.time, each.last]).filter((time) => time !== null);
  const sorted = times.sort();
  const [from, last] = [sorted[0], sorted.at(-1)];
  // The end of a period is exclusive.
  const again =
    from === undefined || last === undefined
      ? 'give its events an @timestamp; no period finds them'
      : SCHEDULERS[scheduler].backfillHint({ from, to: toIso(Date.parse(last) + 1) }, slug, namespace);
  return [...first, again].join(', then ');
}
