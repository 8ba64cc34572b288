import { randomUUID } from 'node:crypto';
import { canonicalJson, isRecord, type JsonRecord } from '../json';
import { scanJson, type Span, findRepeatedKey, type JsonScan } from '../text/json-tokens';
import { numberMarks } from '../text/lossless-json';

/** A text that is a JSON object. */
export interface JsonDocument {
  /** As `JSON.parse` reads it. */
  readonly value: JsonRecord;
  /** Sorted keys, no blanks, numbers as they are written; empty when there is an obstacle. */
  readonly canonical: string;
  /** Why the engine would refuse it or lose something of it (see {@link findObstacle}); one such thing of several. */
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

/**
 * What a bulk request cannot carry through an ingest pipeline. One document of the first kind makes *every* item of the
 * request fail with 400; of the second, a script fails; of the third, the document is taken, but not as it is.
 * Tried on OpenSearch 3.8 (Jackson's StreamReadConstraints, which Elasticsearch 8 and 9 use too):
 *
 *   1  no JSON, a duplicate key, invalid UTF-8, half a surrogate pair in a key (in a value it is taken)
 *   1  nesting over 1,000, a number over 1,000 digits, a key over 50,000 characters
 *   2  an integer beyond 64 bits ("unexpected value type [class java.math.BigInteger]")
 *   3  `_id`, `_index`, `_version` … at the root: dropped, or taken for the request's own
 */
const MAX_NESTING = 1_000;
const MAX_NUMBER_LENGTH = 1_000;
const MAX_NAME_LENGTH = 50_000;

/** Keys at a document's root that a pipeline reads as the request's metadata. */
const STEERING_KEYS: ReadonlySet<string> = new Set([
  '_id',
  '_index',
  '_type',
  '_routing',
  '_version',
  '_version_type',
  '_if_seq_no',
  '_if_primary_term',
  '_op_type',
  '_dynamic_templates',
]);

const MIN_LONG = -(2n ** 63n);
const MAX_LONG = 2n ** 63n - 1n;
/** Of the shortest integer beyond 64 bits. */
const DIGITS_BEYOND = 19;

/**
 * Why the engine cannot take a JSON document as it is; one reason of several.
 * @param value of `text`, by `JSON.parse`
 * @param scan of `text`
 * @returns undefined when it can; words that follow the place of the event otherwise
 */
function findObstacle(value: unknown, text: string, { keyCount, depth, numbers }: JsonScan): string | undefined {
  if (depth > MAX_NESTING) return `is nested more than ${MAX_NESTING} levels deep`;
  let kept = 0;
  let obstacle: string | undefined;
  const visit = (each: unknown, isRoot: boolean): void => {
    if (Array.isArray(each)) for (const item of each) visit(item, false);
    else if (isRecord(each)) {
      for (const key of Object.keys(each)) {
        kept += 1;
        obstacle ??= obstacleOfKey(key, isRoot);
        visit(each[key], false);
      }
    }
  };
  visit(value, true);
  // JSON.parse keeps one of the members with the same key.
  if (kept < keyCount)
    return `holds the key ${JSON.stringify(findRepeatedKey(text)?.slice(0, 80))} twice in one object`;
  for (const { start, end } of numbers) obstacle ??= obstacleOfNumber(text.slice(start, end));
  return obstacle;
}

/** Why the engine cannot take a number, as it is written. */
function obstacleOfNumber(written: string): string | undefined {
  if (written.length < DIGITS_BEYOND) return undefined;
  if (written.length > MAX_NUMBER_LENGTH) return `has a number of more than ${MAX_NUMBER_LENGTH} digits`;
  if (!/^-?\d+$/.test(written)) return undefined;
  const number = BigInt(written);
  return number < MIN_LONG || number > MAX_LONG ? `has an integer beyond 64 bits (${written.slice(0, 30)})` : undefined;
}

/**
 * Why the engine cannot take a key.
 * @param isAtRoot whether it stands in the document itself, and not in an object within
 */
function obstacleOfKey(key: string, isAtRoot: boolean): string | undefined {
  if (key.length > MAX_NAME_LENGTH) return `has a key of more than ${MAX_NAME_LENGTH} characters`;
  if (/\p{Cs}/u.test(key)) return 'has half a surrogate pair in a key';
  if (!isAtRoot || !STEERING_KEYS.has(key)) return undefined;
  return `has the key ${key} at its root, which the cluster takes for an order and not for data`;
}
