import { ProblemError, type Problem } from '../../errors';
import { isRecord, textAt } from '../../json';
import { heldAlerts } from './plugin-alerts';
import type { Rule } from '../../detections/rule';
import { askAlerting } from './plugin';
import type { Cluster } from '../../cluster/cluster';
import type { AlertStatus } from '../../detections/alert-filter';
import type { Alert } from '../alert-index-search';
import type { AlertStore } from '../scheduler';
import { monitorAlerts, monitorsAndRules } from './monitor-alerts';
import { summaryOfAlert } from './monitor-summary';

interface Acknowledged {
  /** Each is `{<id>: {failed_reason}}`. */
  readonly failed?: readonly Readonly<Record<string, unknown>>[];
}

/**
 * What the alerting plugin keeps of the monitors of a namespace. It knows one thing that an analyst may say: acknowledged,
 * and that of an alert that is ACTIVE.
 * @param known rules of the content, for a monitor that has lost its own
 */
export function pluginAlertStore(cluster: Cluster, namespace: string, known: readonly Rule[]): AlertStore {
  return {
    list: () => monitorAlerts(cluster, namespace, known),
    refusal: (alert, status) => refusalOf(alert, status),
    batches: byRule,
    setStatus: (alerts) => acknowledge(cluster, namespace, known, alerts),
  };
}

/** A rule has one monitor, and the plugin takes the alerts of one monitor in a request. */
function byRule(alerts: readonly Alert[]): Alert[][] {
  const rules = new Map<string | null, Alert[]>();
  for (const alert of alerts) {
    const rule = textAt(alert, 'rule.uuid');
    rules.set(rule, [...(rules.get(rule) ?? []), alert]);
  }
  return [...rules.values()];
}

function refusalOf(alert: Alert, status: AlertStatus): string | undefined {
  if (status === 'closed') return 'OpenSearch Alerting knows no closing: an alert is over when its events stop';
  if (status === 'open') return 'OpenSearch Alerting takes no acknowledgement back';
  const state = textAt(alert, 'wmi_detections.state');
  return state === 'ACTIVE'
    ? undefined
    : `OpenSearch Alerting acknowledges only what is ACTIVE, and it is ${state ?? ''}`;
}

/** One request a monitor: the plugin takes no others. */
async function acknowledge(
  cluster: Cluster,
  namespace: string,
  known: readonly Rule[],
  alerts: readonly Alert[],
): Promise<void> {
  const wanted = new Set(alerts.map(({ _id }) => _id));
  const problems: Problem[] = [];
  for (const { found, rule } of await monitorsAndRules(cluster, namespace, known)) {
    if (rule === undefined || !alerts.some((alert) => textAt(alert, 'rule.uuid') === rule.uuid)) continue;
    // What is ACTIVE now: a run may have ended one since it was listed.
    const active = (await heldAlerts(cluster, found.id)).filter(({ state }) => state === 'ACTIVE');
    const ids = active.filter((alert) => wanted.has(summaryOfAlert(rule, alert)?.group.id ?? '')).map(({ id }) => id);
    if (ids.length === 0) continue;
    const path = `/${encodeURIComponent(found.id)}/_acknowledge/alerts`;
    const { body } = await askAlerting<Acknowledged>(cluster, { method: 'POST', path, body: { alerts: ids } });
    problems.push(...(body.failed ?? []).flatMap((failed) => reasonsOf(failed, cluster)));
  }
  if (problems.length > 0) throw new ProblemError('REFUSED', problems);
}

function reasonsOf(failed: Readonly<Record<string, unknown>>, { url }: Cluster): Problem[] {
  return Object.entries(failed).map(([id, said]) => {
    const reason = isRecord(said) && typeof said.failed_reason === 'string' ? said.failed_reason : 'no reason given';
    return { where: { url }, message: `alert ${id} of the plugin was not acknowledged: ${reason}` };
  });
}
