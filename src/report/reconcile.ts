import type { Scheduler } from '../resources/kind';
import { toIso } from '../text/time';
import type { Reason } from '../alerts/missing';
import type { MissingAlert, RuleReconciliation } from '../alerts/reconcile';
import { escapeForTerminal, cut } from '../text/escape';
import { plural } from '../text/plural';

/** So many missing alerts of a rule are shown; `--output json` has all. */
const MOST_MISSING = 10;

/** How a past period is looked at again, on each scheduler. */
const FIXES: Readonly<Record<Scheduler, (from: string, to: string, rule: string, namespace: string) => string>> = {
  local: (from, to, rule, namespace) =>
    `wmi-detections run --from ${from} --to ${to} --rule ${rule}${namespace === 'default' ? '' : ` --namespace ${namespace}`}`,
  kibana: (from, to) => `run the rule by hand in Kibana (Manual run) from ${from} to ${to}`,
  watcher: (from, to) => `run the watch over ${from} to ${to}: docs/watcher.md says how`,
  'opensearch-alerting': (from, to) => `run the monitor over ${from} to ${to}: docs/opensearch-alerting.md says how`,
};

/** What comes before that: nothing runs a rule that is not there, and what is disabled would miss the next event, too. */
const FIRST: Readonly<Partial<Record<Reason['code'], string>>> = {
  not_deployed: 'deploy the rule',
  disabled: 'enable the rule',
};

/** Each rule's events against its alerts, for a person: what is missing, why, and what helps. */
export function reconcileText(
  rules: readonly RuleReconciliation[],
  { scheduler, namespace }: { scheduler: Scheduler; namespace: string },
): string {
  const missing = rules.reduce((sum, rule) => sum + rule.missing.length, 0);
  const end = missing === 0 ? 'Nothing is missing.' : `${plural(missing, 'alert is', 'alerts are')} missing.`;
  return [...rules.flatMap((rule) => ruleLines(rule, scheduler, namespace)), end].join('\n');
}

function ruleLines(rule: RuleReconciliation, scheduler: Scheduler, namespace: string): string[] {
  const { name, slug, events, groups, alerted, pending, silenced, missing } = rule;
  const parts = [
    `${alerted} alerted`,
    ...(pending > 0 ? [`${pending} for the next run`] : []),
    `${missing.length} missing`,
    ...(silenced > 0 ? [`${plural(silenced, 'event')} silenced by exceptions`] : []),
  ];
  const more = missing.length > MOST_MISSING ? [`    … and ${missing.length - MOST_MISSING} more`] : [];
  const fix = missing.length === 0 ? [] : [`    to mend it: ${mendOf(missing, scheduler, slug, namespace)}`];
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

function mendOf(missing: readonly MissingAlert[], scheduler: Scheduler, slug: string, namespace: string): string {
  const codes = missing.flatMap(({ reasons }) => reasons.map(({ code }) => code));
  const first = new Set(codes.flatMap((code) => FIRST[code] ?? []));
  const times = missing.flatMap((each) => [each.first.time, each.last]).filter((time) => time !== null);
  const sorted = times.sort();
  const [from, last] = [sorted[0], sorted.at(-1)];
  // The end of a period is exclusive.
  const again =
    from === undefined || last === undefined
      ? 'give its events an @timestamp; no period finds them'
      : FIXES[scheduler](from, toIso(Date.parse(last) + 1), slug, namespace);
  return [...first, again].join(', then ');
}
