import { z } from 'zod';
import type { RuleFolder } from '../content/rule-folder';
import { readYaml, type YamlFile } from '../content/yaml-file';
import { ProblemError, type Place, type Problem } from '../errors';
import { isRecord, type JsonRecord } from '../json';
import { nearest, suggestion } from '../text/suggest';
import { Findings, validateSchema } from '../sigma/findings';

/** Where an event of a test comes from: it chooses the data stream, as a shipper's setting does. */
export type TestSource = (typeof SOURCES)[number];
const SOURCES = ['sysmon', 'windows_security', 'crowdstrike'] as const;

/** One event of rules/tests/<slug>.yml, and what the rule must make of it. */
export interface RuleTest {
  /** The rule's file name without its ending. */
  readonly slug: string;
  readonly name: string;
  readonly source: TestSource;
  /** As a shipper sends it; a text is sent as `message`. */
  readonly event: JsonRecord | string;
  readonly expected: 'alert' | 'no alert';
  readonly place: Place;
}

const text = z.string().trim().min(1);
const model = z.strictObject({
  name: text,
  source: z.enum(SOURCES),
  event: z.union([z.string().min(1), z.record(z.string(), z.unknown())]),
});
const twin = z.strictObject({ name: text, like: text, change: z.record(z.string(), z.unknown()) });

/**
 * Reads the events of all rules: one file a rule, `<slug>.yml`, with lists `positive` and `negative`.
 *
 *   positive:
 *     - {name, source: sysmon|windows_security|crowdstrike, event: {…} or text}
 *   negative:
 *     - {name, like: name of an earlier event, change: {path.with.dots: value, or null to take it away}}
 *
 * A file of no rule is a problem.
 * @throws ProblemError RULE_INVALID with every problem of every file
 */
export function readRuleTests(listed: Pick<RuleFolder, 'rules' | 'tests'>): RuleTest[] {
  const problems: Problem[] = [];
  const tests: RuleTest[] = [];
  const slugs = listed.rules.map(({ slug }) => slug);
  for (const { path, slug } of listed.tests) {
    if (!slugs.includes(slug)) {
      const hint = `A file is named as its rule. ${suggestion(slug, slugs)}`;
      problems.push({ where: { file: path }, message: `there is no rule "${slug}"`, hint });
      continue;
    }
    try {
      tests.push(...parseRuleTests(readYaml(path), slug));
    } catch (error) {
      if (!(error instanceof ProblemError)) throw error;
      problems.push(...error.problems);
    }
  }
  if (problems.length > 0) throw new ProblemError('RULE_INVALID', problems);
  return tests;
}

/**
 * The events in one file of rules/tests; see {@link readRuleTests}.
 * @throws ProblemError RULE_INVALID with everything that is wrong in it
 */
export function parseRuleTests(yaml: YamlFile, slug: string): RuleTest[] {
  const findings = new Findings(yaml);
  const tests = new Map<string, RuleTest | null>();
  const lists = isRecord(yaml.value) ? yaml.value : {};
  if (!isRecord(yaml.value)) findings.add([], 'must be a map with the lists "positive" and "negative"');
  for (const key of Object.keys(lists).filter((name) => name !== 'positive' && name !== 'negative')) {
    const meant = nearest(key, ['positive', 'negative']);
    findings.add([key], `there is no list "${key}"`, meant === undefined ? undefined : `Did you mean "${meant}"?`);
  }
  for (const [list, expected] of [
    ['positive', 'alert'],
    ['negative', 'no alert'],
  ] as const) {
    const items = lists[list];
    if (!Array.isArray(items) || items.length === 0) {
      const hint = 'A rule is tested by events that alert, and by their twins that do not.';
      findings.add([list], `the list "${list}" is missing or empty`, hint);
      continue;
    }
    items.forEach((value: unknown, index) => {
      const about = { slug, expected, place: yaml.placeOf([list, index]) };
      const test = testOf(value, about, tests, findings.under([list, index]));
      if (test !== undefined) tests.set(test.name, test);
      // What is like one that is wrong cannot be judged, and is no second mistake.
      else if (isRecord(value) && typeof value.name === 'string') tests.set(value.name, tests.get(value.name) ?? null);
    });
  }
  findings.throwIfFound('RULE_INVALID');
  return [...tests.values()].filter((test) => test !== null);
}

/** @returns undefined when something is wrong; it is in `findings` then */
function testOf(
  value: unknown,
  about: Pick<RuleTest, 'slug' | 'expected' | 'place'>,
  earlier: ReadonlyMap<string, RuleTest | null>,
  findings: Findings,
): RuleTest | undefined {
  const isTwin = isRecord(value) && 'like' in value;
  const test = isTwin
    ? twinOf(value, earlier, findings)
    : validateSchema({ schema: model, name: 'an event' }, value, findings);
  if (test === undefined) return undefined;
  if (!earlier.has(test.name)) return { ...about, ...test };
  findings.add(['name'], `two events are named "${test.name}"`);
  return undefined;
}

function twinOf(
  value: unknown,
  earlier: ReadonlyMap<string, RuleTest | null>,
  findings: Findings,
): Pick<RuleTest, 'name' | 'source' | 'event'> | undefined {
  const data = validateSchema({ schema: twin, name: 'an event' }, value, findings);
  if (data === undefined) return undefined;
  const { name, like, change } = data;
  const original = earlier.get(like);
  if (original === null) return undefined;
  if (original === undefined) {
    const meant = nearest(like, earlier.keys());
    const hint = meant === undefined ? 'It stands before this one, in either list.' : `Did you mean "${meant}"?`;
    findings.add(['like'], `there is no earlier event "${like}"`, hint);
    return undefined;
  }
  const event =
    typeof original.event === 'string'
      ? `"${like}" is a text, of which no part can be changed`
      : changed(original.event, change);
  if (typeof event !== 'string') return { name, source: original.source, event };
  findings.add(['change'], event);
  return undefined;
}

/**
 * An event with some of its values replaced: how a twin is written that differs in one point.
 * @param change full paths with dots, and the new values; null takes one away
 * @returns a new event, or what is wrong with the change: a value that is taken away must be there
 */
function changed(event: JsonRecord, change: JsonRecord): JsonRecord | string {
  const copy = structuredClone(event) as Record<string, unknown>;
  for (const [path, value] of Object.entries(change)) {
    const steps = path.split('.');
    const last = steps.pop() ?? path;
    const parent = steps.reduce<unknown>((inner, step) => (isRecord(inner) ? inner[step] : undefined), copy);
    if (!isRecord(parent)) return `the event has no "${steps.join('.')}" to change "${path}" in`;
    if (value !== null) parent[last] = value;
    else if (last in parent) Reflect.deleteProperty(parent, last);
    else return `the event has no "${path}" to take away`;
  }
  return copy;
}
