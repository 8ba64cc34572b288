import type { RiskAlert, RiskEntity } from '../alerts/risk';
import { escapeForTerminal } from '../text/escape';
import { plural } from '../text/plural';
import { csvOf } from './alerts-csv';
import { shortId } from './alerts-table';

/** So many alerts of an entity are shown; `--output json` has all. */
const MOST_ALERTS = 5;

const WHY = {
  repeat: 'the same process again',
  cap: 'more of this rule than count',
  closed: 'closed',
} as const;

/** Entities by score for a person: a line each, and the alerts behind it. */
export function riskText(entities: readonly RiskEntity[]): string {
  if (entities.length === 0) return 'Nobody is at risk: no alert of that time names a user or a host.';
  const width = entities.reduce((most, { score }) => Math.max(most, String(score).length), 0);
  return entities
    .flatMap(({ type, value, score, alerts }) => {
      const counted = alerts.filter(({ why }) => why === null).length;
      const rest = alerts.length - MOST_ALERTS;
      return [
        `${String(score).padStart(width)}  ${escapeForTerminal(type)} ${escapeForTerminal(value)}: ${plural(alerts.length, 'alert')}, ${counted} counted`,
        ...alerts.slice(0, MOST_ALERTS).map((alert) => `${' '.repeat(width)}    ${alertLine(alert)}`),
        ...(rest > 0 ? [`${' '.repeat(width)}    … and ${rest} more`] : []),
      ];
    })
    .join('\n');
}

function alertLine({ _id, time, rule, added, why }: RiskAlert): string {
  const because = why === null ? '' : `  (${WHY[why]})`;
  return `${shortId(_id)}  ${escapeForTerminal(time)}  +${added}  ${escapeForTerminal(rule.name)}${because}`;
}

/** One line for each alert behind each entity. */
export function riskCsv(entities: readonly RiskEntity[]): string {
  const header = ['type', 'value', 'score', 'alert', 'time', 'status', 'rule.uuid', 'rule.name', 'added', 'why'];
  const rows = entities.flatMap(({ type, value, score, alerts }) =>
    alerts.map(({ _id, time, status, rule, added, why }) => {
      return [type, value, score, _id, time, status, rule.uuid, rule.name, added, why ?? ''];
    }),
  );
  return csvOf([header, ...rows]);
}
