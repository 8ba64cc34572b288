import { isRecord, textAt } from '../json';
import type { Alert } from '../schedulers/alert-index-search';
import { recordsOf } from '../lists';

/** An alert that stands behind the score of an entity. */
export interface RiskAlert {
  readonly _id: string;
  readonly rule: { readonly uuid: string; readonly name: string };
  /** Of its first event, ISO 8601. */
  readonly time: string;
  readonly status: string;
  readonly score: number;
  /** What of that counts for the entity. */
  readonly added: number;
  /** Why nothing of it does; null where it does. */
  readonly why: 'repeat' | 'cap' | 'closed' | null;
}

/** Somebody or something that carries risk. */
export interface RiskEntity {
  /** The detection's word: `user` or `host`. */
  readonly type: string;
  /** As the first alert spells it. */
  readonly value: string;
  readonly score: number;
  /** The earliest first. */
  readonly alerts: readonly RiskAlert[];
}

export interface RiskOptions {
  /** So many alerts of one rule count for one entity; 0: all of them. */
  readonly cap: number;
  /** Whether closed alerts count as well. */
  readonly withClosed?: boolean;
}

/** A process is told again within this time when two sources tell of it, or one tells twice. */
const A_MINUTE = 60_000;

interface Tally {
  readonly type: string;
  readonly value: string;
  score: number;
  readonly alerts: RiskAlert[];
  /** When an alert last counted, by rule and pid. */
  readonly last: Map<string, number>;
  /** How many alerts counted, by rule. */
  readonly counted: Map<string, number>;
}

/**
 * The entities that alerts put at risk, the riskiest first.
 *
 *   an alert adds its risk to each of its risk objects once, and nothing when
 *   -------|---------------------------------------------------------------------------------------------------------
 *   closed | an analyst closed it
 *   repeat | an alert of the same rule and pid counted for the object less than a minute before: the same process may
 *          | arrive through two sources, as Sysmon's event 1 and as 4688. Without a pid nothing is taken for a repeat
 *   cap    | as many alerts of the rule counted for the object already: what one rule repeats tells less each time
 *
 * Names of hosts and users are compared without regard to case, as Windows does.
 */
export function entitiesAtRisk(alerts: readonly Alert[], options: RiskOptions): RiskEntity[] {
  const tallies = new Map<string, Tally>();
  for (const alert of [...alerts].sort(earlier)) {
    for (const [key, { type, value, score }] of objectsOf(alert)) {
      const tally = tallies.get(key) ?? { type, value, score: 0, alerts: [], last: new Map(), counted: new Map() };
      tallies.set(key, tally);
      add(tally, alert, score, options);
    }
  }
  const entities = [...tallies.values()].map(({ type, value, score, alerts: behind }) => {
    return { type, value, score, alerts: behind };
  });
  return entities.sort((left, right) => right.score - left.score || compare(nameOf(left), nameOf(right)));
}

function add(tally: Tally, alert: Alert, score: number, { cap, withClosed = false }: RiskOptions): void {
  const [uuid, name, status] = ['rule.uuid', 'rule.name', 'wmi_detections.status'].map((field) => textAt(alert, field));
  const time = timeOf(alert);
  const rule = uuid ?? '';
  const pid = textAt(alert, 'process.pid');
  const process = `${rule} ${pid ?? ''}`;
  const last = pid === null ? undefined : tally.last.get(process);
  const counted = tally.counted.get(rule) ?? 0;
  const why =
    status === 'closed' && !withClosed
      ? 'closed'
      : last !== undefined && Date.parse(time) - last < A_MINUTE
        ? 'repeat'
        : cap > 0 && counted >= cap
          ? 'cap'
          : null;
  const added = why === null ? score : 0;
  tally.alerts.push({
    _id: alert._id,
    rule: { uuid: rule, name: name ?? rule },
    time,
    status: status ?? 'open',
    score,
    added,
    why,
  });
  if (why !== null) return;
  tally.score += added;
  tally.last.set(process, Date.parse(time));
  tally.counted.set(rule, counted + 1);
}

interface RiskObject {
  readonly type: string;
  readonly value: string;
  readonly score: number;
}

/** Each risk object of an alert once, by type and name. */
function objectsOf({ wmi_detections: ours }: Alert): Map<string, RiskObject> {
  const listed: unknown = isRecord(ours) ? ours.risk_objects : undefined;
  const objects = new Map<string, RiskObject>();
  for (const each of recordsOf(listed)) {
    const [type, value] = [textAt(each, 'type'), textAt(each, 'value')];
    if (type === null || value === null) continue;
    const key = `${type} ${value.toLowerCase()}`;
    if (!objects.has(key)) objects.set(key, { type, value, score: Number(each.score) || 0 });
  }
  return objects;
}

function timeOf(alert: Alert): string {
  return textAt(alert, 'event.start') ?? textAt(alert, '@timestamp') ?? '';
}

/** By time; then by something that does not depend on who listed them. */
function earlier(left: Alert, right: Alert): number {
  return Date.parse(timeOf(left)) - Date.parse(timeOf(right)) || compare(left._id, right._id);
}

function nameOf({ type, value }: RiskEntity): string {
  return `${type} ${value.toLowerCase()}`;
}

function compare(left: string, right: string): number {
  return left < right ? -1 : left > right ? 1 : 0;
}
