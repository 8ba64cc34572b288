import type { RuleState } from '../../src/schedulers/deployed-rule';
import { unsafeReasons } from '../../src/plan/guard';
import { watchId } from '../../src/schedulers/watcher/watch-body';
import { attentionOf } from '../../src/status/attention';
import { watchRuleStates } from '../../src/schedulers/watcher/watch-kind';
import { request } from '../support/request';
import { contentWith, manyRules, rule } from '../support/content';
import { deployWatches, planWatches, watcherDeployment, watcherOfEachTest } from '../support/watcher-dataset';
import type { KeptWatch } from '../support/watcher-server';

const server = watcherOfEachTest();
const NOW = Date.parse('2026-03-01T12:00:00Z');

function kept(uuid = rule().uuid): KeptWatch {
  const found = server().watches.get(watchId(uuid, 'default'));
  if (found === undefined) throw new Error('no watch is there');
  return found;
}

function attention(rules: readonly RuleState[]): string[] {
  const counts = { create: 0, update: 0, delete: 0, foreign: 0, put_mapping: 0, rollover: 0, unchanged: 0 };
  const content = { inSync: true, counts, changes: [], leftovers: 0 };
  return attentionOf({ content, rules, sources: [] }, 1).filter((sentence) => !sentence.startsWith('no source'));
}

test('status on Watcher: lists each managed watch, whether it is active and how its last run went', async () => {
  const deployment = await watcherDeployment(server());
  expect(await watchRuleStates(deployment, NOW)).toEqual([]);
  await deployWatches(deployment, contentWith([rule()]));
  const [fresh] = await watchRuleStates(deployment, NOW);
  expect(fresh).toMatchObject({ uuid: rule().uuid, version: rule().version, enabled: true, overdue: true });

  kept().ran = { last_checked: '2026-03-01T11:58:00.000Z', execution_state: 'execution_not_needed' };
  const well = await watchRuleStates(deployment, NOW);
  expect(well).toMatchObject([
    {
      name: rule().name,
      interval: '5m',
      overdue: false,
      execution: { at: '2026-03-01T11:58:00.000Z', result: 'execution_not_needed' },
      nextRun: '2026-03-01T12:03:00.000Z',
    },
  ]);
  expect(attention(well)).toEqual([]);

  kept().ran = { last_checked: '2026-03-01T11:58:00.000Z', execution_state: 'failed' };
  expect(attention(await watchRuleStates(deployment, NOW))).toEqual([`${rule().name}: its last run ended in failed`]);
  const action = { ack: {}, last_execution: { timestamp: 't', successful: false, reason: 'no right to write' } };
  kept().ran = { last_checked: '2026-03-01T11:58:00.000Z', execution_state: 'executed', actions: { alerts: action } };
  expect(attention(await watchRuleStates(deployment, NOW))).toEqual([
    `${rule().name}: its last run ended in failed: no right to write`,
  ]);
  kept().ran = { last_checked: '2026-03-01T11:40:00.000Z', execution_state: 'executed' };
  expect(attention(await watchRuleStates(deployment, NOW))).toEqual([`${rule().name} has not run for two intervals`]);
  const schedule = { cron: '0 0 3 * * ?' };
  const by = kept().watch;
  kept().watch = { ...by, trigger: { schedule } };
  expect(await watchRuleStates(deployment, NOW)).toMatchObject([{ interval: null, overdue: false, nextRun: null }]);
  kept().watch = by;
  kept().active = false;
  expect(attention(await watchRuleStates(deployment, NOW))).toEqual([`${rule().name} is disabled`]);
});

test('status on Watcher: deleting a watch with open alerts needs a yes', async () => {
  const rules = manyRules(5);
  const deployment = await watcherDeployment(server(), 'w_guard');
  await deployWatches(deployment, contentWith(rules));
  const path = '/wmi-detections-alerts-w_guard/_doc/1';
  const body = { rule: { uuid: rules[0]?.uuid }, wmi_detections: { status: 'open' } };
  await request(deployment.cluster, { method: 'PUT', path, query: { refresh: true }, body });
  try {
    const rest = contentWith(rules.slice(1));
    expect(await unsafeReasons(deployment, await planWatches(deployment, rest, true))).toEqual([
      'This deletes the rule “Rule 0 [w_guard]”, which has 1 open alert.',
    ]);
    const others = contentWith([...rules.slice(0, 1), ...rules.slice(2)]);
    expect(await unsafeReasons(deployment, await planWatches(deployment, others, true))).toEqual([]);
  } finally {
    await request(deployment.cluster, { method: 'DELETE', path: '/wmi-detections-alerts-w_guard' });
  }
});
