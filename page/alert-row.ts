import type { PageAlert } from '../src/report/alerts-page';
import { alertDetails } from './alert-details';
import { element, type Child } from './dom';
import type { Item } from './filters';
import { safeText } from './safe-text';

/** An alert in the list. */
export interface AlertRow {
  readonly item: Item;
  readonly node: HTMLLIElement;
  isOpen(): boolean;
  setOpen(open: boolean): void;
}

/** UTF-16 units of a command line in the list; whole it stands below, when the alert is opened. */
const LONGEST = 300;

/** The line of an alert in the list; its details are made when they are first looked at. */
export function alertRow(item: Item): AlertRow {
  const details = element('details', { id: `alert-${item.alert.id}` }, element('summary', {}, ...lineOf(item)));
  let filled = false;
  const fill = (): void => {
    if (!filled) details.append(alertDetails(item));
    filled = true;
  };
  details.addEventListener('toggle', () => {
    if (details.open) fill();
  });
  return {
    item,
    node: element('li', {}, details),
    isOpen: () => details.open,
    setOpen(open) {
      if (open) fill();
      details.open = open;
    },
  };
}

function lineOf({ alert, rule }: Item): Child[] {
  const { start, severity, score, host, user, count, status } = alert;
  return [
    element('time', { datetime: start }, start.slice(0, 19).replace('T', ' ')),
    element('span', { class: `badge ${severity}` }, `${severity} ${score}`),
    element(
      'span',
      { class: 'rule' },
      ...safeText(rule.name),
      ...(count > 1 ? [' ', element('span', { class: 'flag' }, `${count} events`)] : []),
      ...(status === 'open' ? [] : [' ', element('span', { class: 'flag' }, ...safeText(status))]),
    ),
    named('host', host),
    named('user', user),
    processOf(alert),
  ];
}

function named(what: string, name: string): HTMLElement {
  return element('span', { class: 'who' }, element('span', { class: 'soft' }, `${what} `), ...safeText(name || '–'));
}

function processOf({ process, met }: PageAlert): HTMLElement {
  const ranges = met.filter(({ value }) => value === process);
  if (process.length <= LONGEST) return element('code', {}, ...safeText(process, ranges));
  // Half a surrogate pair is no character.
  const cut = process.slice(0, LONGEST).replace(/[\uD800-\uDBFF]$/, '');
  return element(
    'code',
    {},
    ...safeText(
      cut,
      ranges.filter(({ offset }) => offset < cut.length),
    ),
    '…',
  );
}
