import { randomUUID } from 'node:crypto';
import { canonicalJson, isRecord } from '../json';
import { scanJson, type Span } from '../text/json-tokens';
import { numberMarks } from '../text/lossless-json';
import { findObstacle } from './engine-limits';

/** A text that is a JSON object. */
export interface JsonDocument {
  /** As `JSON.parse` reads it. */
  readonly value: Readonly<Record<string, unknown>>;
  /** Sorted keys, no blanks, numbers as they are written; empty when there is an obstacle. */
  readonly canonical: string;
  /** Why the engine would refuse it or lose something of it (see engine-limits.ts); one such thing of several. */
  readonly obstacle?: string;
}

/**
 * Reads a text as a JSON object, with what the engine cannot take of it.
 * @param bytes UTF-8
 * @returns undefined when it is not a JSON object (RFC 8259, as `JSON.parse` reads it)
 */
export function readObject(bytes: Buffer): JsonDocument | undefined {
  const text = bytes.toString();
  const value = parse(text);
  if (!isRecord(value)) return undefined;
  const scan = scanJson(text);
  const obstacle = findObstacle(value, text, scan);
  if (obstacle !== undefined) return { value, canonical: '', obstacle };
  return { value, canonical: canonicalText(value, text, scan.numbers) };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Nobody can write a string that begins with it: it is another one in each process, and never leaves it. */
const MARKS = numberMarks(randomUUID());

/**
 * `JSON.parse` reads `1.0` and `1` as one number, and rounds beyond 2^53. Two events that differ only there would become one, so
 * such numbers enter the canonical text as they are written.
 */
function canonicalText(value: unknown, text: string, numbers: readonly Span[]): string {
  const changed = numbers.filter(({ start, end }) => {
    const written = text.slice(start, end);
    return String(Number(written)) !== written;
  });
  if (changed.length === 0) return canonicalJson(value);
  return MARKS.remove(canonicalJson(JSON.parse(MARKS.add(text, changed))));
}
