import { pipeline, Readable } from 'node:stream';
import { CsvError, parse } from 'csv-parse';
import { parse as parseNow } from 'csv-parse/sync';
import { decode } from './encoding';
import { nested } from './hit-fields';
import { MORE, NEWLINE, type InputRecord } from './input-record';
import { KNOWN_FIELDS, sourceOfName } from './recognise';
import { strayFault } from './split-json';
import { LONGEST_RECORD } from './splitter';
import { rewritten } from './unwrap';

export { CsvError };

/** How a file of events as CSV is written. */
export interface CsvForm {
  readonly delimiter: string;
  /** The names of the columns, as the file has them. */
  readonly columns: readonly string[];
  /** 1-based line of the names: PowerShell and spreadsheets write a line of their own before it. */
  readonly headerLine: number;
  /** Windows' Event Viewer: five names, translated, and six values a row, of which the last is the message. */
  readonly isEventViewer: boolean;
}

const DELIMITERS = [',', ';', '\t', '|'] as const;

/** No header is that long; what has no line break before is no CSV. */
const LONGEST_HEADER = 64 * 1024;

/** A CSV file has at least as many columns as this, unless one holds the raw event: fewer commas stand in any sentence. */
const FEWEST_COLUMNS = 3;
const RAW = '_raw';

/**
 * Tells by its first lines whether a file is CSV in which each row is an event.
 * @param head the beginning, as UTF-8
 * @param atEnd no bytes follow
 * @returns undefined when it is none, or its columns are not those of events; MORE when the head does not tell yet
 */
export function csvForm(head: Buffer, atEnd: boolean): CsvForm | typeof MORE | undefined {
  const text = head.toString();
  if (/^\s*[{[<]/.test(text)) return undefined;
  const lines = text.replace(/^\ufeff/, '').split(/\r?\n/);
  const headerLine = lines.findIndex((line) => !/^(?:#TYPE .*|sep=.)?$/.test(line)) + 1;
  const [header = '', first = ''] = headerLine === 0 ? [] : lines.slice(headerLine - 1);
  // The last line may go on, and the first row decides on the Event Viewer's.
  if (!atEnd && (headerLine === 0 || lines.length < headerLine + 2)) {
    return head.length < LONGEST_HEADER && couldBeHeader(header) ? MORE : undefined;
  }
  const [delimiter, columns] = columnsOf(header);
  const names = columns.map((name) => name.toLowerCase());
  const form = { delimiter, columns, headerLine };
  if (isEventViewer(columns, first.split(delimiter))) return { ...form, isEventViewer: true };
  const isKnown =
    names.includes(RAW) || (columns.length >= FEWEST_COLUMNS && names.some((name) => KNOWN_FIELDS.has(name)));
  return isKnown ? { ...form, isEventViewer: false } : undefined;
}

function couldBeHeader(line: string): boolean {
  return (
    line === '' || line.includes(RAW) || DELIMITERS.some((delimiter) => line.includes(delimiter)) || line.length < 8
  );
}

function columnsOf(header: string): readonly [delimiter: string, columns: readonly string[]] {
  const read = DELIMITERS.map((delimiter): readonly [string, readonly string[]] => [
    delimiter,
    cellsOf(header, delimiter),
  ]);
  return read.reduce((best, each) => (each[1].length > best[1].length ? each : best));
}

function cellsOf(line: string, delimiter: string): readonly string[] {
  try {
    return parseNow(line, { delimiter, relax_quotes: true, trim: true })[0] ?? [];
  } catch {
    return [];
  }
}

function isEventViewer(columns: readonly string[], row: readonly string[]): boolean {
  return columns.length === 5 && row.length > 5 && /\d.*:\d/.test(row[1] ?? '') && /^"?\d+"?$/.test(row[3] ?? '');
}

/** As many rows are handed on together: one at a time costs more than its reading. */
const ROWS = 100;

/**
 * Reads the rows of a CSV file (RFC 4180, quotes within a value taken as they come), each as a JSON object of its values under the names
 * of the columns. An empty value is no value.
 * @throws CsvError when a row is longer than any record may be: most often because a quote has no end
 */
export async function* readCsv(bytes: AsyncIterable<Buffer>, form: CsvForm): AsyncGenerator<readonly InputRecord[]> {
  const parser = parse({
    delimiter: form.delimiter,
    encoding: null,
    max_record_size: LONGEST_RECORD,
    relax_column_count: true,
    relax_quotes: true,
    skip_empty_lines: true,
    from_line: form.headerLine,
  });
  const ended = new Promise<undefined>((resolve) => {
    pipeline(Readable.from(bytes), parser, () => {
      resolve(undefined);
    });
  });
  let line = form.headerLine;
  let rows: InputRecord[] = [];
  let isHeader = true;
  try {
    for await (const row of parser as AsyncIterable<readonly Buffer[]>) {
      if (!isHeader) rows.push(recordOf(row, form, line));
      isHeader = false;
      line += row.reduce((sum, cell) => sum + newlinesIn(cell), 1);
      if (rows.length < ROWS) continue;
      yield rows;
      rows = [];
    }
    await ended;
  } catch (error) {
    yield rows;
    throw error;
  } finally {
    parser.destroy();
  }
  yield rows;
}

function newlinesIn(cell: Buffer): number {
  let count = 0;
  for (let at = cell.indexOf(NEWLINE); at >= 0; at = cell.indexOf(NEWLINE, at + 1)) count += 1;
  return count;
}

function recordOf(row: readonly Buffer[], form: CsvForm, line: number): InputRecord {
  const cells = row.map(decode);
  const strayBytes = cells.reduce((sum, cell) => sum + cell.strayBytes, 0);
  const values = cells.map(({ text }) => text);
  const document = form.isEventViewer ? eventViewerDocument(values) : documentOf(values, form.columns);
  return rewritten({ line, ...(strayBytes > 0 && { fault: strayFault(strayBytes) }) }, document);
}

function documentOf(values: readonly string[], columns: readonly string[]): Record<string, unknown> {
  const entries = values.map((value, index): [string, string] => {
    const column = columns[index] ?? '';
    const name = column === '' ? `column_${index + 1}` : column;
    // Microsoft Sentinel and Log Analytics write the zone behind the name.
    if (name.endsWith(UTC)) return [name.slice(0, -UTC.length), toIsoTime(value, 'Z')];
    return [name, name === 'TimeCreated' ? toIsoTime(value) : value];
  });
  return nested(entries.filter(([, value]) => value !== ''));
}

/**
 * Under the names that NXLog gives these fields, which the pipelines know. The first column is the level, or the keywords of the log
 * Security. A row names no computer.
 */
function eventViewerDocument([
  first = '',
  time = '',
  provider = '',
  id = '',
  task = '',
  ...message
]: readonly string[]): Record<string, unknown> {
  const isSecurity = sourceOfName(provider) === 'windows_security';
  const entries: readonly (readonly [string, string])[] = [
    [isSecurity ? 'Keywords' : 'Severity', first],
    ['EventTime', toIsoTime(time)],
    ['SourceName', provider],
    ['EventID', id],
    ['Category', task],
    ['Message', message.join('\n')],
  ];
  return Object.fromEntries(entries.filter(([, value]) => value !== ''));
}

const UTC = ' [UTC]';

/**
 * `11/29/2026, 10:11:12.345 AM` of Azure's portal and `11/29/2026 10:11:12 AM` of Windows in ISO 8601; another text as it is.
 * @param zone behind the time, where the file says which it is
 */
function toIsoTime(text: string, zone = ''): string {
  const match = /^(\d{1,2})\/(\d{1,2})\/(\d{4}),? (\d{1,2}):(\d\d:\d\d)(\.\d+)? ([AP])M$/.exec(text);
  if (match === null) return text;
  const [, month = '', day = '', year = '', hour = '', minutes = '', fraction = '', half] = match;
  const hours = (Number(hour) % 12) + (half === 'P' ? 12 : 0);
  const pad = (number: string): string => number.padStart(2, '0');
  return `${year}-${pad(month)}-${pad(day)}T${pad(String(hours))}:${minutes}${fraction}${zone}`;
}
