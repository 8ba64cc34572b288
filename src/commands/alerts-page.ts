import { version } from '../program';
import type { AlertsPage } from '../report/alerts-page';
import { alertsPageOf } from '../report/alerts-page-of';
import type { ScheduledScope } from '../schedulers/scheduler';
import type { Rule } from '../detections/rule';
import type { Alert } from '../schedulers/alert-index-search';
import { explainAlerts, type Explanation } from '../alerts/explain';
import { entitiesAtRisk } from '../alerts/risk';
import { toIso } from '../text/time';
import type { Context } from './command';
import { CAP } from './risk';

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
export function pageOf(
  { namespace }: ScheduledScope,
  rules: readonly Rule[],
  alerts: readonly Alert[],
  explanations: readonly Explanation[],
): AlertsPage {
  const entities = entitiesAtRisk(alerts, { cap: CAP });
  const about = { made: toIso(Date.now()), program: `wmi-detections ${version()}`, namespace };
  return alertsPageOf({ ...about, alerts, rules, explanations, entities });
}
