import { isRecord, valueAt } from '../json';

/** One column of a report of alerts, and what stands in it; lists are joined with a comma, what is absent is empty. */
export interface Column {
  readonly title: string;
  /** ECS field names; the first that has a value counts. */
  readonly fields: readonly string[];
}

/** A value of an alert at a dotted path; numbers as they are. */
function cellValue(alert: Readonly<Record<string, unknown>>, field: string): string | number | undefined {
  const value = valueAt(alert, field.split('.'));
  if (typeof value === 'string' || typeof value === 'number') return value;
  if (typeof value === 'boolean') return String(value);
  if (Array.isArray(value))
    return value.map((item) => (typeof item === 'string' ? item : JSON.stringify(item))).join(', ');
  return isRecord(value) ? JSON.stringify(value) : undefined;
}

/** What stands in a column for an alert; empty where the alert has no such field. */
export function cellOf(alert: Readonly<Record<string, unknown>>, column: Column): string | number {
  for (const field of column.fields) {
    const value = cellValue(alert, field);
    if (value !== undefined && value !== '') return value;
  }
  return '';
}
