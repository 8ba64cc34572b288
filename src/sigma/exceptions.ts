import { z } from 'zod';
import type { RuleFolderFile } from '../content/rule-folder';
import { readYaml, type YamlFile } from '../content/yaml-file';
import { ProblemError, type Place, type Problem } from '../errors';
import { isRecord } from '../json';
import { suggestion } from '../text/suggest';
import type { Condition } from './condition';
import { parseDetection } from './detection';
import { checkFieldTypes, type FieldTypes, coerceValues } from './field-types';
import { Findings, validateSchema } from './findings';
import { listOf } from '../lists';

/** One reason not to alert: an event that meets its condition is silenced. */
export interface Exception {
  /** Unique in its file. */
  readonly id: string;
  readonly enabled: boolean;
  readonly comment: string;
  readonly author: string;
  /** YYYY-MM-DD, or null. From the beginning of that day on (UTC) it silences no more. */
  readonly expires: string | null;
  readonly condition: Condition;
  /** Where it stands, when it was read from a file. */
  readonly place?: Place | undefined;
}

/** The tuning of one rule: a file of rules/exceptions. */
export interface RuleExceptions {
  /** That of the rule: rules/<slug>.yml. */
  readonly slug: string;
  readonly file: string;
  readonly entries: readonly Exception[];
}

const text = z.string().trim().min(1);
const entrySchema = z.strictObject({
  id: z.string().regex(/^[a-z0-9][a-z0-9_-]*$/, 'must be small letters, digits, _ and -, such as dism-host'),
  enabled: z.boolean(),
  comment: text,
  author: text,
  expires: z.iso.date().nullable().optional(),
  detection: z.unknown(),
});

/**
 * Reads the exceptions of all rules: `<slug>.yml`, a list of
 *
 *   - {id, enabled, comment, author, expires: YYYY-MM-DD (may be left out), detection: as in a rule}
 *
 * An empty file or list silences nothing.
 * @param files those of `rules/exceptions`, see `listRuleFolder`
 * @param fieldTypes the fields that can be searched, see `readFieldTypes`; without them fields are not checked
 * @param slugs of the rules that there are; a file of no rule is a problem. Without them files are not checked for it
 * @throws ProblemError RULE_INVALID with every problem of every file, INPUT when a file cannot be read
 */
export function readExceptions(
  files: readonly RuleFolderFile[],
  fieldTypes?: FieldTypes,
  slugs?: readonly string[],
): RuleExceptions[] {
  const problems: Problem[] = [];
  const all: RuleExceptions[] = [];
  for (const { path: file, slug } of files) {
    if (slugs?.includes(slug) === false) {
      const message = `there is no rule "${slug}" that these could be exceptions of`;
      problems.push({ where: { file }, message, hint: suggestion(slug, slugs) });
    }
    try {
      all.push({ slug, file, entries: parseExceptions(readYaml(file), fieldTypes) });
    } catch (error) {
      if (!(error instanceof ProblemError) || error.code === 'INPUT') throw error;
      problems.push(...error.problems);
    }
  }
  if (problems.length > 0) throw new ProblemError('RULE_INVALID', problems);
  return all;
}

/**
 * Reads one file of exceptions, see {@link readExceptions}.
 * @throws ProblemError RULE_INVALID with everything that is wrong in it
 */
export function parseExceptions(yaml: YamlFile, fieldTypes?: FieldTypes): Exception[] {
  const findings = new Findings(yaml);
  const list: unknown = yaml.value ?? [];
  if (!Array.isArray(list)) findings.add([], 'exceptions must be a list', 'Write [] where there are none.');
  const entries = listOf(list).map((item, index) => {
    const entry = parseEntry(item, findings.under([index]), fieldTypes);
    return entry === undefined ? undefined : { ...entry, place: yaml.placeOf([index]) };
  });
  entries.forEach((entry, index) => {
    const first = entry === undefined ? index : entries.findIndex((other) => other?.id === entry.id);
    if (first < index) findings.add([index, 'id'], `id "${entry?.id ?? ''}" is already that of entry ${first + 1}`);
  });
  findings.throwIfFound('RULE_INVALID');
  return entries.filter((entry) => entry !== undefined);
}

function parseEntry(item: unknown, findings: Findings, fieldTypes: FieldTypes | undefined): Exception | undefined {
  const entry = validateSchema({ schema: entrySchema, name: 'an exception' }, item, findings);
  if (!isRecord(item)) return undefined;
  const condition = parseDetection(item.detection, findings);
  if (fieldTypes !== undefined) checkFieldTypes(item.detection, fieldTypes, findings);
  if (entry === undefined || condition === undefined) return undefined;
  return {
    id: entry.id,
    enabled: entry.enabled,
    comment: entry.comment,
    author: entry.author,
    expires: entry.expires ?? null,
    condition: fieldTypes === undefined ? condition : coerceValues(condition, fieldTypes),
  };
}

/**
 * The entries of a rule that silence now: switched on, and not expired.
 * @param now milliseconds since 1970
 */
export function activeExceptions(exceptions: readonly RuleExceptions[], slug: string, now: number): Exception[] {
  return exceptions
    .filter((one) => one.slug === slug)
    .flatMap(({ entries }) => entries)
    .filter((entry) => entry.enabled && !isExpired(entry, now));
}

/**
 * What is switched on and silences no more: to be told, for its author believes that it does.
 * @param now milliseconds since 1970
 */
export function expiredExceptions(
  exceptions: readonly RuleExceptions[],
  now: number,
): { readonly slug: string; readonly entry: Exception }[] {
  return exceptions.flatMap(({ slug, entries }) =>
    entries.filter((entry) => entry.enabled && isExpired(entry, now)).map((entry) => ({ slug, entry })),
  );
}

function isExpired({ expires }: Exception, now: number): boolean {
  return expires !== null && Date.parse(`${expires}T00:00:00.000Z`) <= now;
}

/**
 * What is to be said of exceptions whose day has passed: they silence nothing any more.
 * @param now milliseconds since 1970
 */
export function expiredNotes(exceptions: readonly RuleExceptions[], now: number): string[] {
  return expiredExceptions(exceptions, now).map(
    ({ slug, entry }) =>
      `rules/exceptions/${slug}.yml: the exception ${entry.id} expired on ${entry.expires ?? ''} and silences nothing any more: renew it or take it out`,
  );
}
