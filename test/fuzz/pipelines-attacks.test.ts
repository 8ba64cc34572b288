import { writeJson } from '../../src/text/lossless-json';
import { readRules } from '../../src/detections/read-rules';
import { EVENTS, tryBatches, fates } from '../support/fuzz';
import { attacks, type Attack } from '../support/mutate-attacks';
import { at, testServer, type TestServer, runShipped } from '../support/test-server';

/**
 * What is an attack by the seeds' meaning is found by its rule, in whatever shape it comes and whatever stands around it, and is in
 * an alert; what is none is not.
 */
let node: TestServer;
beforeAll(async () => {
  node = await testServer();
});

async function firstFault(batch: readonly Attack[]): Promise<string | undefined> {
  for (const source of ['sysmon', 'security', 'crowdstrike'] as const) {
    const sent = batch.filter((one) => one.source === source);
    const found = await fates(
      node,
      source,
      sent.map(({ document }) => document),
    );
    for (const [index, { shape, verdict, document }] of sent.entries()) {
      const fate = found[index] ?? { refused: 'no answer' };
      const rules = 'refused' in fate ? [fate.refused] : [...fate.rules].sort();
      if (JSON.stringify(rules) === JSON.stringify(verdict)) continue;
      const error = 'refused' in fate ? '' : String(at(fate.indexed, 'error.message'));
      const process = 'refused' in fate ? undefined : fate.indexed['process'];
      return [
        `${source} ${shape}: is [${verdict.join()}], was found by [${rules.join()}] (${error})`,
        `document: ${writeJson(document).slice(0, 2000)}`,
        `process: ${JSON.stringify(process ?? null).slice(0, 1000)}`,
      ].join('\n');
    }
  }
  return undefined;
}

/** How many events are in the alerts of each rule, once the rules have run over all that was sent. */
async function alerted(): Promise<Record<string, number>> {
  const found = await runShipped(node);
  return Object.fromEntries(
    readRules('rules').map(({ slug, uuid }) => {
      const counts = found.filter((alert) => at(alert, 'rule.uuid') === uuid);
      return [slug, counts.reduce((sum, alert) => sum + Number(at(alert, 'wmi_detections.count')), 0)];
    }),
  );
}

function verdicts(sent: readonly Attack[]): Record<string, number> {
  return Object.fromEntries(
    readRules('rules').map(({ slug }) => [slug, sent.filter(({ verdict }) => verdict.includes(slug)).length]),
  );
}

test('pipelines on mutated attacks: a mutated attack is found by its rule and in an alert, and nothing else is', async () => {
  let hits = 0;
  const counted = (batch: readonly Attack[]): Promise<string | undefined> => {
    hits += batch.filter(({ verdict }) => verdict.length > 0).length;
    return firstFault(batch);
  };
  const sent = await tryBatches(node, attacks, counted, EVENTS / 2, async (all) => {
    expect(await alerted()).toEqual(verdicts(all));
  });
  // There must have been something to find, and something to leave.
  expect(hits).toBeGreaterThan(sent / 10);
  expect(hits).toBeLessThan(sent);
}, 3_600_000);
