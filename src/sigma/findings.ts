import type { Path, YamlFile } from '../content/yaml-file';
import { ProblemError, type ErrorCode, type Problem } from '../errors';
import { z } from 'zod';
import { suggestion } from '../text/suggest';
import { valueAt } from '../json';

/** Collects everything that is wrong with one file, so that its author sees it all at once. */
export class Findings {
  private readonly problems: Problem[];
  private readonly noted: Problem[];

  /** @param prefix where the part of the file that is looked at stands; paths are counted from there */
  constructor(
    private readonly yaml: YamlFile,
    private readonly prefix: Path = [],
    problems: Problem[] = [],
    noted: Problem[] = [],
  ) {
    this.problems = problems;
    this.noted = noted;
  }

  /** For a part of the file: what is noted there is noted here. */
  under(path: Path): Findings {
    return new Findings(this.yaml, [...this.prefix, ...path], this.problems, this.noted);
  }

  /** Notes a problem at a place of the file. */
  add(path: Path, message: string, hint?: string): void {
    this.problems.push({ where: this.yaml.placeOf([...this.prefix, ...path]), message, hint });
  }

  /** Notes something that the author should know and that is no error. */
  warn(path: Path, message: string, hint?: string): void {
    this.noted.push({ where: this.yaml.placeOf([...this.prefix, ...path]), message, hint });
  }

  get warnings(): readonly Problem[] {
    return this.noted;
  }

  get found(): boolean {
    return this.problems.length > 0;
  }

  /** @throws ProblemError with everything noted, in the order of the file, if there is anything. */
  throwIfFound(code: ErrorCode): void {
    if (this.found)
      throw new ProblemError(
        code,
        this.problems.toSorted((a, b) => lineOf(a) - lineOf(b)),
      );
  }
}

function lineOf({ where }: Problem): number {
  return where !== undefined && 'line' in where ? (where.line ?? 0) : 0;
}

type Issue = z.core.$ZodIssue;

/**
 * Checks a part of a file against its form, and notes every departure from it in plain words.
 * @param name what to call the whole in messages, as in "the rule"
 * @returns undefined when something is wrong; it is in `findings` then
 */
export function validateSchema<T>(
  { schema, name }: { readonly schema: z.ZodType<T>; readonly name: string },
  value: unknown,
  findings: Findings,
): T | undefined {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  for (const issue of result.error.issues) addIssue(issue, schema, name, value, findings);
  return undefined;
}

function addIssue(issue: Issue, schema: unknown, name: string, root: unknown, findings: Findings): void {
  const path = issue.path.filter((step) => typeof step !== 'symbol');
  const shown = path.length === 0 ? name : describePath(path);
  if (issue.code === 'unrecognized_keys') {
    const known = keysAt(schema, path);
    for (const key of issue.keys)
      findings.add([...path, key], `there is no "${key}" in ${shown}`, suggestion(key, known));
    return;
  }
  const given = valueAt(root, path);
  if (given === undefined) findings.add(path, `${shown} is missing`, expected(issue, schemaAt(schema, path)));
  else findings.add(path, `${shown} ${reason(issue)} (it is ${describe(given)})`);
}

function describePath(path: readonly (string | number)[]): string {
  return path
    .map((step) => (typeof step === 'number' ? `[${step + 1}]` : step))
    .reduce((shown, step) => (step.startsWith('[') ? shown + step : `${shown}.${step}`));
}

/** The keys that the form has at a path; used for suggestions. */
function keysAt(root: unknown, path: readonly (string | number)[]): string[] {
  const schema = schemaAt(root, path);
  return schema instanceof z.ZodObject ? Object.keys(schema.shape) : [];
}

function schemaAt(root: unknown, path: readonly (string | number)[]): unknown {
  let schema = root;
  for (const step of path) {
    if (schema instanceof z.ZodObject) schema = schema.shape[step];
    else if (schema instanceof z.ZodArray) schema = schema.element;
    if (schema instanceof z.ZodOptional) schema = schema.unwrap();
  }
  return schema;
}

function expected(issue: Issue, schema: unknown): string | undefined {
  if (issue.code === 'invalid_value') return `Allowed: ${issue.values.map(String).join(', ')}.`;
  if (schema instanceof z.ZodNullable) return 'Where there is nothing to say, write null.';
  return undefined;
}

function reason(issue: Issue): string {
  switch (issue.code) {
    case 'invalid_type':
      return `must be ${NOUNS[issue.expected] ?? issue.expected}`;
    case 'invalid_value':
      return `must be ${issue.values.map((value) => JSON.stringify(value)).join(' or ')}`;
    case 'too_small':
      return issue.origin === 'number' ? `must be ${String(issue.minimum)} or more` : 'must not be empty';
    case 'too_big':
      return issue.origin === 'number'
        ? `must be ${String(issue.maximum)} or less`
        : `must have ${String(issue.maximum)} characters or less`;
    case 'invalid_format':
      return FORMATS[issue.format] ?? issue.message;
    case 'invalid_union':
      return 'must be a text or a list of texts';
    default:
      return issue.message;
  }
}

const NOUNS: Readonly<Record<string, string>> = {
  string: 'a text',
  number: 'a number',
  int: 'a whole number',
  array: 'a list',
  object: 'a map',
  record: 'a map',
  boolean: 'true or false',
};
const FORMATS: Readonly<Record<string, string>> = {
  date: 'must be a day, YYYY-MM-DD',
  guid: 'must be a UUID',
};

function describe(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return value.length === 0 ? 'an empty list' : 'a list';
  if (typeof value === 'object') return 'a map';
  const shown = JSON.stringify(value);
  return shown.length > 60 ? `${shown.slice(0, 57)}..."` : shown;
}
