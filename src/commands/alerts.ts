import { alertIndex } from '../rules/indices';
import { readMatches } from '../schedule/matches';
import { iso } from '../schedule/window';
import type { Target } from '../target/target';
import { alertsCsv } from '../report/alerts-csv';
import { alertsTable } from '../report/alerts-table';
import { declare, settingsOf, targetOf } from './command';
import { timeOf } from './time-flag';

export interface AlertsOptions {
  readonly namespace: string;
  /** UUID or name of a rule; names without regard to case, as all texts here. */
  readonly rule?: string | undefined;
  /** `host.name` or `host.id`. */
  readonly host?: string | undefined;
  /** `user.name` or `user.id`, or the value of a user among the risk objects. */
  readonly user?: string | undefined;
  readonly status?: 'open' | 'acknowledged' | 'closed' | undefined;
  /** Alerts with an event at or after this time; milliseconds since 1970. */
  readonly from?: number | undefined;
  /** Alerts with an event before this time; milliseconds since 1970. */
  readonly to?: number | undefined;
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
    ...(rule === undefined ? [] : [oneOf(['rule.uuid', 'rule.name'], rule)]),
    ...(host === undefined ? [] : [oneOf(['host.name', 'host.id'], host)]),
    ...(user === undefined ? [] : [oneOf(['user.name', 'user.id', 'wmi_detections.risk_objects.value'], user)]),
    ...(status === undefined ? [] : [{ term: { 'wmi_detections.status': status } }]),
    ...(from === undefined ? [] : [{ range: { 'event.end': { gte: iso(from) } } }]),
    ...(to === undefined ? [] : [{ range: { 'event.start': { lt: iso(to) } } }]),
  ];
}

function oneOf(fields: readonly string[], value: string): Record<string, unknown> {
  const should = fields.map((field) => ({ term: { [field]: { value, case_insensitive: true } } }));
  return { bool: { should, minimum_should_match: 1 } };
}

export const alertsCommand = declare({
  name: 'alerts',
  describe: 'list alerts, newest first',
  positionals: {},
  options: {
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
    const { namespace, ...settings } = settingsOf(context, argv);
    const { rule, host, user, status, limit } = argv;
    const times = { from: timeOf('from', argv.from), to: timeOf('to', argv.to) };
    const target = await targetOf({ namespace, ...settings });
    const found = await alerts(target, { namespace, rule, host, user, status, limit, ...times });
    const text = argv.output === 'csv' ? alertsCsv(found).trimEnd() : alertsTable(found, context.width);
    return { json: found, text, exit: 0 };
  },
});
