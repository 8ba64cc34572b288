import { monitorBody } from '../../../src/schedulers/opensearch-alerting/monitor-body';
import { normalizeMonitor } from '../../../src/schedulers/opensearch-alerting/normalize-monitor';
import { toBucketSearch } from '../../../src/schedulers/opensearch-alerting/bucket-search';
import { rewriteSearch } from '../../support/alerting-rewrite';
import { bucketTriggers, storable, type Json } from '../../support/alerting-validate';
import { readRules } from '../../../src/detections/read-rules';
import type { Rule } from '../../../src/detections/rule';
import { rule } from '../../support/content';
import { Refusal } from '../../support/kibana-state';

function body(changes: Json = {}): Json {
  return { ...monitorBody(rule(), { namespace: 'default', indices: ['logs-*'], exceptions: [] }), ...changes };
}

function withTrigger(changes: Json): Json {
  const [trigger] = bucketTriggers(body());
  return body({ triggers: [{ bucket_level_trigger: { ...trigger, ...changes } }] });
}

function withSearch(query: unknown): Json {
  return body({ inputs: [{ search: { indices: ['logs-*'], query } }] });
}

/* What a running node answered (OpenSearch Alerting 3.4.0.0). */
test.each<[string, unknown, number, string]>([
  ['no name', body({ name: undefined }), 400, 'Monitor name is null'],
  ['no schedule', body({ schedule: undefined }), 400, 'Monitor schedule is null'],
  [
    'interval 0',
    body({ schedule: { period: { interval: 0, unit: 'MINUTES' } } }),
    400,
    'Interval is not allowed to be 0 or negative',
  ],
  ['two inputs', body({ inputs: [{}, {}] }), 400, 'Monitors can only have 1 search input.'],
  ['no trigger name', withTrigger({ name: undefined }), 500, 'lateinit property name has not been initialized'],
  ['no severity', withTrigger({ severity: undefined }), 500, 'lateinit property severity has not been initialized'],
  ['no condition', withTrigger({ condition: undefined }), 500, 'lateinit property condition has not been initialized'],
  [
    'an object of its own in a trigger',
    withTrigger({ mine: {} }),
    500,
    'expecting token of type [START_OBJECT] but found [END_OBJECT]',
  ],
  [
    'custom data sources',
    body({ data_sources: { alerts_index: 'mine' } }),
    400,
    'Custom Data Sources are not allowed.',
  ],
  ['an unknown query', withSearch({ query: { nope: {} } }), 500, 'unknown query [nope]'],
  [
    'runtime fields',
    withSearch({ runtime_mappings: {} }),
    500,
    'Unknown key for a START_OBJECT in [runtime_mappings].',
  ],
  ['no aggregation', withSearch({ query: { match_all: {} } }), 400, 'At least one aggregation is required'],
  ['a list', [], 400, 'expecting token of type [START_OBJECT] but found [START_ARRAY]'],
])('monitor body: the contract server refuses %s', (_, given, status, reason) => {
  let refusal: unknown;
  try {
    storable(given);
  } catch (error) {
    refusal = error;
  }
  expect(refusal).toBeInstanceOf(Refusal);
  expect(refusal).toMatchObject({ status, message: expect.stringContaining(reason) as string });
});

test.each<[string, Json]>([
  ['no inputs', body({ inputs: [] })],
  ['no triggers', body({ triggers: [] })],
  ['an empty name', body({ name: '' })],
  [
    'a script that does not compile',
    withTrigger({ condition: { parent_bucket_path: 'x', buckets_path: {}, script: { source: '(((' } } }),
  ],
  ['a severity of its own', withTrigger({ severity: 9 })],
])('monitor body: the contract server stores what can never fire: %s', (_, given) => {
  expect(() => storable(given)).not.toThrow();
});

test('monitor body: a field that a monitor does not know is dropped silently', () => {
  expect(storable(body({ description: 'x', tags: ['y'] }))).not.toHaveProperty('description');
});

/* As SearchSourceBuilder of OpenSearch 3.8 wrote them. */
test.each([
  [
    '{"term":{"a":{"value":"x","case_insensitive":true}}}',
    '{"term":{"a":{"value":"x","case_insensitive":true,"boost":1}}}',
  ],
  [
    '{"wildcard":{"a":{"value":"*x","case_insensitive":true}}}',
    '{"wildcard":{"a":{"wildcard":"*x","case_insensitive":true,"boost":1}}}',
  ],
  [
    '{"regexp":{"a":{"value":"x.*","flags":"NONE"}}}',
    '{"regexp":{"a":{"value":"x.*","flags_value":0,"max_determinized_states":10000,"boost":1}}}',
  ],
  [
    '{"range":{"a":{"gt":1,"lte":2}}}',
    '{"range":{"a":{"from":1,"to":2,"include_lower":false,"include_upper":true,"boost":1}}}',
  ],
  [
    '{"bool":{"must_not":[{"exists":{"field":"a"}}]}}',
    '{"bool":{"must_not":[{"exists":{"field":"a","boost":1}}],"adjust_pure_negative":true,"boost":1}}',
  ],
  ['{"bool":{"filter":[]}}', '{"bool":{"adjust_pure_negative":true,"boost":1}}'],
])('monitor body: %s comes back rewritten, and is the same to us', (written, stored) => {
  const query = JSON.parse(written) as Json;
  expect(rewriteSearch({ query }).query).toEqual(JSON.parse(stored));
  const normalize = (search: Json) => normalizeMonitor(withSearch(search));
  expect(normalize(rewriteSearch({ query }))).toEqual(normalize({ query }));
});

test('monitor body: a search of ours and what the server makes of it are the same; another limit of the window is not', () => {
  const search = toBucketSearch(rule());
  expect(normalizeMonitor(withSearch(rewriteSearch(search)))).toEqual(normalizeMonitor(withSearch(search)));
  const other = JSON.parse(
    JSON.stringify(rewriteSearch(search)).replace('"include_upper":false', '"include_upper":true'),
  ) as Json;
  expect(normalizeMonitor(withSearch(other))).not.toEqual(normalizeMonitor(withSearch(search)));
});

test('monitor body: the search: windows that overlap, whoever stamped the event, and null-safe keys', () => {
  const { query, aggregations } = toBucketSearch(rule());
  expect(query.bool.filter[0]).toMatchInlineSnapshot(`
   {
     "bool": {
       "minimum_should_match": 1,
       "should": [
         {
           "range": {
             "event.ingested": {
               "format": "epoch_millis",
               "gte": "{{period_end}}||-3660s",
               "lt": "{{period_end}}",
             },
           },
         },
         {
           "bool": {
             "filter": [
               {
                 "range": {
                   "@timestamp": {
                     "format": "epoch_millis",
                     "gte": "{{period_end}}||-86400s",
                   },
                 },
               },
             ],
             "must_not": [
               {
                 "exists": {
                   "field": "event.ingested",
                 },
               },
             ],
           },
         },
       ],
     },
   }
  `);
  const { composite } = aggregations.wmi_detections as { composite: { size: number; sources: object[] } };
  expect(composite.size).toBe(10_000);
  expect(composite.sources.map((source) => Object.keys(source)[0])).toMatchInlineSnapshot(`
   [
     "wmi_detections_rule_uuid",
     "wmi_detections_technique",
     "wmi_detections_tactic",
     "wmi_detections_risk_score",
     "wmi_detections_day",
     "wmi_detections_host_name",
     "wmi_detections_user_name",
     "wmi_detections_process_parent_command_line",
     "wmi_detections_process_name",
     "wmi_detections_process_command_line",
     "wmi_detections_process_pid",
     "wmi_detections_process_parent_pid",
   ]
  `);
  expect(JSON.stringify(composite)).not.toContain('missing_bucket');
});

describe('monitor body: the length of a search', () => {
  const LIMIT = 65_535;
  const many = (count: number): Rule => {
    const of = Array.from({ length: count }, (_, number) => ({
      kind: 'field' as const,
      field: 'process.command_line',
      test: { kind: 'text' as const, pattern: [{ literal: `a value of some length, ${number}` }], cased: false },
    }));
    return { ...(readRules('rules')[1] ?? rule()), condition: { kind: 'or', of } };
  };

  /** As the plugin renders it: rewritten by the server, with the selector of the trigger and the longest keys. */
  function renderedBytes(given: Rule): number {
    const { aggregations, ...search } = rewriteSearch(toBucketSearch(given)) as { aggregations: Record<string, Json> };
    const { composite, ...groups } = aggregations['wmi_detections'] as { composite: { sources: object[] } };
    const keys = composite.sources.map((source): [string, string] => {
      const [name = '', kind] = Object.entries(source)[0] ?? [];
      const { params } = (kind as { terms: { script: { params?: { most?: number; value?: string } } } }).terms.script;
      return [name, params?.value ?? 'x'.repeat(params?.most ?? '2025-03-10 UTC'.length)];
    });
    const selector = { bucket_selector_ext: { ...bucketTriggers(body())[0], buckets_path: {} } };
    const page = { ...groups, composite: { ...composite, after: Object.fromEntries(keys) }, selector };
    return Buffer.byteLength(JSON.stringify({ ...search, aggregations: { groups: page } }));
  }

  test('leaves room for the longest key of every group field', () => {
    const rules = [...readRules('rules'), ...[10, 50, 100, 160].map(many)];
    for (const each of rules) expect(renderedBytes(each)).toBeLessThanOrEqual(LIMIT);
  });

  test('is refused where it leaves no room, with the numbers', () => {
    expect(() => toBucketSearch(many(400))).toThrow(
      /^rules\/windows_wmi_process_call_create\.yml: the search of “Windows WMI Process Call Create” .* renders at most 65535 bytes .*\n {2}Split the rule/,
    );
  });
});
