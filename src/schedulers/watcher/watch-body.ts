import { nameIn, digestOf, MANAGED_BY } from '../../resources/ownership';
import { activeExceptions } from '../../sigma/exceptions';
import { toQueryDsl } from '../../sigma/compile/query-dsl';
import type { Scope, Content, Desired } from '../../resources/kind';
import type { estypes } from '@elastic/elasticsearch';
import { sourcesOf } from '../../detections/group';
import { alertIndex, defaultIndices } from '../../detections/indices';
import { ABSENT, messageParts, riskSources } from '../../detections/message';
import type { Rule } from '../../detections/rule';
import { alertBase, NUMBER_FIELDS } from '../../detections/alert-document';
import { ALERTS, SOMETHING_FOUND, SOMETHING_TO_WRITE } from './painless-alerts';
import { MOST_GROUPS, watchInput } from './watch-search';
import { isRecord, type JsonRecord } from '../../json';

/** The action of ours; what else a watch does is whoever's added it. */
export const OUR_ACTION = 'alerts';

/** What a rule and its surroundings make of a watch: all that we decide of it. */
type WatchBody = Pick<estypes.WatcherWatch, 'trigger' | 'input' | 'condition' | 'transform' | 'actions'>;

/**
 * The watch of a rule: it writes one alert document a group into the alert index, in the form and with the `_id` of the local
 * scheduler (docs/design.md, "Alert document"). `create`, never `index`: an alert that is there may hold what an analyst wrote on it. So
 * count, end and events of an alert are those of the run that wrote it.
 */
export function watchBody(
  rule: Rule,
  query: JsonRecord,
  scope: { namespace: string; indices: readonly string[] },
): WatchBody {
  return {
    trigger: { schedule: { interval: rule.schedule.interval } },
    input: watchInput(rule, query, scope),
    condition: { script: { lang: 'painless', source: SOMETHING_FOUND } },
    transform: { script: { lang: 'painless', source: ALERTS, params: transformParams(rule) } },
    actions: {
      [OUR_ACTION]: {
        condition: { script: { lang: 'painless', source: SOMETHING_TO_WRITE } },
        index: { index: alertIndex(scope.namespace), op_type: 'create' },
      },
    },
  };
}

type WatchScope = 'namespace' | 'indices' | 'now' | 'subFields';

/** The watch of a rule, without our mark. */
export function desiredWatch(
  rule: Rule,
  { namespace, now, indices = defaultIndices(namespace), subFields }: Pick<Scope, WatchScope>,
  { exceptions = [] }: Pick<Content, 'exceptions'>,
): Desired {
  const query = toQueryDsl(rule, activeExceptions(exceptions, rule.slug, now), subFields);
  const name = nameIn(rule.name, namespace);
  const body = { ...watchBody(rule, query, { namespace, indices }), metadata: { name, version: rule.version } };
  return { id: watchId(rule.uuid, namespace), title: name, body };
}

function transformParams(rule: Rule): Record<string, unknown> {
  return {
    rule: rule.uuid,
    frame: alertBase(rule),
    fields: rule.groupBy.map((name) => ({ from: sourcesOf(name), number: NUMBER_FIELDS.includes(name) })),
    message: messageParts(rule).map((part) => ('text' in part ? part : { from: sourcesOf(part.field) })),
    absent: ABSENT,
    risk: riskSources(rule),
    most: MOST_GROUPS,
    scheduler: 'watcher',
  };
}

/**
 * Ownership of watches (docs/design.md, "Ownership"): a watch is ours when `metadata` says so for its own id and this namespace. A copy
 * under another id, and a watch of another namespace, are not.
 */

/** The id of the watch of a rule. */
export function watchId(uuid: string, namespace: string): string {
  return `${MANAGED_BY}-${namespace}-${uuid}`;
}

/** The rule of a watch; see {@link watchId}. */
export function uuidOfWatch(id: string, namespace: string): string {
  return id.slice(watchId('', namespace).length);
}

/** The namespace that our mark names; undefined on what is not ours. */
export function namespaceOfWatch(id: string, { metadata }: JsonRecord): string | undefined {
  if (!isRecord(metadata) || metadata.managed_by !== MANAGED_BY || metadata.id !== id) return undefined;
  return typeof metadata.namespace === 'string' ? metadata.namespace : undefined;
}

const MARK: readonly string[] = ['managed_by', 'id', 'namespace', 'digest'];

/** A watch with our mark; what else its metadata holds stays. */
export function withWatchMark(id: string, namespace: string, watch: JsonRecord): JsonRecord {
  const metadata = Object.entries(isRecord(watch.metadata) ? watch.metadata : {});
  const others = Object.fromEntries(metadata.filter(([key]) => !MARK.includes(key)));
  const digest = digestOf('watch', id, { ...watch, metadata: others });
  return { ...watch, metadata: { ...others, managed_by: MANAGED_BY, id, namespace, digest } };
}

/** What Elasticsearch writes into a watch that does not say it: the defaults. */
const DEFAULTS: Readonly<Record<string, readonly unknown[]>> = {
  lang: ['painless', 'mustache'],
  search_type: ['query_then_fetch'],
  rest_total_hits_as_int: [true],
};

/**
 * The form in which two watches are compared: what the rule decides. Not in it are our mark and the server's defaults, and
 * what others may add to a watch of ours: actions of their own, a throttle period, metadata.
 */
export function normalizeWatch({ trigger, input, condition, transform, actions, metadata }: JsonRecord): JsonRecord {
  return {
    name: isRecord(metadata) ? metadata.name : undefined,
    trigger,
    input: plain(input),
    condition: plain(condition),
    transform: plain(transform),
    alerts: plain(isRecord(actions) ? actions[OUR_ACTION] : undefined),
  };
}

/** Actions that somebody else added. */
export function othersActions({ actions }: JsonRecord): JsonRecord {
  return Object.fromEntries(Object.entries(isRecord(actions) ? actions : {}).filter(([name]) => name !== OUR_ACTION));
}

/** Without defaults, and without members that say nothing. */
function plain(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(plain);
  if (!isRecord(value)) return value;
  const members = Object.entries(value).filter(
    ([key, member]) => !DEFAULTS[key]?.includes(member) && member !== undefined,
  );
  return Object.fromEntries(members.map(([key, member]) => [key, plain(member)]));
}
