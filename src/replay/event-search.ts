import type { InputRecord } from './input-record';
import { sourceOfDocument } from './recognise';

/** Of a file in which nothing is known, as many lines are read. */
export const MAX_UNKNOWN_LINES = 1_000;

/**
 * Looks in the first records of a file for one that is known. Text of no known form is a document a line: a large file of something else
 * would fill the data stream of the unrecognised.
 */
export class EventSearch {
  private unknown = 0;
  private isFound = false;

  /** Whether the file was given up. */
  get isHopeless(): boolean {
    return !this.isFound && this.unknown >= MAX_UNKNOWN_LINES;
  }

  /**
   * @param isRow whether the records are rows of a table: such a row is JSON whatever it holds
   * @returns the records, or those up to the last that is read
   */
  take(records: readonly InputRecord[], isRow: boolean): readonly InputRecord[] {
    for (const [index, record] of records.entries()) {
      if (this.isFound) break;
      this.isFound = isEvent(record, isRow);
      if (!this.isFound) this.unknown += 1;
      if (this.isHopeless) return records.slice(0, index + 1);
    }
    return records;
  }
}

function isEvent({ form, json, fault, dropped }: InputRecord, isRow: boolean): boolean {
  if (dropped === true) return false;
  if (isRow) return json !== undefined && sourceOfDocument(json.value) !== 'unrecognised';
  return form !== 'text' || fault === undefined;
}
