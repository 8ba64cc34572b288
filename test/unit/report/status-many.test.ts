import { statusText } from '../../../src/report/status-text';
import type { RuleState } from '../../../src/schedulers/deployed-rule';
import type { Status } from '../../../src/status/status';

function rule(at: number, overdue: boolean): RuleState {
  return {
    uuid: `u${String(at)}`,
    name: `Rule ${String(at)}`,
    version: 1,
    interval: '5m',
    scheduler: 'local',
    space: null,
    enabled: true,
    watermark: '2026-01-01T00:00:00.000Z',
    behind: 60_000,
    overdue,
    lastRun: { from: null, to: null, events: 0, alerts: 0, new: at === 0 ? 3 : 0 },
    execution: null,
    nextRun: null,
  };
}

const STATUS = {
  cluster: { url: 'http://x:9200', product: 'opensearch', version: '3.8.0' },
  namespace: 'default',
  now: '2026-01-01T00:01:00.000Z',
  since: '2025-12-31T00:01:00.000Z',
  content: {
    inSync: true,
    counts: { create: 0, update: 0, delete: 0, foreign: 0, put_mapping: 0, rollover: 0, unchanged: 1 },
    changes: [],
    leftovers: 0,
  },
  stopped: null,
  sources: [],
  blindSpots: [],
} as const;

test('status of many rules: what needs attention comes first, and the rules are counted', () => {
  const rules = Array.from({ length: 1_400 }, (_, at) => rule(at, at < 30));
  const attention = rules.filter(({ overdue }) => overdue).map(({ name }) => `${name} has not run for two intervals`);
  const lines = statusText({ ...STATUS, rules, attention } as unknown as Status).split('\n');
  expect(lines.length).toBeLessThan(40);
  expect(lines[2]).toBe('Needs attention');
  expect(lines).toContain('  and 20 more: --output json lists them');
  expect(lines).toContain('  1370 of 1400 rules run as they should; 3 new alerts in their last runs');
});

test('status of few rules names each', () => {
  const rules = [rule(0, false), rule(1, false)];
  const text = statusText({ ...STATUS, rules, attention: [] } as unknown as Status);
  expect(text).toContain('  Rule 1, version 1, every 5m');
});
