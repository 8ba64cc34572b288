import type { AlertsPage } from '../src/report/alerts-page';
import { escapeForTerminal } from '../src/text/escape';
import { plural } from '../src/text/plural';
import { alertRow, type AlertRow } from './alert-row';
import { followAppearance } from './appearance';
import { byId, element, fill } from './dom';
import { CHOICES, FILTERS, filtered, itemsOf, type Filters, type Item } from './filters';
import { overview } from './overview';
import { safeText } from './safe-text';

const ORDERS: Readonly<Record<string, (left: Item, right: Item) => number>> = {
  newest: (left, right) => timeOf(right) - timeOf(left),
  oldest: (left, right) => timeOf(left) - timeOf(right),
  risk: (left, right) => right.alert.score - left.alert.score || timeOf(right) - timeOf(left),
};

const page = JSON.parse(byId('data', HTMLElement).textContent) as AlertsPage;
const items = itemsOf(page);
const rows = items.map(alertRow);
const form = byId('filters', HTMLFormElement);
const list = byId('list', HTMLElement);
const sort = byId('sort', HTMLSelectElement);
const charts = overview(choose);

/** A time to sort by, also where an alert has none. */
function timeOf({ start }: Item): number {
  return Number.isNaN(start) ? 0 : start;
}

function shownRows(): AlertRow[] {
  return rows.filter(({ node }) => !node.hidden);
}

/** Shows what the filters let through; the rows are there already, so nothing is made anew. */
function refresh(): void {
  const filters = filtersNow();
  const shown = filtered(items, filters);
  const wanted = new Set(shown);
  for (const { item, node } of rows) node.hidden = !wanted.has(item);
  const all = plural(items.length, 'alert');
  byId('count', HTMLElement).textContent = shown.length === items.length ? all : `${shown.length} of ${all}`;
  const only = Object.entries(filters).filter(([, value]) => value !== '');
  const said = only.length === 0 ? '' : `Only ${only.map(([name, value]) => `${name} ${value}`).join(', ')}`;
  fill(byId('only', HTMLElement), safeText(said));
  charts.show(shown);
}

/** Not by FormData, which puts another character where half a surrogate pair stands. */
function filtersNow(): Filters {
  return Object.fromEntries(FILTERS.map((name) => [name, control(name).value])) as Filters;
}

function choose(chosen: Partial<Filters>): void {
  for (const [name, value] of Object.entries(chosen)) {
    control(name).value = value;
  }
  refresh();
}

function control(name: string): HTMLInputElement | HTMLSelectElement {
  return form.elements.namedItem(name) as HTMLInputElement | HTMLSelectElement;
}

function arrange(): void {
  const order = ORDERS[sort.value];
  if (order !== undefined) rows.sort((left, right) => order(left.item, right.item));
  fill(
    list,
    rows.map(({ node }) => node),
  );
}

/** A list for each choice, of what the alerts have of it. */
function makeChoices(): void {
  const labels = Object.entries(CHOICES).map(([name, valuesOf]) => {
    const values = [...new Set(items.flatMap((item) => valuesOf(item)))].filter((value) => value !== '').sort();
    const options = values.map((value) => element('option', { value }, escapeForTerminal(value)));
    const select = element('select', { name });
    fill(select, [element('option', { value: '' }, 'any'), ...options]);
    return element('label', {}, `${name.charAt(0).toUpperCase()}${name.slice(1)} `, select);
  });
  byId('choices', HTMLElement).prepend(...labels);
}

/** An address of this page with `#alert-<id>` opens that alert. */
function followAddress(): void {
  const row = rows.find(({ item }) => location.hash === `#alert-${item.alert.id}`);
  row?.setOpen(true);
  row?.node.scrollIntoView();
}

byId('about', HTMLElement).append(
  ...safeText(
    `Namespace ${page.namespace}, read ${page.made.slice(0, 16).replace('T', ' ')} UTC by ${page.program}; all times are UTC`,
  ),
);
// Where there is room for them, the filters stand open.
byId('more', HTMLDetailsElement).open = matchMedia('(min-width: 64rem)').matches;
makeChoices();
arrange();
refresh();
followAppearance({
  charts,
  openForPrint: () => {
    const closed = shownRows().filter((row) => !row.isOpen());
    for (const row of closed) row.setOpen(true);
    return () => {
      for (const row of closed) row.setOpen(false);
    };
  },
});
followAddress();

form.addEventListener('input', refresh);
// Without JavaScript's help Enter would send the form, which the page's policy forbids.
form.addEventListener('submit', (event) => {
  event.preventDefault();
});
sort.addEventListener('change', arrange);
addEventListener('hashchange', followAddress);
byId('clear', HTMLElement).addEventListener('click', () => {
  form.reset();
  refresh();
});
byId('open', HTMLElement).addEventListener('click', () => {
  for (const row of shownRows()) row.setOpen(true);
});
byId('close', HTMLElement).addEventListener('click', () => {
  for (const row of rows) row.setOpen(false);
});
