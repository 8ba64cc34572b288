import { randomBytes } from 'node:crypto';
import { isRecord } from '../../src/json';
import { rewriteSearch } from './alerting-rewrite';
import { Refusal } from './kibana-state';

export type Json = Record<string, unknown>;

/** What a monitor may hold; anything else is dropped without a word. */
const KEPT = [
  'type',
  'name',
  'monitor_type',
  'enabled',
  'schedule',
  'inputs',
  'triggers',
  'ui_metadata',
  'owner',
  'schema_version',
];
const UNITS = ['SECONDS', 'MINUTES', 'HOURS', 'DAYS'];
const TRIGGERS: Readonly<Record<string, string>> = {
  query_level_monitor: 'query_level_trigger',
  bucket_level_monitor: 'bucket_level_trigger',
  doc_level_monitor: 'document_level_trigger',
};

/**
 * A monitor as OpenSearch Alerting 3.4 stores it; only search inputs. What is refused, with which status, and what is taken
 * though it can never fire was seen on a running node.
 * @throws Refusal
 */
export function storable(body: unknown): Json {
  if (Array.isArray(body)) {
    throw new Refusal(400, 'Failed to parse object: expecting token of type [START_OBJECT] but found [START_ARRAY]');
  }
  if (!isRecord(body)) throw new Refusal(500, 'Unexpected end-of-input within/between Object entries');
  if (body.name === undefined) throw new Refusal(400, 'Monitor name is null');
  checkSchedule(body.schedule);
  const type = typeof body.monitor_type === 'string' ? body.monitor_type : 'query_level_monitor';
  if (!/^\w{5,25}$/.test(type)) throw new Refusal(500, 'Monitor type should follow pattern [a-zA-Z0-9_]{5,25}');
  const inputs = listOf(body.inputs);
  if (inputs.length > 1) throw new Refusal(400, 'Monitors can only have 1 search input.');
  if (body.data_sources !== undefined && !isDefaultSources(body.data_sources)) {
    throw new Refusal(400, 'Custom Data Sources are not allowed.');
  }
  const monitor: Json = {
    ...Object.fromEntries(Object.entries(body).filter(([key]) => KEPT.includes(key))),
    type: 'monitor',
    monitor_type: type,
    enabled: body.enabled !== false,
    inputs: inputs.map(storableInput),
    triggers: storableTriggers(type, listOf(body.triggers)),
    owner: body.owner ?? 'alerting',
    data_sources: DEFAULT_SOURCES,
  };
  if (type === 'bucket_level_monitor' && !inputs.every(hasAggregation)) {
    throw new Refusal(400, 'At least one aggregation is required for the input [SearchInput]');
  }
  return monitor;
}

function checkSchedule(schedule: unknown): void {
  const period = isRecord(schedule) ? schedule.period : undefined;
  if (!isRecord(period)) throw new Refusal(400, 'Monitor schedule is null');
  if (!UNITS.includes(String(period.unit).toUpperCase())) {
    throw new Refusal(400, `Timezone ${String(period.unit)} is not supported expected [Seconds, Minutes, Hours, Days]`);
  }
  if (Number(period.interval) < 1) throw new Refusal(400, 'Interval is not allowed to be 0 or negative');
}

function storableInput(input: Json): Json {
  if (!isRecord(input.search)) throw new Refusal(500, 'Cannot read the array length because "buf" is null');
  return { search: { indices: input.search.indices ?? [], query: rewriteSearch(input.search.query) } };
}

function hasAggregation({ search }: Json): boolean {
  const query = isRecord(search) ? search.query : undefined;
  return isRecord(query) && (isRecord(query.aggregations) || isRecord(query.aggs));
}

function storableTriggers(type: string, triggers: readonly Json[]): Json[] {
  if (triggers.length > 10) throw new Refusal(400, 'Monitors can only support up to 10 triggers.');
  const stored = triggers.map((trigger) => storableTrigger(type, trigger));
  const ids = stored.map((each) => String((Object.values(each)[0] as Json).id));
  const twice = ids.find((id, index) => ids.indexOf(id) < index);
  if (twice !== undefined) throw new Refusal(400, `Duplicate trigger id: ${twice}. Trigger ids must be unique.`);
  return stored;
}

function storableTrigger(type: string, trigger: Json): Json {
  const [kind = '', body] = Object.entries(trigger)[0] ?? [];
  if (!isRecord(body)) throw new Refusal(500, 'Failed to parse object: expecting token of type [START_OBJECT]');
  const { id = randomId(), name, severity, condition, actions } = body;
  if (name === undefined) throw new Refusal(500, 'lateinit property name has not been initialized');
  if (severity === undefined) throw new Refusal(500, 'lateinit property severity has not been initialized');
  if (!isRecord(condition)) throw new Refusal(500, 'lateinit property condition has not been initialized');
  const known = [
    'id',
    'name',
    'severity',
    'condition',
    'actions',
    'min_time_between_executions',
    'rolling_window_size',
  ];
  if (Object.entries(body).some(([key, value]) => !known.includes(key) && isRecord(value))) {
    throw new Refusal(500, 'Failed to parse object: expecting token of type [START_OBJECT] but found [END_OBJECT]');
  }
  if (TRIGGERS[type] !== undefined && TRIGGERS[type] !== kind) {
    throw new Refusal(400, `Incompatible trigger [${String(id)}] for monitor type [${type}]`);
  }
  if (kind === 'bucket_level_trigger') checkCondition(String(id), condition);
  const script = isRecord(condition.script) ? condition.script : {};
  if ((script.lang ?? 'painless') !== 'painless') {
    throw new Refusal(400, 'Invalid script language. Allowed languages are [painless]');
  }
  return {
    [kind]: { id, name, severity: textOf(severity), condition, actions: listOf(actions).map(storableAction) },
  };
}

function checkCondition(id: string, condition: Json): void {
  for (const key of ['parent_bucket_path', 'buckets_path']) {
    if (condition[key] === undefined) {
      throw new Refusal(500, `Missing required field [${key}] for bucket_selector aggregation [${id}]`);
    }
  }
  const known = ['parent_bucket_path', 'buckets_path', 'script', 'gap_policy', 'composite_agg_filter'];
  const unknown = Object.keys(condition).find((key) => !known.includes(key));
  if (unknown !== undefined) throw new Refusal(500, `Unknown key for a VALUE_STRING in [${id}]: [${unknown}].`);
}

function storableAction(action: Json): Json {
  if (!isRecord(action.message_template)) {
    throw new Refusal(500, 'lateinit property messageTemplate has not been initialized');
  }
  return { id: randomId(), throttle: null, throttle_enabled: false, ...action };
}

const DEFAULT_SOURCES = { query_index: '.opensearch-alerting-queries', alerts_index: '.opendistro-alerting-alerts' };

function isDefaultSources(sources: unknown): boolean {
  return JSON.stringify(sources) === JSON.stringify(DEFAULT_SOURCES);
}

/** As the server makes them for monitors, alerts and what has no id. */
export function randomId(): string {
  return randomBytes(15).toString('base64url');
}

export function listOf(value: unknown): Json[] {
  return Array.isArray(value) ? value.filter(isRecord) : [];
}

/** What stands in the triggers of a bucket-level monitor. */
export function bucketTriggers({ triggers }: Json): Json[] {
  return listOf(triggers).map((each) => each.bucket_level_trigger as Json);
}

/** Numbers become text. */
function textOf(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}
