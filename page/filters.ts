import type { AlertsPage, PageAlert, PageRule } from '../src/report/alerts-page';

/** An alert, and what is looked up of it again and again. */
export interface Item {
  readonly alert: PageAlert;
  readonly rule: PageRule;
  /** Milliseconds since 1970: first and last event. */
  readonly start: number;
  readonly end: number;
  /** All that can be searched, in small letters. */
  readonly haystack: string;
}

/** What can be chosen from a list, and what an alert has of it. */
export const CHOICES = {
  rule: ({ rule }) => [rule.name],
  severity: ({ alert }) => [alert.severity],
  status: ({ alert }) => [alert.status],
  technique: ({ rule }) => rule.techniques.map(({ id, name }) => `${id} ${name}`),
  host: ({ alert }) => [alert.host, ...ofType(alert, 'host')],
  user: ({ alert }) => [alert.user, ...ofType(alert, 'user')],
} as const satisfies Record<string, (item: Item) => readonly string[]>;

type Choice = keyof typeof CHOICES;

/** The controls that filter, by name: the choices, and those that page.html has. */
export const FILTERS = ['text', ...(Object.keys(CHOICES) as Choice[]), 'from', 'to'] as const;

/** What somebody wants to see. An empty text is no filter; times are `2026-01-31T08:00`, UTC. */
export type Filters = Readonly<Record<(typeof FILTERS)[number], string>>;

/** The alerts of a page, ready to be filtered. */
export function itemsOf({ alerts, rules }: AlertsPage): Item[] {
  return alerts.flatMap((alert) => {
    const rule = rules[alert.rule];
    if (rule === undefined) return [];
    const texts = [alert.id, alert.message, rule.name, ...rule.techniques.flatMap(({ id, name }) => [id, name])];
    const haystack = [...texts, ...alert.fields.map(([, value]) => value)].join('\n').toLowerCase();
    return [{ alert, rule, start: Date.parse(alert.start), end: Date.parse(alert.end), haystack }];
  });
}

/** The items that pass every filter. An item that holds all words of the text passes it, in any order. */
export function filtered(items: readonly Item[], filters: Filters): Item[] {
  const words = filters.text.toLowerCase().split(/\s+/);
  const [from, to] = [timeOf(filters.from, -Infinity), timeOf(filters.to, Infinity)];
  const choices = Object.entries(CHOICES).filter(([name]) => filters[name as Choice] !== '');
  return items.filter(
    (item) =>
      // An alert without a time that can be read is shown whatever the time is.
      !(item.end < from) &&
      !(item.start >= to) &&
      choices.every(([name, valuesOf]) => valuesOf(item).includes(filters[name as Choice])) &&
      words.every((word) => item.haystack.includes(word)),
  );
}

function timeOf(text: string, otherwise: number): number {
  const time = Date.parse(`${text}Z`);
  return Number.isNaN(time) ? otherwise : time;
}

function ofType({ risk }: PageAlert, type: string): string[] {
  return risk.filter((object) => object.type === type).map(({ value }) => value);
}
