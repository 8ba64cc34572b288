import { isRecord, type JsonRecord } from '../../json';
import { GROUPS, STAMP, toBucketSearch } from './bucket-search';
import type { SubFields } from '../../sigma/compile/query-dsl';
import { type Exception, activeExceptions } from '../../sigma/exceptions';
import { ownStreams, stateIndex, defaultIndices } from '../../detections/indices';
import { type Rule, severityOf, type Severity } from '../../detections/rule';
import { parseDuration } from '../../text/duration';
import type { Scope, Content, Desired } from '../../resources/kind';
import { notifyAction } from './notify-action';
import { monitorName } from './monitor-ownership';
import { listOf } from '../../lists';

/** The plugin's severities, 1 the highest. */
const SEVERITIES: Readonly<Record<Severity, string>> = { critical: '1', high: '2', medium: '3', low: '4' };

/** What a monitor is put together from, beside the rule's file. */
interface MonitorParts {
  readonly namespace: string;
  /** Names and patterns to read. */
  readonly indices: readonly string[];
  /** Those that are active. */
  readonly exceptions: readonly Exception[];
  /** Of the indices. */
  readonly subFields?: SubFields | undefined;
  /** The id of the notification channel that is told of new alerts; nobody is where not given. */
  readonly channel?: string | undefined;
}

/**
 * A rule as OpenSearch Alerting takes it: a bucket-level monitor, one alert a group. Without ownership mark, and without
 * `enabled`, which is the analyst's.
 * @throws ProblemError RULE_INVALID when the rule's text would be taken for a template
 */
export function monitorBody(
  rule: Rule,
  { namespace, indices, exceptions, subFields, channel }: MonitorParts,
): JsonRecord {
  const schedule = scheduleOf(rule);
  const read = readable(indices, namespace);
  return {
    type: 'monitor',
    name: monitorName(rule, namespace),
    monitor_type: 'bucket_level_monitor',
    schedule,
    inputs: [
      {
        search: {
          indices: read,
          query: toBucketSearch(
            rule,
            exceptions,
            read.map((name) => withoutNamespace(name, namespace)),
            subFields,
          ),
        },
      },
    ],
    triggers: [
      {
        bucket_level_trigger: {
          // Alerts are known by their trigger: with another id they would be closed and raised anew.
          id: rule.uuid,
          name: rule.name,
          severity: SEVERITIES[severityOf(rule.risk.score).word],
          condition: {
            parent_bucket_path: GROUPS,
            buckets_path: { count: '_count' },
            script: { source: 'params.count > 0', lang: 'painless' },
            gap_policy: 'skip',
          },
          actions: channel === undefined ? [] : [notifyAction(rule, channel)],
        },
      },
    ],
    ui_metadata: forDashboards(schedule),
  };
}

/** The monitor of a rule, without our mark; the rule itself is beside it. */
export function desiredMonitor(
  { namespace, indices, now, subFields }: Pick<Scope, 'namespace' | 'indices' | 'now' | 'subFields'>,
  { exceptions = [] }: Pick<Content, 'exceptions'>,
  rule: Rule,
  channel?: string,
): Desired {
  const parts = {
    namespace,
    indices: indices ?? defaultIndices(namespace),
    exceptions: activeExceptions(exceptions, rule.slug, now),
    subFields,
    channel,
  };
  // The rule goes with it, so that its alerts are shown as those of the rule that raised them.
  return { id: rule.uuid, title: rule.name, body: { ...monitorBody(rule, parts), rule } };
}

/**
 * A name that is not there is refused, and later fails the whole monitor: our own streams are there only from their first
 * event on. As patterns they may be missing; a restored copy has such a name, too. And where no pattern matches anything
 * an answer has no aggregation, on which the trigger fails: our state index is always there, and holds no event.
 */
function readable(indices: readonly string[], namespace: string): string[] {
  const own = new Set(ownStreams(namespace));
  return [...indices.map((index) => (own.has(index) ? `*${index}` : index)), `*${stateIndex(namespace)}`];
}

function withoutNamespace(index: string, namespace: string): string {
  return index.endsWith(`-${namespace}`) ? index.slice(0, -namespace.length) : index;
}

function scheduleOf({ schedule }: Rule): { period: { interval: number; unit: 'MINUTES' | 'SECONDS' } } {
  const seconds = (parseDuration(schedule.interval) ?? 0) / 1_000;
  return seconds % 60 === 0
    ? { period: { interval: seconds / 60, unit: 'MINUTES' } }
    : { period: { interval: seconds, unit: 'SECONDS' } };
}

/** What OpenSearch Dashboards wants to find, to show the schedule of a monitor and to open its form. */
function forDashboards({ period }: ReturnType<typeof scheduleOf>): JsonRecord {
  return {
    schedule: {
      frequency: 'interval',
      period,
      daily: 0,
      weekly: {},
      monthly: { type: 'day', day: 1 },
      cronExpression: '0 */1 * * *',
      timezone: null,
    },
    search: { searchType: 'query' },
    monitor_type: 'bucket_level_monitor',
  };
}

/** What a monitor reads: names and patterns; none of a monitor that has no search. */
export function indicesOf({ inputs }: JsonRecord): readonly string[] {
  const search = searchOf(inputs);
  return listOf(search?.indices).map(String);
}

/**
 * The clause that the events of a monitor of ours meet, whenever they came in: exceptions included, and a query as well when
 * the server has rewritten it; undefined where somebody changed the search to another form.
 */
export function queryOfMonitor({ inputs }: JsonRecord): JsonRecord | undefined {
  const search = searchOf(inputs)?.query;
  const query = isRecord(search) && isRecord(search.query) ? search.query : {};
  const { filter } = isRecord(query.bool) ? query.bool : {};
  const [, deployedQuery] = listOf(filter);
  // Text that the plugin fills in is no query before that.
  return isRecord(deployedQuery) && !JSON.stringify(deployedQuery).includes('{{') ? deployedQuery : undefined;
}

/** The number that a monitor of ours puts into every group, see {@link STAMP}; undefined where there is none. */
export function stampOf({ inputs }: JsonRecord): number | undefined {
  const steps = ['query', 'aggregations', GROUPS, 'aggregations', STAMP, 'max', 'script', 'params', 'value'];
  const stamp = steps.reduce<unknown>((part, step) => (isRecord(part) ? part[step] : undefined), searchOf(inputs));
  return typeof stamp === 'number' ? stamp : undefined;
}

/** The search of a monitor's first input; undefined where there is none. */
export function searchOf(inputs: unknown): JsonRecord | undefined {
  const [input] = listOf(inputs);
  return isRecord(input) && isRecord(input.search) ? input.search : undefined;
}

/**
 * The rules as OpenSearch Alerting takes them, one bucket-level monitor each, the exceptions that are switched on a part of
 * their searches. A monitor that is made from one is found by a later deploy, by its name and its trigger, and is ours.
 * @param options.now milliseconds since 1970: what has expired by then silences no more
 * @throws ProblemError RULE_INVALID when the text of a rule would be taken for a template
 */
export function exportMonitors(
  { exceptions = [] }: Content,
  rules: readonly Rule[],
  { namespace, indices, now }: { namespace: string; indices?: readonly string[] | undefined; now: number },
): object[] {
  return rules.map((rule) => ({
    ...monitorBody(rule, {
      namespace,
      indices: indices ?? defaultIndices(namespace),
      exceptions: activeExceptions(exceptions, rule.slug, now),
    }),
    enabled: true,
  }));
}
