import { alertIndex } from '../rules/indices';
import { readMatches } from '../schedule/matches';
import { iso } from '../schedule/window';
import type { Target } from '../target/target';
import { alertsCsv } from '../report/alerts-csv';
import { alertsTable } from '../report/alerts-table';
import { readAllContent } from '../plan/content';
import { PROGRAM_FOLDER } from '../program';
import { textsAt } from '../rules/group';
import { FILTER_FIELDS, isWanted, type AlertFilter } from '../schedule/alert-filter';
import { monitorAlerts } from '../schedule/monitor-alerts';
import type { Settings } from '../settings';
import { requireAlerting } from '../target/alerting';
import { neutral } from '../text/neutral';
import { declare, settingsOf, targetOf, type Context } from './command';
import { SCHEDULER_OPTIONS } from './scheduler';
import { timeOf } from './time-flag';

/** So many ids are asked for at once. */
const MOST_IDS = 10_000;

export interface AlertsOptions extends AlertFilter {
  readonly namespace: string;
  /** At most so many, the newest; all where not given. */
  readonly limit?: number | undefined;
}

/** An alert document (design, section 7) with its `_id`. */
export type Alert = Readonly<Record<string, unknown>> & { readonly _id: string };

/**
 * The alerts of a namespace, newest first: by when they were first written, then by their last event.
 * @returns an empty list where no alert was ever written
 */
export async function alerts(target: Target, options: AlertsOptions): Promise<Alert[]> {
  const limit = options.limit ?? Number.POSITIVE_INFINITY;
  const found: Alert[] = [];
  const sort = ['@timestamp', 'event.end'].map((field) => ({ [field]: { order: 'desc', unmapped_type: 'date' } }));
  const search = { indices: [alertIndex(options.namespace)], query: { bool: { filter: filters(options) } }, sort };
  for await (const hits of readMatches(target, search)) {
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
    ...(from === undefined ? [] : [{ range: { 'event.end': { gte: iso(from) } } }]),
    ...(to === undefined ? [] : [{ range: { 'event.start': { lt: iso(to) } } }]),
  ];
}

function oneOf(fields: readonly string[], value: string): Record<string, unknown> {
  const should = fields.map((field) => ({ term: { [field]: { value, case_insensitive: true } } }));
  return { bool: { should, minimum_should_match: 1 } };
}

/**
 * Alerts of two schedulers as one list, newest first. What stands in both is shown as the alert index has it: there an
 * analyst may have written on it.
 * @param stored those of the alert index that are wanted
 * @param others those that the monitors hold, of any kind
 */
export async function together(
  target: Target,
  stored: readonly Alert[],
  others: readonly Alert[],
  options: AlertsOptions,
): Promise<Alert[]> {
  const wanted = others.filter((alert) => isWanted(alert, options));
  // One that the index has and that is not among the stored is not wanted as it stands there.
  const known = await storedIds(target, options.namespace, wanted);
  const more = wanted.filter(({ _id }) => !known.has(_id));
  const newest = [...stored, ...more].sort((left, right) => (timesOf(left) < timesOf(right) ? 1 : -1));
  return newest.slice(0, options.limit);
}

/** Which of these alerts the alert index has, whatever became of them there. */
async function storedIds(target: Target, namespace: string, among: readonly Alert[]): Promise<Set<string>> {
  const ids = new Set<string>();
  for (let from = 0; from < among.length; from += MOST_IDS) {
    const values = among.slice(from, from + MOST_IDS).map(({ _id }) => _id);
    const search = { indices: [alertIndex(namespace)], query: { ids: { values } }, source: ['@timestamp'] };
    for await (const hits of readMatches(target, search)) for (const { _id } of hits) ids.add(_id);
  }
  return ids;
}

function timesOf(alert: Alert): string {
  return ['@timestamp', 'event.end'].flatMap((field) => textsAt(alert, field)).join(' ');
}

/** The alerts that the monitors hold, where those run the rules. */
async function ofMonitors(target: Target, settings: Settings, context: Context): Promise<readonly Alert[]> {
  if (settings.scheduler !== 'opensearch-alerting') return [];
  await requireAlerting(target);
  const { rules } = readAllContent(settings.content ?? PROGRAM_FOLDER);
  const { alerts: found, notes } = await monitorAlerts(target, settings.namespace, rules);
  for (const note of notes) context.note(neutral(note));
  return found;
}

export const alertsCommand = declare({
  name: 'alerts',
  describe: 'list alerts, newest first',
  interrupted: 'nothing was changed',
  positionals: {},
  options: {
    scheduler: SCHEDULER_OPTIONS.scheduler,
    rule: { type: 'string', describe: 'only of this rule: its id or name' },
    host: { type: 'string', describe: 'only on this host' },
    user: { type: 'string', describe: 'only of this user' },
    status: { choices: ['open', 'acknowledged', 'closed'] as const, describe: 'only with this status' },
    from: { type: 'string', describe: 'only with an event at or after this time: 2026-01-31T08:00Z, now-24h' },
    to: { type: 'string', describe: 'only with an event before this time' },
    limit: { type: 'number', describe: 'at most so many, the newest' },
    output: { choices: ['text', 'json', 'csv'], default: 'text', describe: 'form of the result' },
  },
  run: async (context, argv) => {
    const settings = settingsOf(context, argv);
    const { namespace } = settings;
    const { rule, host, user, status, limit } = argv;
    const times = { from: timeOf('from', argv.from), to: timeOf('to', argv.to) };
    const options = { namespace, rule, host, user, status, limit, ...times };
    const target = await targetOf(settings, context);
    const others = await ofMonitors(target, settings, context);
    const found = await together(target, await alerts(target, options), others, options);
    const text = argv.output === 'csv' ? alertsCsv(found).trimEnd() : alertsTable(found, context.width);
    return { json: found, text, exit: 0 };
  },
});
