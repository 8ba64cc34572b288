import type { RuleState } from '../../../src/schedulers/deployed-rule';
import { statusText } from '../../../src/report/status-text';
import { attentionOf, percent, hintsFor } from '../../../src/status/attention';
import { failureOf } from '../../../src/status/details';
import type { SourceState, Status } from '../../../src/status/status';

const rule: RuleState = {
  uuid: 'u',
  name: 'A rule',
  version: 3,
  interval: '5m',
  scheduler: 'local',
  space: null,
  enabled: true,
  watermark: '2025-03-10T11:58:00.000Z',
  behind: 120_000,
  overdue: false,
  lastRun: { from: null, to: null, events: 2, alerts: 1, new: 1 },
  execution: null,
  nextRun: null,
};

const inKibana: RuleState = {
  ...rule,
  scheduler: 'kibana',
  space: 'soc',
  watermark: null,
  lastRun: null,
  execution: { at: '2025-03-10T11:58:00.000Z', result: 'succeeded', message: '', gap: 0 },
  nextRun: '2025-03-10T12:03:00.000Z',
};

const security: SourceState = {
  source: 'logs-windows_security.process_creation-default',
  read: true,
  exists: true,
  problem: null,
  newestIngested: '2025-03-10T11:59:30.000Z',
  newestEvent: '2025-03-10T11:59:25.000Z',
  documents: 60,
  processCreations: 50,
  silent: false,
  failures: { count: 2, by: [{ step: 'read-xml (script)', reason: 'cut \u202e off', count: 2 }] },
  failureStore: null,
  ignored: { count: 1, fields: [{ field: 'host.ip', count: 1 }] },
  delay: { p50: 5_000, p95: 90_000, beyondLookback: 1 },
  coverage: [
    {
      rule: 'u',
      name: 'A rule',
      blind: 36,
      share: 0.72,
      causes: [{ lack: 'no process.command_line', fields: ['process.command_line'], count: 36 }],
      fields: [
        { field: 'process.command_line', count: 36 },
        { field: 'process.pe.original_file_name', count: 50 },
      ],
    },
  ],
};

const counts = { create: 0, update: 0, delete: 0, foreign: 0, put_mapping: 0, rollover: 0, unchanged: 24 };

function statusOf(change: Partial<Status>): Status {
  const status = {
    cluster: { url: 'http://127.0.0.1:9200', product: 'opensearch', version: '3.8.0' },
    namespace: 'default',
    now: '2025-03-10T12:00:00.000Z',
    since: '2025-03-09T12:00:00.000Z',
    content: { inSync: true, counts, changes: [], leftovers: 0 },
    stopped: null,
    limits: [],
    rules: [rule],
    sources: [security],
    blindSpots: [],
    undelivered: [],
    ...change,
  };
  return { ...status, attention: attentionOf(status, 0.5) };
}

test('report of status: the text names each source, its counts, the blind share of the rules, the reason and the fix', () => {
  expect(statusText(statusOf({}))).toMatchInlineSnapshot(`
   "OpenSearch 3.8.0 at http://127.0.0.1:9200, namespace default

   Content: in sync (24 unchanged).

   Rules
     A rule, version 3, every 5m: read up to 2 min 0 s ago; last run: 2 events, 1 alert, 1 new

   Sources, and what arrived since 2025-03-09T12:00:00.000Z
     logs-windows_security.process_creation-default
       60 documents, 50 process creations; newest 30.0 s ago
       newest event of 2025-03-10T11:59:25.000Z
       events arrive 5.0 s after they happen, 95 % within 1 min 30 s; 1 later than the look-back
       pipelines failed on 2
         2 × read-xml (script): cut \\u{202e} off
       1 document with values that cannot be searched: host.ip (1)
       A rule is blind on 72 % of logs-windows_security.process_creation-default
         no process.command_line on 72 %
           Process auditing records none unless told to: turn on "Include command line in process creation events" (docs/shippers.md).
         does without process.pe.original_file_name on 100 %

   Needs attention
     ! logs-windows_security.process_creation-default: pipelines failed on 2
     ! A rule is blind on 72 % of logs-windows_security.process_creation-default"
  `);
});

test('report of status: differences are named, and missing resources are one line', () => {
  const changes = [
    { kind: 'ingest_pipeline', id: 'a', action: 'update', edited: false, diff: ' -old\n+new\n' },
    { kind: 'index_template', id: 'b', action: 'foreign', edited: false, diff: '' },
  ];
  const absent = {
    ...security,
    source: 'winlogbeat-*',
    exists: false,
    newestIngested: null,
    newestEvent: null,
    documents: 0,
    processCreations: 0,
    failures: { count: 0, by: [] },
    coverage: [],
  };
  const text = statusText(
    statusOf({ content: { inSync: false, counts, changes, leftovers: 1 }, sources: [security, absent] }),
  );
  expect(text).toContain(
    '  changed ingest_pipeline/a\n  not ours index_template/b\n  1 of ours no longer in the content',
  );
  expect(text).toContain('Nothing yet from winlogbeat-*.');
});

test('report of status: a healthy report needs no attention, and every fault does', () => {
  const well = { ...security, failures: { count: 0, by: [] }, coverage: [] };
  expect(statusOf({ sources: [well] }).attention).toEqual([]);
  const unwell = statusOf({
    content: {
      inSync: false,
      counts,
      changes: [{ kind: 'k', id: 'i', action: 'create', edited: false, diff: '' }],
      leftovers: 0,
    },
    rules: [
      { ...rule, overdue: true },
      { ...rule, name: 'B rule', overdue: true, watermark: null, behind: null },
    ],
    sources: [
      security,
      { ...well, source: 'one', processCreations: 0 },
      { ...well, source: 'many-*', processCreations: 0 },
    ],
  });
  expect(unwell.attention).toMatchInlineSnapshot(`
   [
     "the cluster is not in sync with the content: 1 thing differs",
     "A rule has not run for two intervals",
     "B rule has never run",
     "logs-windows_security.process_creation-default: pipelines failed on 2",
     "A rule is blind on 72 % of logs-windows_security.process_creation-default",
     "one has no process creations",
   ]
  `);
});

test('report of status: an edit on the cluster is shown with the difference', () => {
  const diff = '@@ -1 +1 @@\n-severity: low\n+severity: medium\n';
  const changes = [{ kind: 'detection_rule', id: 'r', action: 'update', edited: true, diff }];
  const text = statusText(statusOf({ content: { inSync: false, counts, changes, leftovers: 0 } }));
  expect(text).toContain(
    '  edited on the cluster detection_rule/r\n      @@ -1 +1 @@\n      -severity: low\n      +severity: medium',
  );
});

test('report of status: a rule in Kibana shows its last run, its result and its next run', () => {
  const failed = { ...inKibana.execution, at: '', result: 'failed', message: 'no index', gap: 720_000 };
  const { attention, ...shown } = statusOf({
    rules: [inKibana, { ...inKibana, enabled: false }, { ...inKibana, behind: null, overdue: true, execution: null }],
  });
  expect(statusText({ ...shown, attention })).toContain(
    [
      '  A rule (space soc), version 3, every 5m: ran 2 min 0 s ago; succeeded; next 2025-03-10T12:03:00.000Z',
      '  A rule (space soc), version 3, every 5m: disabled',
      '  A rule (space soc), version 3, every 5m: never run',
    ].join('\n'),
  );
  expect(attention).toEqual(
    expect.arrayContaining(['A rule (space soc) is disabled', 'A rule (space soc) has never run']),
  );
  expect(statusOf({ rules: [{ ...inKibana, execution: failed }] }).attention).toEqual(
    expect.arrayContaining([
      'A rule (space soc): its last run ended in failed: no index',
      'A rule (space soc): nothing ran for 12 min 0 s before its last run',
    ]),
  );
  expect(statusOf({ rules: [inKibana] }).attention.filter((sentence) => sentence.startsWith('A rule ('))).toEqual([]);
});

test('report of status: failures in the stream of unrecognised events raise no alarm', () => {
  expect(statusOf({ sources: [{ ...security, read: false, coverage: [] }] }).attention).toEqual([
    'no source has any event',
  ]);
});

test('report of status: a share is rounded, but never to 0 or 100 percent', () => {
  expect([0, 0.001, 0.724, 0.999, 1].map(percent)).toEqual(['0 %', '<1 %', '72 %', '>99 %', '100 %']);
});

test('report of status: an error.message is a step and a reason, in which values do not count', () => {
  expect(failureOf('read-xml (script): value "a b" at 12 is no number')).toEqual({
    step: 'read-xml (script)',
    reason: 'value … at # is no number',
  });
  expect(failureOf('ecs: no event was read')).toEqual({ step: 'ecs', reason: 'no event was read' });
  expect(failureOf('something without a step')).toEqual({ step: '', reason: 'something without a step' });
});

test('report of status: a hint is given where the source is known to lack the field, and nowhere else', () => {
  expect(hintsFor('logs-system.security-*', 'process.command_line')).toHaveLength(1);
  expect(hintsFor('logs-sysmon.process_creation-default', 'process.command_line')).toEqual([]);
});
