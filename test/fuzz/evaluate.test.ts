import * as fc from 'fast-check';
import { stringify } from 'yaml';
import { parseYaml } from '../../src/content/yaml-file';
import type { Condition } from '../../src/sigma/condition';
import { evaluate, type Met } from '../../src/sigma/compile/evaluate';
import { parseRule } from '../../src/detections/parse-rule';
import { toQueryDsl } from '../../src/sigma/compile/query-dsl';
import { findAll, indexEvents } from '../support/ecs-index';
import { detection, EVENTS, events, SEED } from '../support/random-rules';
import { ruleWith } from '../support/rule';
import { testCluster } from '../support/cluster';

/**
 * The evaluator that explains alerts against the query that raises them, on a real engine: random rules over random events. Both
 * must choose the same events, and what the evaluator shows must be what is asked for.
 */
const RULES = Number(process.env.FUZZ_RULES ?? 400);
const BATCH = 100;
const INDEX = 'fuzz-evaluate';

function conditionsOf(condition: Condition): Condition[] {
  if (condition.kind === 'field') return [condition];
  return condition.kind === 'not' ? conditionsOf(condition.of) : condition.of.flatMap(conditionsOf);
}

/** Whether a part that is shown holds every literal of some pattern of the rule, in its order, and begins and ends with one. */
function isApt({ value, offset, length }: Met, condition: Condition): boolean {
  const part = value.slice(offset, offset + length).toLowerCase();
  return conditionsOf(condition).some((one) => {
    if (one.kind !== 'field') return false;
    if (one.test.kind !== 'text') return offset + length <= value.length;
    const literals = one.test.pattern.flatMap((piece) => ('literal' in piece ? [piece.literal.toLowerCase()] : []));
    let at = 0;
    for (const literal of literals) {
      const found = part.indexOf(literal, at);
      if (found < 0) return false;
      at = found + literal.length;
    }
    return true;
  });
}

test('rule evaluation: an event meets a rule exactly when its query finds it, and what is shown is what was asked for', async () => {
  const cluster = await testCluster();
  const rules = fc
    .sample(detection, { numRuns: RULES, seed: SEED + 1 })
    .map((rule) => parseRule(parseYaml(stringify(ruleWith(rule)), 'fuzz.yml'), 'fuzz'));
  await indexEvents(cluster, INDEX, events);
  const wrong: unknown[] = [];
  let discerning = 0;
  let shown = 0;
  for (let start = 0; start < rules.length; start += BATCH) {
    const batch = rules.slice(start, start + BATCH);
    const found = await findAll(
      cluster,
      INDEX,
      batch.map((rule) => toQueryDsl(rule)),
    );
    batch.forEach(({ condition }, each) => {
      const hits = new Set(found[each]?.hits?.hits.map(({ _id }) => _id));
      if (hits.size > 0 && hits.size < EVENTS) discerning += 1;
      events.forEach((event, id) => {
        const met = evaluate(condition, event);
        if ((met !== undefined) !== hits.has(String(id))) wrong.push({ condition, event, met });
        for (const one of met ?? []) {
          shown += 1;
          if (!isApt(one, condition)) wrong.push({ condition, one });
        }
      });
    });
  }
  expect(wrong.slice(0, 3)).toEqual([]);
  expect(discerning).toBeGreaterThan(RULES / 2);
  expect(shown).toBeGreaterThan(RULES);
}, 300_000);
