import { basename } from 'node:path';
import { listRuleFolder, type RuleFolderFile } from '../content/rule-folder';
import { readYaml } from '../content/yaml-file';
import { ProblemError, type Problem } from '../errors';
import type { FieldTypes } from '../sigma/field-types';
import { placeholdersOf, type Placeholders } from '../sigma/placeholders';
import { readRules } from './read-rules';
import type { Rule } from './rule';

/** The rules of several folders, one on top of the other. */
export interface RuleSet {
  readonly rules: readonly Rule[];
  /** Where each is from. */
  readonly files: readonly RuleFolderFile[];
  /** The files of tuning and events, each with the slug of the rule that it is about. */
  readonly exceptions: readonly RuleFolderFile[];
  readonly tests: readonly RuleFolderFile[];
}

interface Reading {
  readonly fieldTypes?: FieldTypes | undefined;
  readonly problems: Problem[];
  readonly warnings: Problem[];
}

/** A rule, and where it is from. */
interface Found {
  readonly rule: Rule;
  readonly path: string;
}

/**
 * Reads the rules of several folders. A rule with the id of an earlier one takes its place; two with the same title are a
 * warning. Tuning and events in a folder are about its own rules first, then about those of the folders before.
 * @param folders the first is the lowest; of an own folder that holds no rule yet only a warning is made
 * @throws ProblemError INPUT when a folder cannot be read; what is wrong with files is in `problems`
 */
export function readRuleSet(folders: readonly string[], reading: Reading): RuleSet {
  const found: Found[] = [];
  /** Slugs of rules whose place another took. */
  const replaced = new Map<string, string>();
  const about: Pick<RuleSet, 'exceptions' | 'tests'>[] = [];
  folders.forEach((folder, level) => {
    const listed = listRuleFolder(folder);
    const own = new Map<string, string>();
    for (const rule of rulesOf(folder, level > 0 && listed.rules.length === 0, reading)) {
      const path = listed.rules.find(({ slug }) => slug === rule.slug)?.path ?? folder;
      const slug = put({ found, replaced, warnings: reading.warnings }, { rule, path }, basename(folder));
      own.set(rule.slug, slug);
    }
    const meant = ({ path, slug }: RuleFolderFile): RuleFolderFile => ({ path, slug: own.get(slug) ?? slug });
    about.push({ exceptions: listed.exceptions.map(meant), tests: listed.tests.map(meant) });
  });
  warnOfTitles(found, reading.warnings);
  const ofTheRuleInPlace = ({ path, slug }: RuleFolderFile): RuleFolderFile => ({
    path,
    slug: replaced.get(slug) ?? slug,
  });
  return {
    rules: found.map(({ rule }) => rule),
    files: found.map(({ rule, path }) => ({ path, slug: rule.slug })),
    exceptions: about.flatMap(({ exceptions }) => exceptions).map(ofTheRuleInPlace),
    tests: about.flatMap(({ tests }) => tests).map(ofTheRuleInPlace),
  };
}

function rulesOf(folder: string, mayBeEmpty: boolean, { fieldTypes, problems, warnings }: Reading): readonly Rule[] {
  const listed = listRuleFolder(folder);
  if (mayBeEmpty && listed.problems.length === 0) {
    warnings.push({ where: { file: folder }, message: 'holds no rule (*.yml) yet' });
    return [];
  }
  try {
    return readRules(folder, fieldTypes, { placeholders: placeholdersIn(listed.placeholders, problems), warnings });
  } catch (error) {
    if (!(error instanceof ProblemError) || error.code === 'INPUT') throw error;
    problems.push(...error.problems);
    return [];
  }
}

function placeholdersIn(file: string | undefined, problems: Problem[]): Placeholders | undefined {
  if (file === undefined) return undefined;
  const yaml = readYaml(file);
  const placeholders = placeholdersOf(yaml.value);
  if (placeholders === undefined) {
    const hint = 'Write `Administrators: [alice, bob]`, a name and its values a line.';
    problems.push({ where: yaml.placeOf([]), message: 'placeholders are a map of names to values', hint });
  }
  return placeholders;
}

interface Collected {
  readonly found: Found[];
  readonly replaced: Map<string, string>;
  readonly warnings: Problem[];
}

/** @returns the rule's slug, which is another one where an earlier folder has a file of its name */
function put({ found, replaced, warnings }: Collected, { rule, path }: Found, folder: string): string {
  const at = found.findIndex((other) => other.rule.uuid.toLowerCase() === rule.uuid.toLowerCase());
  const earlier = found[at];
  if (earlier !== undefined) {
    const dates = [earlier.rule, rule].map(({ modified, date }) => modified ?? date ?? 'no date');
    const message = `takes the place of ${earlier.path}, which has the same id (${dates.join(', then ')})`;
    warnings.push({ where: { file: path }, message });
    found[at] = { rule, path };
    replaced.set(earlier.rule.slug, rule.slug);
    return rule.slug;
  }
  const isTaken = found.some((other) => other.rule.slug === rule.slug);
  const slug = isTaken ? `${folder}/${rule.slug}` : rule.slug;
  if (isTaken) {
    warnings.push({ where: { file: path }, message: `another rule has this file name: this one is known as ${slug}` });
  }
  found.push({ rule: { ...rule, slug }, path });
  return slug;
}

function warnOfTitles(found: readonly Found[], warnings: Problem[]): void {
  const first = new Map<string, string>();
  for (const { rule, path } of found) {
    const earlier = first.get(rule.name.toLowerCase());
    if (earlier === undefined) first.set(rule.name.toLowerCase(), path);
    else warnings.push({ where: { file: path }, message: `the rule has the same title as ${earlier}` });
  }
}
