import { INTERRUPTED, OVERTAKEN } from '../plan/apply';
import type { StatusResult } from '../alerts/set-status';
import { escapeForTerminal } from '../text/escape';
import { cellOf } from './alerts-columns';
import { interruptedLine } from './plan';
import { shortId } from './short-id';

/** What became of the alerts that somebody closed or acknowledged: a line each. */
export function statusChangeText({ status, changed, unchanged, unsure, notBegun }: StatusResult): string {
  const line = (word: string) => (alert: Readonly<Record<string, unknown>>) => {
    const [rule, host] = [['rule.name'], ['host.name', 'host.id']].map((fields) =>
      cellOf(alert, { title: '', fields }),
    );
    const [id, name] = [shortId(alert._id), escapeForTerminal(String(rule))];
    return `${id}  ${word}  ${name}${host === '' ? '' : ` on ${escapeForTerminal(String(host))}`}`;
  };
  return [
    ...changed.map(line(`now ${status}`)),
    ...unchanged.map(line(`was ${status} already`)),
    ...unsure.map(line(OVERTAKEN)),
    ...notBegun.map(line(INTERRUPTED)),
    ...interruptedLine({ interrupted: unsure.length + notBegun.length > 0 }),
  ].join('\n');
}
