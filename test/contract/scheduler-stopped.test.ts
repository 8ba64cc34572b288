import { SCHEDULERS } from '../../src/schedulers';
import type { SchedulerName } from '../../src/settings';
import { attentionOf } from '../../src/status/attention';
import { proxy, type Answer } from '../support/proxy';
import { testCluster } from '../support/cluster';

const ALERTING = '/_plugins/_alerting/stats';
const WATCHER = '/_watcher/stats';

/** What is said of a scheduler whose cluster gives this answer. */
async function said(scheduler: SchedulerName, path: string, answer: Answer): Promise<string | null> {
  const between = await proxy(await testCluster(), (asked) => (asked.path === path ? answer : undefined));
  try {
    return await SCHEDULERS[scheduler].switchedOff({ cluster: between.cluster, namespace: 'default', now: 0 });
  } finally {
    between.close();
  }
}

const alerting = (enabled: unknown): Answer => ({ status: 200, body: { 'plugins.scheduled_jobs.enabled': enabled } });
const watcher = (stopped: unknown): Answer => ({ status: 200, body: { manually_stopped: stopped, stats: [] } });
const refused: Answer = { status: 403, body: { error: { type: 'security_exception', reason: 'no' }, status: 403 } };

test.each<[SchedulerName, string, Answer, string | null]>([
  [
    'opensearch-alerting',
    ALERTING,
    alerting(false),
    'OpenSearch Alerting is switched off (plugins.scheduled_jobs.enabled is false): no monitor runs',
  ],
  ['opensearch-alerting', ALERTING, alerting(true), null],
  ['opensearch-alerting', ALERTING, refused, null],
  ['watcher', WATCHER, watcher(true), 'Watcher is stopped: no watch runs until `POST /_watcher/_start`'],
  ['watcher', WATCHER, watcher(false), null],
  ['watcher', WATCHER, refused, null],
])('a stopped scheduler: is recognised: %s that answers %s with %j', async (scheduler, path, answer, expected) => {
  expect(await said(scheduler, path, answer)).toBe(expected);
});

test('a stopped scheduler: is not reported for a plain engine, which knows none of these', async () => {
  const scope = { cluster: await testCluster(), namespace: 'default', now: 0 };
  for (const scheduler of ['local', 'watcher', 'opensearch-alerting'] as const) {
    expect(await SCHEDULERS[scheduler].switchedOff(scope)).toBeNull();
  }
});

test('a stopped scheduler: needs attention', () => {
  const counts = { create: 0, update: 0, delete: 0, foreign: 0, put_mapping: 0, rollover: 0, unchanged: 0 };
  const content = { inSync: true, counts, changes: [], leftovers: 0 };
  expect(attentionOf({ content, rules: [], sources: [], stopped: 'it is off' }, 1)).toContain('it is off');
});
