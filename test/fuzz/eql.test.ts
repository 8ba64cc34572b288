import * as fc from 'fast-check';
import { stringify } from 'yaml';
import { parseYaml } from '../../src/content/yaml-file';
import { toEql } from '../../src/sigma/compile/eql';
import type { Exception } from '../../src/sigma/exceptions';
import type { FieldTypes } from '../../src/sigma/field-types';
import { parseRule } from '../../src/detections/parse-rule';
import type { Rule } from '../../src/detections/rule';
import { eqlMatcher } from '../support/eql-evaluator';
import { detection, events, SEED } from '../support/random-rules';
import { ruleWith } from '../support/rule';
import { matchesSigma, type Detection, type FlatDocument } from '../support/sigma-evaluator';

/**
 * The compiler to EQL against the Sigma specification, without an engine: random rules over random events, each
 * query read and evaluated by code that shares nothing with the compiler. `FUZZ_RULES` asks for more.
 */
const RULES = Number(process.env.FUZZ_RULES ?? 150);

const TYPES: FieldTypes = new Map([
  ['process.name', 'keyword'],
  ['process.command_line', 'wildcard'],
  ['process.parent.command_line', 'wildcard'],
  ['process.pid', 'long'],
  ['source.ip', 'ip'],
  ['host.name', 'keyword'],
]);
const KINDS: readonly FlatDocument[] = [
  { 'event.category': 'process', 'event.type': 'start' },
  { 'event.category': ['process', 'host'], 'event.type': ['info', 'start'] },
  { 'event.category': 'process', 'event.type': 'end' },
  { 'event.category': 'network', 'event.type': 'start' },
  { 'event.type': ['start'] },
];
const documents = events.map((event, index): FlatDocument => ({ ...event, ...(KINDS[index % 7] ?? KINDS[0]) }));

function isStart(document: FlatDocument): boolean {
  const holds = (field: string, value: string): boolean => [document[field] ?? null].flat().includes(value);
  return holds('event.category', 'process') && holds('event.type', 'start');
}

/** Sigma's verdict on a rule, less what an exception silences. */
function expected(rule: Detection, exception: Detection, document: FlatDocument): boolean {
  return isStart(document) && matchesSigma(rule, document) && !matchesSigma(exception, document);
}

function ruleFrom(rule: Detection): Rule {
  return parseRule(parseYaml(stringify(ruleWith(rule)), 'fuzz.yml'), 'fuzz', TYPES);
}

function exceptionFrom(rule: Detection): Exception {
  const { condition } = ruleFrom(rule);
  return { id: 'e', enabled: true, comment: '', author: '', expires: null, condition };
}

interface Disagreement {
  readonly query: string;
  readonly events: readonly FlatDocument[];
}

/** @returns the first disagreements, and how many rules told one event from another */
function compare(
  verdicts: (rule: Rule, exception: Exception) => { query: string; met: readonly boolean[] },
  over: readonly FlatDocument[],
): { disagreements: Disagreement[]; discerning: number } {
  const pairs = fc.sample(fc.tuple(detection, detection), { numRuns: RULES, seed: SEED });
  const disagreements: Disagreement[] = [];
  let discerning = 0;
  for (const [rule, exception] of pairs) {
    const { query, met } = verdicts(ruleFrom(rule), exceptionFrom(exception));
    const wanted = over.map((document) => expected(rule, exception, document));
    const wrong = over.filter((_, index) => wanted[index] !== met[index]);
    if (wrong.length > 0) disagreements.push({ query, events: wrong.slice(0, 3) });
    if (wanted.includes(true) && wanted.some((one, index) => !one && isStart(over[index] ?? {}))) discerning += 1;
  }
  return { disagreements: disagreements.slice(0, 3), discerning };
}

test.each(['false', 'null'] as const)(
  'rule compiler: EQL has the verdict of the Sigma specification, where a missing field compares as %s',
  (missing) => {
    const { disagreements, discerning } = compare((rule, exception) => {
      const query = toEql(rule, [exception]);
      const matches = eqlMatcher(query);
      return { query, met: documents.map((document) => matches(document, missing)) };
    }, documents);
    expect(disagreements).toEqual([]);
    expect(discerning).toBeGreaterThan(RULES / 4);
  },
  300_000,
);
