import { BarController, BarElement, CategoryScale, Chart, Legend, LinearScale, Tooltip } from 'chart.js';
import { cut, escapeForTerminal } from '../src/text/escape';
import { colorOf } from './color';
import { element, fill } from './dom';
import { safeText } from './safe-text';

Chart.register(BarController, BarElement, CategoryScale, LinearScale, Legend, Tooltip);

/** One number of each row. */
export interface Series {
  readonly title: string;
  /** A custom property of style.css; a series without stands in the table alone. */
  readonly color?: string;
}

export interface Row {
  readonly label: string;
  /** The lines of the label on the axis, where room is scarce; the label, cut, where not given. */
  readonly short?: readonly string[];
  /** One for each series. */
  readonly values: readonly number[];
  /** Shows only what this row stands for. */
  readonly choose: () => void;
}

export interface BarPlot {
  /** Draws these rows instead of those before. */
  show(rows: readonly Row[]): void;
  /** Draws again in the colours and the size of now. */
  repaint(): void;
}

interface Shape {
  readonly title: string;
  /** The head of the labels. */
  readonly of: string;
  readonly series: readonly Series[];
  /** Bars lie, and only the first so many are drawn. */
  readonly lying?: number;
}

/** Characters of a label on the axis. */
const LONGEST = 16;

/** Fills a figure with stacked bars and, for those who cannot see or click them, a table of the same. */
export function barPlot(figure: HTMLElement, { title, of, series, lying }: Shape): BarPlot {
  const canvas = element('canvas', { role: 'img', 'aria-label': `${title}: bars; the same as a table follows` });
  const body = element('tbody');
  const heads = [of, ...series.map((each) => each.title)].map((head) => element('th', { scope: 'col' }, head));
  const table = element('table', {}, element('thead', {}, element('tr', {}, ...heads)), body);
  const asTable = element('details', {}, element('summary', {}, `${title} as a table`), element('div', {}, table));
  figure.append(element('figcaption', {}, title), element('div', { class: 'plot' }, canvas), asTable);

  let rows: readonly Row[] = [];
  const drawn = series.flatMap((each, index) =>
    each.color === undefined ? [] : [{ ...each, color: each.color, index }],
  );
  const chart = new Chart<'bar', number[], string[]>(canvas, {
    type: 'bar',
    data: { labels: [], datasets: [] },
    options: {
      animation: false,
      maintainAspectRatio: false,
      indexAxis: lying === undefined ? 'x' : 'y',
      interaction: { mode: 'index', intersect: false, axis: lying === undefined ? 'x' : 'y' },
      plugins: {
        legend: { display: drawn.length > 1, align: 'end', labels: { boxWidth: 12 } },
        tooltip: { callbacks: { title: ([first]) => escapeForTerminal(rows[first?.dataIndex ?? -1]?.label ?? '') } },
      },
      onClick: (_, [bar]) => rows[bar?.index ?? -1]?.choose(),
    },
  });

  /** Only what is looked at: a table of a thousand hosts costs more than all else on the page. */
  const fillTable = (): void => {
    fill(body, asTable.open ? rows.map(tableRow) : []);
  };
  asTable.addEventListener('toggle', fillTable);

  const repaint = (): void => {
    const seen = rows.slice(0, lying);
    const [ink, line] = [colorOf('--soft'), colorOf('--line')];
    const ticks = { color: ink, precision: 0, maxRotation: 0 };
    const numbers = { stacked: true, beginAtZero: true, ticks: { ...ticks, maxTicksLimit: 6 }, grid: { color: line } };
    const labels = { stacked: true, ticks: { ...ticks, autoSkip: lying === undefined }, grid: { display: false } };
    chart.options.color = ink;
    chart.options.scales = lying === undefined ? { x: labels, y: numbers } : { x: numbers, y: labels };
    chart.data.labels = seen.map(({ label, short = [cut(escapeForTerminal(label), LONGEST)] }) => [...short]);
    const used = drawn.filter(({ index }) => seen.some(({ values }) => values[index] !== 0));
    chart.data.datasets = used.map(({ title: label, color, index }) => ({
      label,
      data: seen.map(({ values }) => values[index] ?? 0),
      backgroundColor: colorOf(color),
      maxBarThickness: 28,
    }));
    chart.resize();
    chart.update('none');
  };
  return {
    show(next) {
      rows = next;
      fillTable();
      repaint();
    },
    repaint,
  };
}

function tableRow({ label, values, choose }: Row): HTMLTableRowElement {
  const button = element('button', { type: 'button', class: 'link' }, ...safeText(label));
  button.addEventListener('click', choose);
  const cells = values.map((value) => element('td', {}, String(value)));
  return element('tr', {}, element('th', { scope: 'row' }, button), ...cells);
}
