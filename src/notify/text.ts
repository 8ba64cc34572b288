import { plural } from '../text/plural';
import type { Message } from './message';

/** The first line of a message: `High (risk 49): Process Execution via WMI`. */
export function titleOf({ test, severity, risk, rule, count }: Message): string {
  const mark = test ? 'TEST, not an alert. ' : '';
  const many = count === 1 ? '' : `, ${plural(count, 'alert')}`;
  return `${mark}${severity.charAt(0).toUpperCase()}${severity.slice(1)} (risk ${risk}): ${rule.name}${many}`;
}

/** What a message says below its title, as names and values; each value is one line. */
export function linesOf({ alerts, count }: Message): readonly (readonly [string, string])[] {
  if (count > 1) {
    const shown = alerts.map(
      ({ time, host, user, commandLine }) => [time, `${host} | ${user} | ${commandLine}`] as const,
    );
    return count === shown.length ? shown : [...shown, ['and', `${count - shown.length} more`]];
  }
  return alerts.flatMap(({ time, host, user, parent, commandLine, events }) => [
    ['time', time] as const,
    ...(events === 1 ? [] : [['events', String(events)] as const]),
    ['host', host] as const,
    ['user', user] as const,
    ['parent', parent] as const,
    ['command line', commandLine] as const,
  ]);
}

/** The same lines as text, a name and a value each. */
export function linesText(message: Message): string {
  const lines = linesOf(message);
  const width = Math.max(...lines.map(([name]) => name.length));
  return lines.map(([name, value]) => `${name.padEnd(width)}  ${value}`).join('\n');
}

/** The whole message as text without mark-up. */
export function textOfMessage(message: Message): string {
  const techniques = message.techniques.map(({ name, url }) => `ATT&CK ${name}${url === null ? '' : ` (${url})`}`);
  return [titleOf(message), ...techniques, linesText(message), message.explain].join('\n');
}
