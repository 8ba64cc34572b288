import type { JsonRecord } from '../../src/json';
import { alertsHtml, alertsPageOf } from '../../src/report/alerts-page-of';
import { PROGRAM_FOLDER } from '../../src/program';
import { readAllContent } from '../../src/resources/read-all-content';
import { alertBase } from '../../src/detections/alert-document';
import type { Met } from '../../src/sigma/compile/evaluate';
import type { Rule } from '../../src/detections/rule';
import type { Alert } from '../../src/schedulers/alert-index-search';
import type { Explanation } from '../../src/alerts/explain';
import { entitiesAtRisk } from '../../src/alerts/risk';

/** Our two rules. */
export const [CHILD, CALL] = readAllContent(PROGRAM_FOLDER).rules as unknown as readonly [Rule, Rule];

/** What differs between the alerts of a test. */
export interface Given {
  readonly rule?: Rule;
  readonly start?: string;
  readonly host?: string;
  readonly user?: string;
  readonly status?: string;
  readonly commandLine?: string;
  /** Any other part of the document. */
  readonly more?: JsonRecord;
}

/** An alert document as the local scheduler writes it. */
export function alertDocument(id: string, given: Given = {}): Alert {
  const { rule = CALL, start = '2025-03-11T09:10:00.000Z', host = 'ws-101', user = 'alice', status = 'open' } = given;
  const frame = alertBase(rule);
  const risk = (type: string, value: string) => ({ type, value, score: rule.risk.score, field: `${type}.name` });
  return {
    _id: id,
    '@timestamp': start,
    ...frame,
    event: { ...frame.event, start, end: start },
    message: `on ${host}`,
    host: { name: host },
    user: { name: user },
    process: {
      name: 'WMIC.exe',
      pid: 42,
      command_line: given.commandLine ?? 'wmic process call create "notepad.exe"',
      parent: { name: 'cmd.exe', pid: 41, command_line: 'cmd.exe /k' },
    },
    wmi_detections: { count: 1, status, risk_objects: [risk('user', user), risk('host', host)], scheduler: 'local' },
    ...given.more,
  };
}

/** Why an alert is there, as `explain` finds it; the parent's and the children's events as they are given. */
export function explanationOf(
  alert: Alert,
  { met = null, parent, children = [], notes = [] }: Partial<Found> = {},
): Explanation {
  const hit = (_source: JsonRecord) => ({ _index: 'events', _id: 'e', _source });
  const neighbour = (source: JsonRecord) => ({ ...hit(source), by: 'pid' as const });
  const around = { parent: parent === undefined ? null : neighbour(parent), children: children.map(neighbour) };
  return { alert, rule: null, events: [{ ...hit(alert), met }], gone: [], process: alert, around, notes };
}

interface Found {
  readonly met: readonly Met[] | null;
  readonly parent: JsonRecord;
  readonly children: readonly JsonRecord[];
  readonly notes: readonly string[];
}

/** The page of these alerts. */
export function pageWith(alerts: readonly Alert[], explanations: readonly Explanation[] = []): string {
  return alertsHtml(
    alertsPageOf({
      made: '2025-03-12T08:00:00.000Z',
      program: 'wmi-detections 0.0.0',
      namespace: 'default',
      alerts,
      rules: [CHILD, CALL],
      explanations,
      entities: entitiesAtRisk(alerts, { cap: 3 }),
    }),
  );
}
