import { reconcileText } from '../../../src/report/reconcile-text';
import type { Reason } from '../../../src/alerts/missing';
import type { RuleReconciliation } from '../../../src/alerts/reconcile';

/** A rule without alert for one event, for this reason. */
function rule(code: Reason['code'], time: string | null = '2025-03-10T11:50:00.000Z'): RuleReconciliation {
  const missing = [
    {
      group: { 'host.name': 'ws01' },
      events: 1,
      first: { index: 'events', id: 'p1', time },
      last: time,
      reasons: [{ code, message: 'as told' }],
    },
  ];
  const counts = { events: 1, groups: 1, alerted: 0, pending: 0, silenced: 0 };
  return { uuid: 'u', name: 'Children', slug: 'children', ...counts, missing };
}

function fix(scheduler: 'local' | 'kibana' | 'watcher' | 'opensearch-alerting', found: RuleReconciliation): string {
  const text = reconcileText([found], { scheduler, namespace: 'default' });
  return /to mend it: (.*)/.exec(text)?.[1] ?? '';
}

describe('report of reconcile: the fix for a missing alert', () => {
  test('is to look at its time again, by whatever runs the rule', () => {
    expect(fix('local', rule('unknown'))).toMatchInlineSnapshot(
      `"wmi-detections run --from 2025-03-10T11:50:00.000Z --to 2025-03-10T11:50:00.001Z --rule children"`,
    );
    expect(fix('kibana', rule('run_failed'))).toMatchInlineSnapshot(
      `"run the rule by hand in Kibana (Manual run) from 2025-03-10T11:50:00.000Z to 2025-03-10T11:50:00.001Z"`,
    );
    expect(fix('watcher', rule('gap'))).toMatchInlineSnapshot(
      `"run the watch over 2025-03-10T11:50:00.000Z to 2025-03-10T11:50:00.001Z: docs/watcher.md says how"`,
    );
    expect(fix('opensearch-alerting', rule('late'))).toMatchInlineSnapshot(
      `"run the monitor over 2025-03-10T11:50:00.000Z to 2025-03-10T11:50:00.001Z: docs/opensearch-alerting.md says how"`,
    );
  });

  test('begins with the rule itself where that is not there, or disabled', () => {
    expect(fix('kibana', rule('not_deployed'))).toMatchInlineSnapshot(
      `"deploy the rule, then run the rule by hand in Kibana (Manual run) from 2025-03-10T11:50:00.000Z to 2025-03-10T11:50:00.001Z"`,
    );
    expect(fix('watcher', rule('not_deployed'))).toMatchInlineSnapshot(
      `"deploy the rule, then run the watch over 2025-03-10T11:50:00.000Z to 2025-03-10T11:50:00.001Z: docs/watcher.md says how"`,
    );
    expect(fix('kibana', rule('disabled'))).toMatchInlineSnapshot(
      `"enable the rule, then run the rule by hand in Kibana (Manual run) from 2025-03-10T11:50:00.000Z to 2025-03-10T11:50:00.001Z"`,
    );
    expect(fix('opensearch-alerting', rule('disabled'))).toMatchInlineSnapshot(
      `"enable the rule, then run the monitor over 2025-03-10T11:50:00.000Z to 2025-03-10T11:50:00.001Z: docs/opensearch-alerting.md says how"`,
    );
  });

  test('is a time, where the events have none', () => {
    expect(fix('local', rule('no_timestamp', null))).toMatchInlineSnapshot(
      `"give its events an @timestamp; no period finds them"`,
    );
    expect(fix('kibana', rule('disabled', null))).toMatchInlineSnapshot(
      `"enable the rule, then give its events an @timestamp; no period finds them"`,
    );
  });
});
