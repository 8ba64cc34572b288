import * as fc from 'fast-check';
import { stringify } from 'yaml';
import { parseYaml } from '../../src/content/yaml-file';
import { parseRule } from '../../src/detections/parse-rule';
import { toQueryDsl } from '../../src/sigma/compile/query-dsl';
import { findAll, indexEvents, type Found } from '../support/ecs-index';
import { detection, EVENTS, events, SEED } from '../support/random-rules';
import { ruleWith } from '../support/rule';
import { matchesSigma, type Detection, type FlatDocument } from '../support/sigma-evaluator';
import { testCluster } from '../support/cluster';

/**
 * The compiler against an independent evaluator: random rules over random events on a real engine, of which each rule
 * must find exactly those that the evaluator does. `FUZZ_RULES` and `FUZZ_SEED` ask for more, and for others.
 */
const RULES = Number(process.env.FUZZ_RULES ?? 500);
const BATCH = 100;
const INDEX = 'fuzz-compiler';

function compile(rule: Detection): object {
  return toQueryDsl(parseRule(parseYaml(stringify(ruleWith(rule)), 'fuzz.yml'), 'fuzz'));
}

interface Disagreement {
  readonly rule: Detection;
  readonly missed: readonly FlatDocument[];
  readonly extra: readonly FlatDocument[];
  readonly error?: unknown;
}

function compare(
  rule: Detection,
  events: readonly FlatDocument[],
  expected: ReadonlySet<string>,
  found: Found,
): Disagreement[] {
  const actual = new Set(found.hits?.hits.map(({ _id }) => _id));
  const only = (here: ReadonlySet<string>, notThere: ReadonlySet<string>): FlatDocument[] =>
    events.filter((_, id) => here.has(String(id)) && !notThere.has(String(id))).slice(0, 3);
  const [missed, extra] = [only(expected, actual), only(actual, expected)];
  if (found.error === undefined && missed.length + extra.length === 0) return [];
  return [{ rule, missed, extra, ...(found.error !== undefined && { error: found.error }) }];
}

test('rule compiler: a compiled rule finds exactly the events that the Sigma specification says it matches', async () => {
  const cluster = await testCluster();
  const rules = fc.sample(detection, { numRuns: RULES, seed: SEED });
  await indexEvents(cluster, INDEX, events);
  const disagreements: Disagreement[] = [];
  let discerning = 0;
  for (let start = 0; start < rules.length; start += BATCH) {
    const batch = rules.slice(start, start + BATCH);
    const found = await findAll(cluster, INDEX, batch.map(compile));
    batch.forEach((rule, i) => {
      const expected = new Set(events.flatMap((document, id) => (matchesSigma(rule, document) ? [String(id)] : [])));
      if (expected.size > 0 && expected.size < EVENTS) discerning += 1;
      disagreements.push(...compare(rule, events, expected, found[i] ?? {}));
    });
  }
  expect(disagreements.slice(0, 3)).toEqual([]);
  // The comparison must have had something to compare: rules that tell one event from another.
  expect(discerning).toBeGreaterThan(RULES / 2);
}, 300_000);
