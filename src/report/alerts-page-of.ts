import { canonicalJson, isRecord, textAt, textsAt, type JsonRecord } from '../json';
import { type Rule, severityOf } from '../detections/rule';
import type { Alert } from '../schedulers/alert-index-search';
import type { Explanation } from '../alerts/explain';
import type { RiskEntity } from '../alerts/risk';
import type { AlertsPage, PageAlert, PageRisk, PageRule, PageTechnique, ProcessNode } from './alerts-page';
import type { ProcessRelatives } from '../alerts/process-relatives';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { PROGRAM_FOLDER } from '../program';

interface PageSources {
  readonly made: string;
  readonly program: string;
  readonly namespace: string;
  readonly alerts: readonly Alert[];
  /** The rules as they are now: what an alert does not carry along, such as the triage note, is theirs. */
  readonly rules: readonly Rule[];
  /** Of an alert without one the page shows what its document holds. */
  readonly explanations: readonly Explanation[];
  /** Whom these alerts put at risk. */
  readonly entities: readonly RiskEntity[];
}

/** The page of these alerts. */
export function alertsPageOf({ alerts, rules, explanations, entities, ...about }: PageSources): AlertsPage {
  const risks = risksOf(entities);
  const explained = new Map(explanations.map((explanation) => [explanation.alert._id, explanation]));
  const shown = new Map<string, number>();
  const pageRules: PageRule[] = [];
  const pageAlerts = alerts.map((alert) => {
    const rule = pageRule(alert, rules);
    const key = canonicalJson(rule);
    const place = shown.get(key) ?? pageRules.push(rule) - 1;
    shown.set(key, place);
    const { _id } = alert;
    return {
      ...pageAlert(alert),
      rule: place,
      risk: risks.get(_id) ?? [],
      ...pageExplanation(alert, explained.get(_id)),
    };
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

function pageAlert(alert: Alert): Omit<PageAlert, 'rule' | 'risk' | 'met' | 'tree' | 'notes'> {
  const score = Number(text(alert, 'event.risk_score'));
  return {
    id: alert._id,
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
    fields: flattened(alert).filter(([field]) => !/^(_id|message|rule\.|threat\.)/.test(field)),
  };
}

/** All events of an alert have the same values in what it is grouped by, so the first that met the rule speaks for all. */
function pageExplanation(
  alert: Alert,
  { events = [], process = alert, around, notes = [] }: Partial<Explanation> = {},
): Pick<PageAlert, 'met' | 'tree' | 'notes'> {
  const first = events.find(({ met }) => met !== null) ?? events[0];
  return { met: first?.met ?? [], tree: processTree(process, around), notes };
}

/** The first of these fields that has a value. */
function text(alert: Alert, ...fields: readonly string[]): string {
  for (const field of fields) {
    const value = textAt(alert, field);
    if (value !== null) return value;
  }
  return '';
}

/** What each alert adds to each entity, by the alert's `_id`. */
function risksOf(entities: readonly RiskEntity[]): Map<string, PageRisk[]> {
  const risks = new Map<string, PageRisk[]>();
  for (const { type, value, alerts } of entities) {
    for (const { _id, added, why } of alerts) {
      risks.set(_id, [...(risks.get(_id) ?? []), { type, value, added, why }]);
    }
  }
  return risks;
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

/**
 * A process among its parent and what it started. Of a parent whose creation nobody saw, the process itself says something.
 * @param process `_source` of the creation of the process, or its alert
 * @returns the process below its parent; alone where nothing is known of one
 */
export function processTree(process: JsonRecord, { parent, children }: Partial<ProcessRelatives> = {}): ProcessNode[] {
  const self = {
    ...processNode(process, 'process'),
    alerted: true,
    children: (children ?? []).map(({ _source = {}, by }) => ({ ...processNode(_source, 'process'), by })),
  };
  const above =
    parent == null
      ? processNode(process, 'process.parent')
      : { ...processNode(parent._source ?? {}, 'process'), by: parent.by };
  return above.name === '' && above.commandLine === null ? [self] : [{ ...above, children: [self] }];
}

/** @param field where the process stands in the event: `process`, or `process.parent`, of which no user and time is known */
function processNode(event: JsonRecord, field: 'process' | 'process.parent'): ProcessNode {
  const own = field === 'process';
  const pid = Number(textAt(event, `${field}.pid`) ?? NaN);
  return {
    name: textAt(event, `${field}.name`) ?? textAt(event, `${field}.executable`) ?? '',
    pid: Number.isNaN(pid) ? null : pid,
    commandLine: textAt(event, `${field}.command_line`),
    user: own ? (textAt(event, 'user.name') ?? textAt(event, 'user.id')) : null,
    start: own ? (textAt(event, 'event.start') ?? textAt(event, '@timestamp')) : null,
    alerted: false,
    by: null,
    children: [],
  };
}

/** Built from page/ by scripts/build-page.mjs: the page with its script and style in it, and nothing to show. */
const TEMPLATE = join(PROGRAM_FOLDER, 'dist', 'alerts.html');

/** Where the template has its data. */
const DATA = '<script type="application/json" id="data"></script>';

/** In a script element only `<` can end it or begin a comment in it; the rest keeps the text safe wherever it is copied to. */
const UNSAFE = /[<>&\u2028\u2029]/g;

/**
 * One page that shows the alerts in a browser: no request, no script and no style but its own, which its
 * Content-Security-Policy allows by hash. What the alerts hold is JSON in it, never markup.
 */
export function alertsHtml(page: AlertsPage): string {
  const json = JSON.stringify(page).replace(
    UNSAFE,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
  return readFileSync(TEMPLATE, 'utf8').replace(DATA, () => DATA.replace('><', () => `>${json}<`));
}
