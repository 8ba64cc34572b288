import { defaultIndices } from '../../src/detections/indices';
import type { Desired } from '../../src/resources/kind';
import { ruleKind } from '../../src/schedulers/local/stored-rule-kind';
import { runLoop } from '../../src/schedulers/local/run-loop';
import { runRules } from '../../src/schedulers/local/run-rules';
import { readState, type StoredRule } from '../../src/schedulers/local/state';
import { toQueryDsl } from '../../src/sigma/compile/query-dsl';
import { dataset, storeRule, wmiChild, type Dataset } from '../support/dataset';

/** The rule of the data set and eleven others, of which the first also finds its event and the last cannot be run. */
async function withRules(here: Dataset, broken = false): Promise<void> {
  for (let at = 0; at < 11; at += 1) {
    const name = at === 0 ? 'notepad.exe' : `never${String(at)}.exe`;
    const condition = {
      kind: 'field',
      field: 'process.name',
      test: { kind: 'text', pattern: [{ literal: name }], cased: false },
    } as const;
    const uuid = `5f3a5b0e-7d5c-4c53-9a0e-0c9d6b1f2b${String(at).padStart(2, '0')}`;
    const rule = {
      ...here.rule,
      uuid,
      slug: `rule_${String(at)}`,
      name: `Rule ${String(at).padStart(2, '0')}`,
      condition,
    };
    const query =
      broken && at === 10 ? { regexp: { 'process.name': { value: '.*a.{30}' } } } : toQueryDsl({ condition });
    const stored: StoredRule = {
      kind: 'rule',
      managed_by: 'wmi-detections',
      digest: '',
      rule,
      query,
      indices: defaultIndices(here.namespace),
    };
    await storeRule(here.cluster, here.namespace, stored);
  }
}

test('many rules: those that find nothing are run in a few requests, and the others alert as ever', async () => {
  const here = await dataset();
  await withRules(here);
  await here.index([wmiChild('a')]);
  const { cluster } = here;
  const paths: string[] = [];
  cluster.client.diagnostic.on('request', (_, result) => paths.push(String(result?.meta.request.params.path)));
  const now = (): number => Date.parse('2025-03-10T12:00:00.000Z');
  const { rules } = await runRules(cluster, { namespace: here.namespace, now });
  expect(rules).toHaveLength(12);
  expect(rules.filter(({ new: found }) => found > 0).map(({ name }) => name)).toEqual([
    'Children of WmiPrvSE',
    'Rule 00',
  ]);
  expect(paths.filter((path) => path.endsWith('/_msearch'))).toHaveLength(1);
  // Three requests for all, six for each of the two that find something, and what comes with alerts.
  expect(paths.length).toBeLessThan(40);
  const states = await readState(cluster, here.namespace);
  expect(new Set(states.map(({ watermark }) => watermark))).toEqual(new Set([now() - 60_000]));
  // A second run finds nothing new, from where the first one came.
  const again = await runRules(cluster, { namespace: here.namespace, now: () => now() + 600_000 });
  expect(again.rules.map(({ new: found }) => found)).toEqual(Array.from({ length: 12 }, () => 0));
});

test('many rules: the failure of one does not hide the others, and its watermark stays', async () => {
  const here = await dataset();
  await withRules(here, true);
  await here.index([wmiChild('a')]);
  const now = (): number => Date.parse('2025-03-10T12:00:00.000Z');
  await expect(runRules(here.cluster, { namespace: here.namespace, now })).rejects.toThrow('rule "Rule 10": ');
  const states = await readState(here.cluster, here.namespace);
  expect(states.filter(({ watermark }) => watermark === null).map(({ rule }) => rule.name)).toEqual(['Rule 10']);
});

test('many rules: a dry run and a period of event time move no watermark', async () => {
  const here = await dataset();
  await withRules(here);
  const now = (): number => Date.parse('2025-03-10T12:00:00.000Z');
  await runRules(here.cluster, { namespace: here.namespace, now, dryRun: true });
  await runRules(here.cluster, { namespace: here.namespace, now, from: 0, to: 1 });
  const states = await readState(here.cluster, here.namespace);
  expect(states.every(({ watermark }) => watermark === null)).toBe(true);
});

test('many rules: a watch runs all that are due, and ends where it is told to', async () => {
  const here = await dataset();
  await withRules(here);
  const ending = new AbortController();
  const names: string[] = [];
  const now = (): number => Date.parse('2025-03-10T12:00:00.000Z');
  for await (const event of runLoop(here.cluster, { namespace: here.namespace, signal: ending.signal, now })) {
    if (event.kind === 'run') names.push(event.run.name);
    if (names.length === 12) ending.abort();
  }
  expect(new Set(names).size).toBe(12);
});

test('many rules: a deploy stores them together, and refuses alone the one whose query the engine refuses', async () => {
  const here = await dataset();
  await here.index([wmiChild('a')]);
  const desired = Array.from({ length: 12 }, (_, at): Desired => {
    const uuid = `5f3a5b0e-7d5c-4c53-9a0e-0c9d6b1f2c${String(at).padStart(2, '0')}`;
    const rule = { ...here.rule, uuid, name: `Rule ${String(at)}` };
    const expression = at === 3 ? '.*a.{30}' : 'a';
    const query = { regexp: { 'process.name': { value: expression } } };
    return { id: uuid, title: rule.name, body: { rule, query, indices: defaultIndices(here.namespace) } };
  });
  const scope = { cluster: here.cluster, namespace: here.namespace, now: 0 };
  const failed = await ruleKind.batch?.put(scope, desired);
  expect([...(failed ?? [])].map(([id]) => id.slice(-2))).toEqual(['03']);
  expect([...(failed?.values() ?? [])][0]?.message).toContain('the engine refuses the query of this rule: ');
  expect(await ruleKind.list(scope, [])).toHaveLength(12);
  await expect(ruleKind.put(scope, desired[3] as Desired, 'create')).rejects.toThrow('the engine refuses the query');
  await ruleKind.put(scope, desired[4] as Desired, 'update');
});
