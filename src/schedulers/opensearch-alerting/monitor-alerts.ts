import { isRecord } from '../../json';
import type { Body } from '../../resources/kind';
import { indicesOf, soughtBy } from './monitor-body';
import { ourMonitors, type Found } from './find-monitors';
import { heldAlerts, isAcknowledged, MOST_HELD } from './plugin-alerts';
import { ownerOf, ruleOf } from './ownership-marks';
import { toQueryDsl } from '../../sigma/compile/query-dsl';
import type { Rule } from '../../detections/rule';
import type { Target } from '../../cluster/cluster';
import { alertOf } from '../local/alert';
import type { Alert } from '../alert-index-search';
import { readFacts, type Facts } from '../group-summary';
import type { Group } from '../../detections/event-group';
import type { Listed } from '../alert-store';
import { bothFacts, factsOfAlert } from './monitor-summary';

/** What the plugin holds of one group and day: one alert, or more where it was over and came again. */
interface Held {
  readonly facts: Facts;
  /** Milliseconds since 1970: when the first of them was written. */
  readonly started: number;
  /** Of the newest. */
  readonly state: unknown;
  /** Whether somebody looked at one of them. */
  readonly acknowledged: boolean;
}

/**
 * The alerts that the monitors of a namespace hold, in every state, as documents of the same form as those of the local
 * scheduler (design, section 7), with the same `_id`s. An alert names its group only; count, message and the rest are read
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
export async function monitorAlerts(target: Target, namespace: string, known: readonly Rule[]): Promise<Listed> {
  const alerts: Alert[] = [];
  const notes = new Set<string>();
  for (const { found, rule } of await monitorsAndRules(target, namespace, known)) {
    const note = (text: string): unknown => notes.add(`${String(found.monitor.name)}: ${text}`);
    if (rule === undefined) note('its rule is not known; deploy it again to see its alerts');
    else alerts.push(...(await alertsOf(target, found, rule, note)));
  }
  return { alerts, notes: [...notes] };
}

/** The monitors of a namespace, each with its rule; undefined where neither it nor the content tells. */
export async function monitorsAndRules(
  target: Target,
  namespace: string,
  known: readonly Rule[],
): Promise<{ found: Found; rule: Rule | undefined }[]> {
  const monitors = await ourMonitors(target);
  return monitors.flatMap((found) => {
    const owner = ownerOf(found.monitor);
    if (owner?.namespace !== namespace) return [];
    return [{ found, rule: ruleOf(found.monitor) ?? known.find(({ uuid }) => uuid === owner.id) }];
  });
}

async function alertsOf(
  target: Target,
  { id, monitor }: Found,
  rule: Rule,
  note: (text: string) => unknown,
): Promise<Alert[]> {
  const held = new Map<string, Held>();
  const stored = await heldAlerts(target, id);
  if (stored.length >= MOST_HELD) note(`only its newest ${MOST_HELD} alerts can be read`);
  for (const alert of stored) {
    const facts = factsOfAlert(rule, alert);
    if (facts === undefined) note(withoutGroup(alert));
    else held.set(facts.group.id, hold(held.get(facts.group.id), facts, alert));
  }
  const read = await readAllFacts(target, rule, monitor, [...held.values()]);
  return [...held].map(([alertId, each]) => documentOf(rule, each, read.get(alertId)));
}

function withoutGroup({ state, error_message: error }: Body): string {
  if (typeof error === 'string') return `${String(state)}: ${error}`;
  return `an alert in state ${String(state)} is of other groups than ours and is not shown; Dashboards shows it`;
}

/** @param newer what was read before of the same group and day */
function hold(newer: Held | undefined, facts: Facts, alert: Body): Held {
  const acknowledged = isAcknowledged(alert);
  const started = Number(alert.start_time);
  if (newer === undefined) return { facts, started, state: alert.state, acknowledged };
  return { ...newer, facts: bothFacts(newer.facts, facts), started, acknowledged: newer.acknowledged || acknowledged };
}

/** The groups' events, as the local scheduler reads them, a day at a time. */
async function readAllFacts(
  target: Target,
  rule: Rule,
  monitor: Body,
  held: readonly Held[],
): Promise<Map<string, Facts>> {
  const days = new Map<string, Map<string, Group>>();
  for (const { facts } of held) {
    const { group } = facts;
    days.set(group.day, (days.get(group.day) ?? new Map<string, Group>()).set(group.id, group));
  }
  // What the monitor finds leaves out what its exceptions silence; the rule alone does not know them.
  const readable = { rule, query: soughtBy(monitor) ?? toQueryDsl(rule), indices: indicesOf(monitor) };
  const read = new Map<string, Facts>();
  for (const groups of days.values()) {
    const found = await readFacts(target, readable, groups);
    for (const facts of found) read.set(facts.group.id, facts);
  }
  return read;
}

function documentOf(rule: Rule, { facts, started, state, acknowledged }: Held, read: Facts | undefined): Alert {
  const { id, document } = alertOf(rule, read ?? facts, started);
  const ours = isRecord(document.wmi_detections) ? document.wmi_detections : {};
  const status = acknowledged ? 'acknowledged' : 'open';
  return { _id: id, ...document, wmi_detections: { ...ours, status, state, scheduler: 'opensearch-alerting' } };
}
