import { riskCsv, riskText } from '../report/risk-text';
import type { ScheduledScope } from '../schedulers/scheduler';
import type { Rule } from '../detections/rule';
import { allAlerts } from '../alerts/all-alerts';
import { entitiesAtRisk, type RiskEntity, type RiskOptions } from '../alerts/risk';
import { checkPeriod } from '../detections/windows';
import { toIso } from '../text/time';
import { escapeForTerminal } from '../text/escape';
import { analystScope, SCHEDULER_OPTIONS } from './connections';
import { declare, settingsOf } from './command';
import { countOf, timeOf } from './flags';

/** So many alerts of one rule count for one entity, unless told. */
export const CAP = 3;

interface RiskPeriod extends RiskOptions {
  /** Event time, milliseconds since 1970, inclusive. */
  readonly from?: number | undefined;
  /** Event time, milliseconds since 1970, exclusive. */
  readonly to?: number | undefined;
}

interface Risk {
  readonly entities: readonly RiskEntity[];
  /** What cannot be told of some alerts, a sentence each. */
  readonly notes: readonly string[];
}

/** Users and hosts by the risk that the alerts of a period add to them, whatever keeps those. */
export async function risk(
  scope: ScheduledScope,
  rules: readonly Rule[],
  { from, to, ...options }: RiskPeriod,
): Promise<Risk> {
  const { kept, notes } = await allAlerts(scope, rules, { namespace: scope.namespace, from, to });
  const alerts = kept.map(({ alert }) => alert);
  return { entities: entitiesAtRisk(alerts, options), notes };
}

export const riskCommand = declare({
  positionals: {},
  options: {
    scheduler: SCHEDULER_OPTIONS.scheduler,
    space: { type: 'string', describe: 'Kibana space whose alerts are meant; several with commas between them' },
    from: { type: 'string', default: 'now-24h', describe: 'alerts with an event at or after this time' },
    to: { type: 'string', describe: 'alerts with an event before this time' },
    cap: { type: 'number', default: CAP, describe: 'so many alerts of one rule count for one entity; 0 for all' },
    'with-closed': { type: 'boolean', default: false, describe: 'closed alerts count as well' },
    limit: { type: 'number', describe: 'at most so many entities, the riskiest' },
    output: { choices: ['text', 'json', 'csv'], default: 'text', describe: 'form of the result' },
  },
  run: async (context, argv) => {
    const cap = countOf('cap', argv.cap, 'count all');
    const limit = countOf('limit', argv.limit);
    const [from, to] = [timeOf('from', argv.from), timeOf('to', argv.to)];
    checkPeriod({ from, to });
    const { scope, rules } = await analystScope(settingsOf(context, argv), context, 'risk');
    const found = await risk(scope, rules, { from, to, cap, withClosed: argv['with-closed'] });
    for (const note of found.notes) context.note(escapeForTerminal(note));
    const entities = found.entities.slice(0, limit);
    const period = { from: toIso(from), to: to === undefined ? null : toIso(to) };
    const text = argv.output === 'csv' ? riskCsv(entities).trimEnd() : riskText(entities);
    return { json: { ...period, cap, entities }, text, exit: 0 };
  },
});
