import { createTwoFilesPatch } from 'diff';
import { isRecord } from '../json';
import type { Fixture } from './fixture';

/** The text of a `-expected.json` file: keys sorted, four blanks, as elastic-package writes it. */
export function expectedText(documents: readonly unknown[]): string {
  return `${JSON.stringify({ expected: documents.map(sorted) }, null, 4)}\n`;
}

/** What is wrong with what came out of a pipeline. */
interface Comparison {
  readonly reasons: readonly string[];
  /** Unified diff of the expected and the actual text; empty when they are equal. */
  readonly diff: string;
}

/**
 * Compares what came out with what a fixture expects. Dynamic fields must have their form and are otherwise left out.
 * @param documents what became of each event, in order; null for one that was dropped
 */
export function compare(fixture: Fixture, documents: readonly unknown[]): Comparison {
  const { config, expected = [], expectedFile, file } = fixture;
  const reasons: string[] = [];
  const actual = documents.map((document, index) => withoutDynamic(document, config.dynamicFields, index, reasons));
  const wanted = expected.map((document) => withoutDynamic(document, config.dynamicFields));
  documents.forEach((document, index) => {
    const message = errorMessage(document);
    if (message === undefined || errorMessage(expected[index]) !== undefined) return;
    reasons.push(`event ${index + 1}: unexpected error.message: ${message}`);
  });
  const [before, after] = [expectedText(wanted), expectedText(actual)];
  if (before === after) return { reasons, diff: '' };
  const diff = createTwoFilesPatch(expectedFile, file, before, after, 'expected', 'actual', { context: 3 });
  return { reasons: [...reasons, `differs from ${expectedFile}`], diff: diff.replace(/^=+\n/, '') };
}

/** A document without its dynamic fields: what a `-expected.json` file holds. */
export function withoutDynamic(
  document: unknown,
  fields: ReadonlyMap<string, RegExp>,
  index = 0,
  reasons: string[] = [],
): unknown {
  if (!isRecord(document)) return document;
  const copy = structuredClone(document);
  for (const [field, form] of fields) {
    for (const value of takeOut(copy, field.split('.')).flat()) {
      const text = typeof value === 'string' ? value : JSON.stringify(value);
      if (!form.test(text))
        reasons.push(`event ${index + 1}: ${field} is ${text}, which is not of the form ${String(form)}`);
    }
  }
  return copy;
}

/** Removes a field, nested or with dots in its name, and gives its values. */
function takeOut(map: Record<string, unknown>, steps: readonly string[]): unknown[] {
  return steps.flatMap((_, length) => {
    const key = steps.slice(0, length + 1).join('.');
    const rest = steps.slice(length + 1);
    const value = map[key];
    if (value === undefined) return [];
    if (rest.length > 0) return isRecord(value) ? takeOut(value, rest) : [];
    Reflect.deleteProperty(map, key);
    return [value];
  });
}

function errorMessage(document: unknown): string | undefined {
  if (!isRecord(document)) return undefined;
  const message = isRecord(document.error) ? document.error.message : document['error.message'];
  return message === undefined ? undefined : typeof message === 'string' ? message : JSON.stringify(message);
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (!isRecord(value)) return value;
  const keys = Object.keys(value).sort();
  return Object.fromEntries(keys.map((key) => [key, sorted(value[key])]));
}

/** One file of events, and whether the pipeline makes of them what it should. */
export interface CaseResult {
  readonly pipeline: string;
  readonly file: string;
  readonly status: 'passed' | 'failed' | 'skipped' | 'generated';
  /** How many events it holds. */
  readonly events: number;
  /** Why it failed or was skipped; for a generated case, what to look at before it is committed. */
  readonly reasons: readonly string[];
  /** Unified diff from expected to actual; empty when there is none. */
  readonly diff: string;
}

/** A processor with a tag that no event of any fixture came to. */
export interface Unreached {
  readonly pipeline: string;
  readonly tag: string;
}

/** How many of the tagged processors of a pipeline, which is one stage, some event came to. */
export interface Coverage {
  readonly pipeline: string;
  readonly reached: number;
  readonly processors: number;
}

export interface SimulateResult {
  readonly cases: readonly CaseResult[];
  readonly unreached: readonly Unreached[];
  /** By pipeline, in the order of their ids. */
  readonly coverage?: readonly Coverage[] | undefined;
}
