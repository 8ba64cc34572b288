import { ProblemError, type Problem } from '../../errors';
import { isRecord, textAt, type JsonRecord } from '../../json';
import { heldAlerts, summaryOfAlert, isAcknowledged, MOST_HELD, mergeSummaries } from './plugin-alerts';
import type { Rule } from '../../detections/rule';
import { acknowledgeAlerts } from './acknowledge-alerts';
import type { Cluster } from '../../cluster/cluster';
import type { AlertStatus } from '../../detections/alert-filter';
import type { Alert } from '../alert-index-search';
import type { AlertStore, Listed } from '../scheduler';
import type { ExecutableRule } from '../deployed-rule';
import { indicesOf, queryOfMonitor } from './monitor-body';
import { readLongTexts } from './long-texts';
import { ourMonitors, type Found } from './find-monitors';
import { ownerOf, ruleOf } from './monitor-ownership';
import { toQueryDsl } from '../../sigma/compile/query-dsl';
import { alertOf } from '../alert-of-group';
import { readGroupSummaries, type GroupSummary } from '../group-summary';
import type { Group } from '../../detections/group';

/**
 * What the alerting plugin keeps of the monitors of a namespace. It knows one thing that an analyst may say: acknowledged,
 * and that of an alert that is ACTIVE.
 * @param known rules of the content, for a monitor that has lost its own
 */
export function pluginAlertStore(cluster: Cluster, namespace: string, known: readonly Rule[]): AlertStore {
  return {
    list: () => monitorAlerts(cluster, namespace, known),
    refusal: (alert, status) => refusalOf(alert, status),
    batches: byRule,
    setStatus: (alerts) => acknowledge(cluster, namespace, known, alerts),
  };
}

/** A rule has one monitor, and the plugin takes the alerts of one monitor in a request. */
function byRule(alerts: readonly Alert[]): Alert[][] {
  const rules = new Map<string | null, Alert[]>();
  for (const alert of alerts) {
    const rule = textAt(alert, 'rule.uuid');
    rules.set(rule, [...(rules.get(rule) ?? []), alert]);
  }
  return [...rules.values()];
}

function refusalOf(alert: Alert, status: AlertStatus): string | undefined {
  if (status === 'closed') return 'OpenSearch Alerting knows no closing: an alert is over when its events stop';
  if (status === 'open') return 'OpenSearch Alerting takes no acknowledgement back';
  const state = textAt(alert, 'wmi_detections.state');
  return state === 'ACTIVE'
    ? undefined
    : `OpenSearch Alerting acknowledges only what is ACTIVE, and it is ${state ?? ''}`;
}

/** One request a monitor: the plugin takes no others. */
async function acknowledge(
  cluster: Cluster,
  namespace: string,
  known: readonly Rule[],
  alerts: readonly Alert[],
): Promise<void> {
  const wanted = new Set(alerts.map(({ _id }) => _id));
  const problems: Problem[] = [];
  for (const { found, rule } of await monitorsAndRules(cluster, namespace, known)) {
    if (rule === undefined || !alerts.some((alert) => textAt(alert, 'rule.uuid') === rule.uuid)) continue;
    // What is ACTIVE now: a run may have ended one since it was listed.
    const active = (await heldAlerts(cluster, found.id)).filter(({ state }) => state === 'ACTIVE');
    const long = await readLongTexts(cluster, readable(rule, found.monitor), active);
    const isWanted = (alert: JsonRecord): boolean => wanted.has(summaryOfAlert(rule, alert, long)?.group.id ?? '');
    const ids = active.filter(isWanted).map(({ id }) => id);
    if (ids.length === 0) continue;
    problems.push(...(await acknowledgeAlerts(cluster, found.id, ids.map(String))));
  }
  if (problems.length > 0) throw new ProblemError('REFUSED', problems);
}

/** What the plugin holds of one group and day: one alert, or more where it was over and came again. */
interface Held {
  readonly summary: GroupSummary;
  /** Milliseconds since 1970: when the first of them was written. */
  readonly started: number;
  /** Of the newest. */
  readonly state: unknown;
  /** Whether somebody looked at one of them. */
  readonly acknowledged: boolean;
}

/**
 * The alerts that the monitors of a namespace hold, in every state, as documents of the same form as those of the local
 * scheduler (docs/design.md, "Alert document"), with the same `_id`s. An alert names its group only; count, message and the rest are read
 * from the group's events, and where those are gone, from what the alert says.
 *
 *   the plugin's alert          | wmi_detections.status
 *   ----------------------------|---------------------------------------------------------------------------
 *   acknowledged at some time   | acknowledged
 *   any other                   | open: COMPLETED says that no event came after it, not that somebody looked
 *
 * Its own state is `wmi_detections.state`.
 * @param known rules of the content, for a monitor that has lost its own
 */
export async function monitorAlerts(cluster: Cluster, namespace: string, known: readonly Rule[]): Promise<Listed> {
  const alerts: Alert[] = [];
  const notes = new Set<string>();
  for (const { found, rule } of await monitorsAndRules(cluster, namespace, known)) {
    const note = (text: string): unknown => notes.add(`${String(found.monitor.name)}: ${text}`);
    if (rule === undefined) note('its rule is not known; deploy it again to see its alerts');
    else alerts.push(...(await alertsOf(cluster, found, rule, note)));
  }
  return { alerts, notes: [...notes] };
}

/** The monitors of a namespace, each with its rule; undefined where neither it nor the content tells. */
export async function monitorsAndRules(
  cluster: Cluster,
  namespace: string,
  known: readonly Rule[],
): Promise<{ found: Found; rule: Rule | undefined }[]> {
  const monitors = await ourMonitors(cluster);
  return monitors.flatMap((found) => {
    const owner = ownerOf(found.monitor);
    if (owner?.namespace !== namespace) return [];
    return [{ found, rule: ruleOf(found.monitor) ?? known.find(({ uuid }) => uuid === owner.id) }];
  });
}

async function alertsOf(
  cluster: Cluster,
  { id, monitor }: Found,
  rule: Rule,
  note: (text: string) => unknown,
): Promise<Alert[]> {
  const held = new Map<string, Held>();
  const stored = await heldAlerts(cluster, id);
  if (stored.length >= MOST_HELD) note(`only its newest ${MOST_HELD} alerts can be read`);
  const long = await readLongTexts(cluster, readable(rule, monitor), stored);
  for (const alert of stored) {
    const summary = summaryOfAlert(rule, alert, long);
    if (summary === undefined) note(withoutGroup(alert));
    else held.set(summary.group.id, hold(held.get(summary.group.id), summary, alert));
  }
  const read = await readAllFacts(cluster, rule, monitor, [...held.values()]);
  return [...held].map(([alertId, each]) => documentOf(rule, each, read.get(alertId)));
}

function withoutGroup({ state, error_message: error }: JsonRecord): string {
  if (typeof error === 'string') return `${String(state)}: ${error}`;
  return `an alert in state ${String(state)} is of other groups than ours and is not shown; Dashboards shows it`;
}

/** @param newer what was read before of the same group and day */
function hold(newer: Held | undefined, summary: GroupSummary, alert: JsonRecord): Held {
  const acknowledged = isAcknowledged(alert);
  const started = Number(alert.start_time);
  if (newer === undefined) return { summary, started, state: alert.state, acknowledged };
  return {
    ...newer,
    summary: mergeSummaries(newer.summary, summary),
    started,
    acknowledged: newer.acknowledged || acknowledged,
  };
}

/** The groups' events, as the local scheduler reads them, a day at a time. */
async function readAllFacts(
  cluster: Cluster,
  rule: Rule,
  monitor: JsonRecord,
  held: readonly Held[],
): Promise<Map<string, GroupSummary>> {
  const days = new Map<string, Map<string, Group>>();
  for (const { summary } of held) {
    const { group } = summary;
    days.set(group.day, (days.get(group.day) ?? new Map<string, Group>()).set(group.id, group));
  }
  const read = new Map<string, GroupSummary>();
  for (const groups of days.values()) {
    const found = await readGroupSummaries(cluster, readable(rule, monitor), groups);
    for (const summary of found) read.set(summary.group.id, summary);
  }
  return read;
}

/** What the monitor finds leaves out what its exceptions silence; the rule alone does not know them. */
function readable(rule: Rule, monitor: JsonRecord): ExecutableRule {
  return { rule, query: queryOfMonitor(monitor) ?? toQueryDsl(rule), indices: indicesOf(monitor) };
}

function documentOf(
  rule: Rule,
  { summary, started, state, acknowledged }: Held,
  read: GroupSummary | undefined,
): Alert {
  const { id, document } = alertOf(rule, read ?? summary, started);
  const ours = isRecord(document.wmi_detections) ? document.wmi_detections : {};
  const status = acknowledged ? 'acknowledged' : 'open';
  return { _id: id, ...document, wmi_detections: { ...ours, status, state, scheduler: 'opensearch-alerting' } };
}
