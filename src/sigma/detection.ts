import type { Path } from '../content/yaml-file';
import { isRecord } from '../json';
import { allOf, anyOf, depth, leaves, type Condition } from './condition';
import { parseConditionText } from './condition-text';
import type { Findings } from './findings';
import { fieldsOfKey, parseField, type DetectionScope } from './field';

export type { DetectionScope } from './field';

/** Engines allow 1,024 clauses in one query; a few are ours. */
const MOST_TESTS = 1000;
/** Elasticsearch refuses queries of more than 30 layers; a few are ours. */
const DEEPEST = 20;
const NAME = /^[A-Za-z0-9_.-]+$/;
const KEYWORDS = new Set(['and', 'or', 'not', 'of', 'them', 'all', '1']);
const SPECIFICATION = 'Sigma specification 2.0';

/**
 * Reads `detection`: the search identifiers, and the condition that joins them.
 * @param scope whose field names it uses, and what is known of fields and placeholders
 * @returns undefined when something is wrong; it is in `findings` then
 */
export function parseDetection(detection: unknown, findings: Findings, scope: DetectionScope): Condition | undefined {
  const path = ['detection'];
  if (!isRecord(detection)) {
    findings.add(path, 'detection must be a map of search identifiers and a condition');
    return undefined;
  }
  if ('timeframe' in detection) {
    findings.add([...path, 'timeframe'], 'timeframe is not supported: a rule looks at one event at a time');
  }
  const names = Object.keys(detection).filter((name) => name !== 'condition' && name !== 'timeframe');
  const searches = new Map<string, Condition | undefined>();
  for (const name of names) {
    if (!NAME.test(name) || KEYWORDS.has(name.toLowerCase())) {
      findings.add(
        [...path, name],
        `"${name}" cannot be the name of a search identifier`,
        'Use letters, digits, _, - and dots.',
      );
    }
    searches.set(name, parseSearch(detection[name], [...path, name], findings, scope));
  }
  const used = new Set<string>();
  const condition = parseConditions(detection.condition, searches, used, findings);
  for (const name of names) {
    if (condition !== undefined && !used.has(name) && !name.startsWith('_')) {
      findings.add(
        [...path, name],
        `search identifier "${name}" is not used by the condition`,
        'Use it, delete it, or let its name begin with an underscore.',
      );
    }
  }
  if (condition !== undefined && leaves(condition) > MOST_TESTS) {
    findings.add(path, `the rule compares more than ${MOST_TESTS} values`, 'Split it into several rules.');
  }
  if (condition !== undefined && depth(condition) > DEEPEST) {
    findings.add(path, `and, or and not nest deeper than ${DEEPEST} layers`, 'Write the condition more simply.');
  }
  return condition;
}

function parseConditions(
  value: unknown,
  searches: ReadonlyMap<string, Condition | undefined>,
  used: Set<string>,
  findings: Findings,
): Condition | undefined {
  const path = ['detection', 'condition'];
  const texts: unknown[] = Array.isArray(value) ? value : [value];
  const conditions = texts.map((text, index) => {
    const place = Array.isArray(value) ? [...path, index] : path;
    if (typeof text !== 'string' || text.trim() === '') {
      findings.add(place, 'condition must be a text', 'Such as: selection and not 1 of filter_*');
      return undefined;
    }
    const parsed = parseConditionText(text, [...searches.keys()]);
    if ('message' in parsed) {
      findings.add(place, `condition: ${parsed.message} (${SPECIFICATION}, "Condition")`, parsed.hint);
      return undefined;
    }
    for (const name of parsed.used) used.add(name);
    return parsed.build((name) => searches.get(name));
  });
  return anyOf(conditions);
}

/** A map holds when all its fields match; a list of maps, or of words, when any of them does. */
function parseSearch(search: unknown, path: Path, findings: Findings, scope: DetectionScope): Condition | undefined {
  if (!Array.isArray(search)) return parseMap(search, path, findings, scope);
  if (search.length === 0) findings.add(path, `search identifier "${String(path.at(-1))}" is empty`);
  return anyOf(
    search.map((item: unknown, index) =>
      isRecord(item)
        ? parseMap(item, [...path, index], findings, scope)
        : parseField('|contains', [item], [...path, index], findings, scope),
    ),
  );
}

function parseMap(map: unknown, path: Path, findings: Findings, scope: DetectionScope): Condition | undefined {
  if (!isRecord(map)) {
    if (typeof map === 'string' || typeof map === 'number') {
      return parseField('|contains', map, path, findings, scope);
    }
    findings.add(path, 'a search must be a map of fields, or words (Sigma specification 2.0, "Search-Identifier")');
    return undefined;
  }
  const entries = Object.entries(map);
  if (entries.length === 0) findings.add(path, 'a search needs at least one field');
  return allOf(entries.map(([key, value]) => parseField(key, value, [...path, key], findings, scope)));
}

/** The fields that a detection names, as it writes them; what is malformed is left out. */
export function namesOfDetection(detection: unknown): string[] {
  if (!isRecord(detection)) return [];
  const maps = Object.entries(detection)
    .filter(([name]) => name !== 'condition')
    .flatMap(([, search]) => [search].flat())
    .filter(isRecord);
  return maps.flatMap((map) => Object.keys(map).flatMap(fieldsOfKey));
}
