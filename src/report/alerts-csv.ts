import type { JsonRecord } from '../json';
import { cellOf, type Column } from './alerts-table';

const FIELDS: readonly string[] = [
  'event.start',
  'event.end',
  'wmi_detections.count',
  'wmi_detections.status',
  'rule.uuid',
  'rule.name',
  'rule.version',
  'event.risk_score',
  'event.severity',
  'threat.tactic.id',
  'threat.technique.id',
  'host.name',
  'host.id',
  'user.name',
  'user.id',
  'process.name',
  'process.pid',
  'process.executable',
  'process.command_line',
  'process.pe.original_file_name',
  'process.entity_id',
  'process.parent.name',
  'process.parent.pid',
  'process.parent.executable',
  'process.parent.command_line',
  'message',
];

const COLUMNS: readonly Column[] = [
  { title: '_id', fields: ['_id'] },
  // A spreadsheet takes a title with @ first for a formula.
  { title: 'timestamp', fields: ['@timestamp'] },
  ...FIELDS.map((field) => ({ title: field, fields: [field] })),
];

/** Alerts as CSV, a header line first. */
export function alertsCsv(alerts: readonly JsonRecord[]): string {
  const rows = alerts.map((alert) => COLUMNS.map((column) => cellOf(alert, column)));
  return csvOf([COLUMNS.map(({ title }) => title), ...rows]);
}

/**
 * With one of these first a spreadsheet takes a text for a formula and runs it; command lines come from attackers.
 * https://owasp.org/www-community/attacks/CSV_Injection
 */
const FORMULA = /^[=+\-@\t\r\n\uFF1D\uFF0B\uFF0D\uFF20]/;

/**
 * CSV (RFC 4180, lines end with CR LF). A text that a spreadsheet would run as a formula gets an apostrophe before it.
 * @param rows the header line first
 */
export function csvOf(rows: readonly (readonly (string | number)[])[]): string {
  return rows.map((row) => `${row.map(quoted).join(',')}\r\n`).join('');
}

function quoted(value: string | number): string {
  if (typeof value === 'number') return String(value);
  const text = FORMULA.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
