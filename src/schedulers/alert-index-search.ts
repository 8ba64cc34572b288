import { isRecord, textsAt, type JsonRecord } from '../json';
import { chunk } from '../lists';
import { anyOf, caseless } from '../sigma/compile/query-dsl';
import { alertIndex } from '../detections/indices';
import { type Cluster } from '../cluster/cluster';
import { FILTER_FIELDS, isWanted, type AlertFilter } from '../detections/alert-filter';
import type { Ancestor } from './group-summary';
import { readMatches, requireWhole } from '../cluster/search-all';
import { toIso } from '../text/time';

/** So many ids are asked for at once. */
const MOST_IDS = 10_000;

export interface AlertsOptions extends AlertFilter {
  readonly namespace: string;
  /** At most so many, the newest; all where not given. */
  readonly limit?: number | undefined;
}

/** An alert document (docs/design.md, "Alert document") with its `_id`. */
export type Alert = JsonRecord & { readonly _id: string };

/**
 * The alerts of a namespace, newest first: by when they were first written, then by their last event.
 * @returns an empty list where no alert was ever written
 */
export async function alerts(cluster: Cluster, options: AlertsOptions): Promise<Alert[]> {
  const limit = options.limit ?? Number.POSITIVE_INFINITY;
  const found: Alert[] = [];
  const sort = ['@timestamp', 'event.end'].map((field) => ({
    [field]: { order: 'desc', unmapped_type: 'date' } as const,
  }));
  const filter = [...filters(options), ...(await idFilters(cluster, options))];
  const search = { indices: [alertIndex(options.namespace)], query: { bool: { filter } }, sort };
  for await (const hits of readMatches(cluster, search)) {
    for (const hit of hits) {
      if (found.length >= limit) return found;
      found.push({ _id: hit._id, ...hit._source });
    }
  }
  return found;
}

function filters({ rule, host, user, status, from, to }: AlertsOptions): Record<string, unknown>[] {
  return [
    ...(rule === undefined ? [] : [oneOf(FILTER_FIELDS.rule, rule)]),
    ...(host === undefined ? [] : [oneOf(FILTER_FIELDS.host, host)]),
    ...(user === undefined ? [] : [oneOf(FILTER_FIELDS.user, user)]),
    ...(status === undefined ? [] : [{ term: { 'wmi_detections.status': status } }]),
    ...(from === undefined ? [] : [{ range: { 'event.end': { gte: toIso(from) } } }]),
    ...(to === undefined ? [] : [{ range: { 'event.start': { lt: toIso(to) } } }]),
  ];
}

function oneOf(fields: readonly string[], value: string): Record<string, unknown> {
  return anyOf(fields.map((field) => caseless(field, value)));
}

const WHOLE_ID = /^[0-9a-f]{64}$/;

/** No engine searches for the beginning of an `_id`: where not all are whole, every id has to be looked at. */
async function idFilters(cluster: Cluster, { namespace, ids }: AlertsOptions): Promise<Record<string, unknown>[]> {
  if (ids === undefined) return [];
  if (ids.every((id) => WHOLE_ID.test(id))) return [{ ids: { values: ids } }];
  const values: string[] = [];
  const search = { indices: [alertIndex(namespace)], query: { match_all: {} }, source: ['@timestamp'] };
  for await (const hits of readMatches(cluster, search)) {
    values.push(...hits.map(({ _id }) => _id).filter((id) => ids.some((start) => id.startsWith(start))));
  }
  return [{ ids: { values } }];
}

/**
 * Alerts of two schedulers as one list, newest first. What stands in both is shown as the alert index has it: there an
 * analyst may have written on it.
 * @param stored those of the alert index that are wanted
 * @param others those that somebody else keeps, of any kind
 */
export async function mergeAlerts(
  cluster: Cluster,
  stored: readonly Alert[],
  others: readonly Alert[],
  options: AlertsOptions,
): Promise<Alert[]> {
  const wanted = others.filter((alert) => isWanted(alert, options));
  // One that the index has and that is not among the stored is not wanted as it stands there.
  const known = await storedIds(
    cluster,
    options.namespace,
    wanted.map(({ _id }) => _id),
  );
  const more = wanted.filter(({ _id }) => !known.has(_id));
  const newest = [...stored, ...more].sort((left, right) => (timesOf(left) < timesOf(right) ? 1 : -1));
  return newest.slice(0, options.limit);
}

/** Which of these alerts the alert index has, whatever became of them there. */
export async function storedIds(cluster: Cluster, namespace: string, among: readonly string[]): Promise<Set<string>> {
  const ids = new Set<string>();
  for (const values of chunk(among, MOST_IDS)) {
    const search = { indices: [alertIndex(namespace)], query: { ids: { values } }, source: ['@timestamp'] };
    for await (const hits of readMatches(cluster, search)) for (const { _id } of hits) ids.add(_id);
  }
  return ids;
}

/** The events that an alert names, as far as it names any. */
export function ancestorsOf({ wmi_detections: ours }: Alert): Ancestor[] {
  return ancestorsIn(isRecord(ours) ? ours.ancestors : undefined);
}

/** A list of ancestors, as alerts of any scheduler hold it. */
export function ancestorsIn(list: unknown): Ancestor[] {
  return (Array.isArray(list) ? list : [])
    .filter(isRecord)
    .map(({ index, id }) => ({ index: String(index), id: String(id) }));
}

function timesOf(alert: Alert): string {
  return ['@timestamp', 'event.end'].flatMap((field) => textsAt(alert, field)).join(' ');
}

/** How many alerts of a rule are open in our alert index; none where there is no such index. */
export async function openAlertsOf(cluster: Cluster, namespace: string, uuid: string): Promise<number> {
  const filter = [{ term: { 'rule.uuid': uuid } }, { term: { 'wmi_detections.status': 'open' } }];
  const found = await cluster.client.count({
    index: alertIndex(namespace),
    ignore_unavailable: true,
    query: { bool: { filter } },
  });
  requireWhole(found, `${cluster.url}/${alertIndex(namespace)}/_count`);
  return found.count;
}
