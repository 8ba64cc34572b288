import { type JsonRecord, isRecord, valueAt } from '../json';
import { severityOf } from '../detections/rule';
import { cut, lengthOf, escapeForTerminal } from '../text/escape';
import { INTERRUPTED, OVERTAKEN } from '../plan/apply';
import type { StatusResult } from '../alerts/set-status';
import { interruptedLine } from './plan-text';

/** So many characters of an id that nobody has two alerts with the same beginning. */
const ID_SHOWN = 12;

interface TableColumn extends Column {
  /** Characters that the column has at most, and at least where the terminal is narrow. */
  readonly most: number;
  readonly least: number;
  readonly show?: (cell: string | number) => string;
}

const COLUMNS: readonly TableColumn[] = [
  { title: 'TIME (UTC)', fields: ['event.start', '@timestamp'], most: 19, least: 19, show: toTheSecond },
  { title: 'RULE', fields: ['rule.name'], most: 32, least: 12 },
  { title: 'RISK', fields: ['event.risk_score'], most: 4, least: 4 },
  { title: 'SEVERITY', fields: ['event.severity'], most: 8, least: 8, show: severityWord },
  { title: 'TECHNIQUE', fields: ['threat.technique.id'], most: 12, least: 9 },
  { title: 'HOST', fields: ['host.name', 'host.id'], most: 24, least: 8 },
  { title: 'USER', fields: ['user.name', 'user.id'], most: 20, least: 6 },
  { title: 'COUNT', fields: ['wmi_detections.count'], most: 6, least: 5 },
];

const ID: TableColumn = {
  title: 'ID',
  fields: ['_id'],
  most: ID_SHOWN,
  least: ID_SHOWN,
  show: shortId,
};

const PROCESS: Column = {
  title: 'PROCESS',
  fields: ['process.command_line', 'process.executable', 'process.name'],
};

const GAP = '  ';
/** With less room than this a command line gets a line of its own. */
const LEAST_PROCESS = 30;

/**
 * Alerts as a table for a terminal, fit to be printed: nothing in it acts on a terminal. The command line stands at the end
 * of the line, or on a second line where the terminal is too narrow for that, and is cut where the line ends.
 * @param width characters of a line; nothing is cut to it where not given
 * @param ids whether the beginning of each alert's id stands first
 * @returns lines without a line break at the end of the last; one sentence when there is no alert
 */
export function alertsTable(
  alerts: readonly JsonRecord[],
  width: number = Number.POSITIVE_INFINITY,
  { ids = false }: { ids?: boolean } = {},
): string {
  if (alerts.length === 0) return 'No alerts.';
  const columns = ids ? [ID, ...COLUMNS] : COLUMNS;
  const rows = alerts.map((alert) => columns.map((column) => shown(alert, column)));
  const natural = columns.map((column, index) =>
    rows.reduce((most, row) => Math.min(column.most, Math.max(most, lengthOf(row[index] ?? ''))), column.title.length),
  );
  const oneLine = sum(natural) + LEAST_PROCESS <= width;
  const widths = oneLine ? natural : narrowed(natural, columns, width);
  const titles = columns.map((column) => column.title);
  const lines = [titles, ...rows].map((cells, each) => {
    const alert = alerts[each - 1];
    const process = alert === undefined ? PROCESS.title : shown(alert, PROCESS);
    const left = cells.map((cell, index) => padded(cut(cell, widths[index] ?? 0), widths[index] ?? 0)).join(GAP);
    return oneLine
      ? cut(`${left}${GAP}${process}`, width)
      : `${cut(left.trimEnd(), width)}\n${cut(`${GAP}${process}`, width)}`;
  });
  return lines.join('\n');
}

/** Takes from the widest column that can give, until the line fits or none can. */
function narrowed(natural: readonly number[], columns: readonly TableColumn[], width: number): number[] {
  const widths = [...natural];
  while (sum(widths) - GAP.length > width) {
    const spare = widths.map((each, index) => each - (columns[index]?.least ?? each));
    const most = Math.max(...spare);
    if (most <= 0) break;
    const index = spare.indexOf(most);
    widths[index] = (widths[index] ?? 0) - 1;
  }
  return widths;
}

/** Characters of these columns with a gap after each. */
function sum(widths: readonly number[]): number {
  return widths.reduce((total, each) => total + each + GAP.length, 0);
}

function shown(alert: JsonRecord, column: Column & Pick<TableColumn, 'show'>): string {
  const cell = cellOf(alert, column);
  const text = escapeForTerminal(column.show?.(cell) ?? String(cell));
  return text === '' ? '-' : text;
}

function padded(text: string, width: number): string {
  return text + ' '.repeat(Math.max(0, width - lengthOf(text)));
}

function toTheSecond(time: string | number): string {
  return String(time).slice(0, 19).replace('T', ' ');
}

/** The word for event.severity: 21, 47, 73, 99 are the highest scores of each word but the last. */
function severityWord(severity: string | number): string {
  return typeof severity === 'number' ? severityOf(severity).word : severity;
}

/** One column of a report of alerts, and what stands in it; lists are joined with a comma, what is absent is empty. */
export interface Column {
  readonly title: string;
  /** ECS field names; the first that has a value counts. */
  readonly fields: readonly string[];
}

/** A value of an alert at a dotted path; numbers as they are. */
function cellValue(alert: JsonRecord, field: string): string | number | undefined {
  const value = valueAt(alert, field.split('.'));
  if (typeof value === 'string' || typeof value === 'number') return value;
  if (typeof value === 'boolean') return String(value);
  if (Array.isArray(value))
    return value.map((item) => (typeof item === 'string' ? item : JSON.stringify(item))).join(', ');
  return isRecord(value) ? JSON.stringify(value) : undefined;
}

/** What stands in a column for an alert; empty where the alert has no such field. */
export function cellOf(alert: JsonRecord, column: Column): string | number {
  for (const field of column.fields) {
    const value = cellValue(alert, field);
    if (value !== undefined && value !== '') return value;
  }
  return '';
}

/** The beginning of an alert's id, by which the commands find it. */
export function shortId(id: unknown): string {
  return escapeForTerminal(String(id)).slice(0, ID_SHOWN);
}

/** What became of the alerts that somebody closed or acknowledged: a line each. */
export function statusChangeText({ status, changed, unchanged, unsure, notBegun }: StatusResult): string {
  const line = (word: string) => (alert: JsonRecord) => {
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
