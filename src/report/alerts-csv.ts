import { cellOf, type Column } from './alerts-columns';
import { csvOf } from './csv';

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
export function alertsCsv(alerts: readonly Readonly<Record<string, unknown>>[]): string {
  const rows = alerts.map((alert) => COLUMNS.map((column) => cellOf(alert, column)));
  return csvOf([COLUMNS.map(({ title }) => title), ...rows]);
}
