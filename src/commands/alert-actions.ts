import type { JsonRecord } from '../json';
import { ProblemError, type Problem } from '../errors';
import { alertsHtml, alertsPageOf } from '../report/alerts-page-of';
import { statusChangeText } from '../report/alerts-table';
import { explainText } from '../report/explain-text';
import type { ScheduledScope } from '../schedulers/scheduler';
import type { Rule } from '../detections/rule';
import type { AlertStatus } from '../detections/alert-filter';
import type { Alert, AlertsOptions } from '../schedulers/alert-index-search';
import { clusterTimeOrOurs } from '../cluster/clock';
import { explain, explainAlerts, type Explanation } from '../alerts/explain';
import { setStatus } from '../alerts/set-status';
import type { Context, Outcome } from './command';
import { version } from '../program';
import type { AlertsPage } from '../report/alerts-page';
import { entitiesAtRisk } from '../alerts/risk';
import { toIso } from '../text/time';
import { CAP } from './risk';

/** What may be done with alerts, and the status that they get by it. */
const STATUS_OF = { ack: 'acknowledged', close: 'closed', reopen: 'open' } as const;

type Action = 'explain' | keyof typeof STATUS_OF;

export const ACTIONS: readonly Action[] = ['explain', 'ack', 'close', 'reopen'];

/** What shapes the list of alerts, and nothing else. */
const OF_THE_LIST = ['limit', 'with-ids', 'csv'] as const;
/** What narrows down which alerts are meant: of a list, and of ids that get a status. One alert is explained, by its id. */
const FILTERS = ['rule', 'host', 'user', 'status', 'from', 'to'] as const;

const IDLE: Readonly<Record<Action, readonly string[]>> = {
  explain: [...OF_THE_LIST, ...FILTERS],
  ack: [...OF_THE_LIST, 'html'],
  close: [...OF_THE_LIST, 'html'],
  reopen: [...OF_THE_LIST, 'html'],
};

/**
 * Refuses flags that an action would not heed: who gives one believes that it did something.
 * @param argv as typed
 * @throws ProblemError USAGE with each of them
 */
export function refuseIdle(action: Action, { output, ...argv }: JsonRecord): void {
  const given = (flag: string): boolean => flag === output || (argv[flag] !== undefined && argv[flag] !== false);
  const problems = IDLE[action].filter(given).map((flag): Problem => {
    const typed = flag === output ? `--output ${flag}` : `--${flag}`;
    return { message: `\`alerts ${action}\` and ${typed} do not go together` };
  });
  const last = problems.pop();
  if (last === undefined) return;
  const hint = 'That is for the list of alerts: leave it out, or leave out the action.';
  throw new ProblemError('USAGE', [...problems, { ...last, hint }]);
}

/** Tells why an alert is there, as text, JSON or a page. */
export async function explainOne(
  context: Context,
  scope: ScheduledScope,
  rules: readonly Rule[],
  { ids, output }: { ids: readonly string[]; output: string },
): Promise<Outcome> {
  const explained = await explain(scope, rules, ids);
  const text =
    output === 'html'
      ? alertsHtml(pageOf(scope, rules, [explained.alert], [explained]))
      : explainText(explained, context.width);
  return { json: explained, text, exit: 0 };
}

/**
 * Closes alerts, acknowledges or reopens them, as {@link setStatus} does, and says what it did.
 * @param by who says so
 */
export async function changeStatus(
  scope: ScheduledScope,
  rules: readonly Rule[],
  options: AlertsOptions & { readonly ids: readonly string[] },
  { action, by }: { action: Exclude<Action, 'explain'>; by: string },
): Promise<Outcome> {
  const at = await clusterTimeOrOurs(scope.cluster, scope.namespace);
  const status: AlertStatus = STATUS_OF[action];
  const result = await setStatus(scope, rules, options, { status, by, at });
  const ids = (list: readonly Alert[]): string[] => list.map(({ _id }) => _id);
  const [unsure, notBegun] = [ids(result.unsure), ids(result.notBegun)];
  const interrupted = unsure.length + notBegun.length > 0;
  return {
    json: {
      status,
      changed: ids(result.changed),
      unchanged: ids(result.unchanged),
      ...(interrupted && { unsure, notBegun }),
    },
    text: statusChangeText(result),
    exit: interrupted ? 130 : 0,
  };
}

/** An explanation costs searches: of more alerts than these, the newest have one. */
const MOST_EXPLAINED = 1_000;

/**
 * Everything that the page of these alerts shows: the alerts, why each is there, and whom they put at risk.
 * @param rules those of the content
 */
export async function alertsPage(
  context: Context,
  scope: ScheduledScope,
  rules: readonly Rule[],
  alerts: readonly Alert[],
): Promise<AlertsPage> {
  const explained = alerts.slice(0, MOST_EXPLAINED);
  if (explained.length < alerts.length) {
    context.note(
      `the newest ${MOST_EXPLAINED} of ${alerts.length} alerts are explained; --from and --limit take fewer`,
    );
  }
  const explanations = await explainAlerts(scope, rules, explained, (done) => {
    context.progress(`explaining the alerts: ${done} of ${explained.length}`);
  });
  context.progress('');
  return pageOf(scope, rules, alerts, explanations);
}

/** The page of these alerts, of which some are explained. */
function pageOf(
  { namespace }: ScheduledScope,
  rules: readonly Rule[],
  alerts: readonly Alert[],
  explanations: readonly Explanation[],
): AlertsPage {
  const entities = entitiesAtRisk(alerts, { cap: CAP });
  const about = { made: toIso(Date.now()), program: `wmi-detections ${version()}`, namespace };
  return alertsPageOf({ ...about, alerts, rules, explanations, entities });
}
