import { canonicalJson, isRecord } from '../json';
import { textAt, textsAt } from '../rules/group';
import type { Rule } from '../rules/rule';
import { severityOf } from '../rules/severity';
import type { AlertsPage, Explanation, PageAlert, PageRisk, PageRule, PageTechnique, ProcessNode } from './alerts-page';

type Alert = Readonly<Record<string, unknown>>;

export interface PageSources {
  readonly made: string;
  readonly program: string;
  readonly namespace: string;
  /** Alert documents with `_id`, in the order in which they are to be shown. */
  readonly alerts: readonly Alert[];
  /** The rules as they are now: what an alert does not carry along, such as the triage note, is theirs. */
  readonly rules: readonly Rule[];
  /** By `_id`; for an alert without one the page shows what its document holds. */
  readonly explanations: ReadonlyMap<string, Explanation>;
}

/** The page of these alerts. */
export function alertsPageOf({ alerts, rules, explanations, ...about }: PageSources): AlertsPage {
  const shown = new Map<string, number>();
  const pageRules: PageRule[] = [];
  const pageAlerts = alerts.map((alert) => {
    const rule = pageRule(alert, rules);
    const key = canonicalJson(rule);
    const place = shown.get(key) ?? pageRules.push(rule) - 1;
    shown.set(key, place);
    return pageAlert(alert, place, explanations.get(text(alert, '_id')));
  });
  return { ...about, rules: pageRules, alerts: pageAlerts };
}

function pageRule(alert: Alert, rules: readonly Rule[]): PageRule {
  const uuid = text(alert, 'rule.uuid');
  const rule = rules.find((each) => each.uuid === uuid);
  return {
    uuid,
    name: text(alert, 'rule.name'),
    version: text(alert, 'rule.version'),
    description: text(alert, 'rule.description'),
    techniques: ['threat.technique', 'threat.technique.subtechnique'].flatMap((field) => techniques(alert, field)),
    triage: rule?.triage ?? null,
    falsePositives: rule?.falsePositives ?? [],
    references: textsAt(alert, 'rule.reference'),
  };
}

/** ECS has parallel lists. */
function techniques(alert: Alert, field: string): PageTechnique[] {
  const [ids = [], names = [], references = []] = ['id', 'name', 'reference'].map((key) =>
    textsAt(alert, `${field}.${key}`),
  );
  return ids.map((id, index) => ({ id, name: names[index] ?? '', reference: references[index] ?? '' }));
}

function pageAlert(alert: Alert, rule: number, explanation: Explanation | undefined): PageAlert {
  const score = Number(text(alert, 'event.risk_score'));
  return {
    id: text(alert, '_id'),
    rule,
    start: text(alert, 'event.start', '@timestamp'),
    end: text(alert, 'event.end', 'event.start', '@timestamp'),
    count: Number(text(alert, 'wmi_detections.count')),
    status: text(alert, 'wmi_detections.status'),
    score,
    severity: severityOf(score).word,
    host: text(alert, 'host.name', 'host.id'),
    user: text(alert, 'user.name', 'user.id'),
    process: text(alert, 'process.command_line', 'process.executable', 'process.name'),
    message: text(alert, 'message'),
    risk: riskOf(alert),
    fields: flattened(alert).filter(([field]) => !/^(_id|message|rule\.|threat\.)/.test(field)),
    matches: explanation?.matches ?? [],
    tree: explanation?.tree ?? ownTree(alert),
  };
}

/** The first of these fields that has a value. */
function text(alert: Alert, ...fields: readonly string[]): string {
  for (const field of fields) {
    const value = textAt(alert, field);
    if (value !== null) return value;
  }
  return '';
}

function riskOf(alert: Alert): PageRisk[] {
  const own: unknown = isRecord(alert.wmi_detections) ? alert.wmi_detections.risk_objects : undefined;
  return (Array.isArray(own) ? own : []).flatMap((object: unknown) => {
    const [type, value, score] = ['type', 'value', 'score'].map((key) => textAt(object, key));
    return type == null || value == null ? [] : [{ type, value, score: Number(score ?? 0) }];
  });
}

/** What the document alone tells: the process and its parent. */
function ownTree(alert: Alert): ProcessNode[] {
  const process = { ...nodeOf(alert, 'process'), user: text(alert, 'user.name', 'user.id') || null, alerted: true };
  const parent = nodeOf(alert, 'process.parent');
  return parent.name === '' && parent.commandLine === null ? [process] : [{ ...parent, children: [process] }];
}

function nodeOf(alert: Alert, field: string): ProcessNode {
  const pid = textAt(alert, `${field}.pid`);
  return {
    name: text(alert, `${field}.name`, `${field}.executable`),
    pid: pid === null ? null : Number(pid),
    commandLine: textAt(alert, `${field}.command_line`),
    user: null,
    start: null,
    alerted: false,
    children: [],
  };
}

/** Every value of a document under its dotted name; a list of texts is one value, a list of objects its JSON. */
function flattened(value: unknown, field = ''): [string, string][] {
  if (isRecord(value)) {
    return Object.entries(value).flatMap(([key, member]) => flattened(member, field === '' ? key : `${field}.${key}`));
  }
  if (value === null || value === undefined) return [];
  if (!Array.isArray(value)) return [[field, typeof value === 'string' ? value : JSON.stringify(value)]];
  return value.some((item) => isRecord(item))
    ? value.map((item): [string, string] => [field, JSON.stringify(item)])
    : [[field, value.map(String).join(', ')]];
}
