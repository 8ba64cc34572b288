import type { Scheduler, Scope } from '../resources/kind';
import type { Rule } from '../detections/rule';
import { together, type Alert, type AlertsOptions } from '../schedulers/alert-index-search';
import { alertIndexStore } from '../schedulers/alert-index-store';
import type { AlertStore } from '../schedulers/scheduler';
import { kibanaAlertStore } from '../schedulers/kibana/alert-store';
import { pluginAlertStore } from '../schedulers/opensearch-alerting/alert-store';

/** What of the schedulers keeps alerts by itself, beside the alert index, which is where the others write. */
const KEEPERS: Readonly<Record<Scheduler, ((scope: Scope, rules: readonly Rule[]) => AlertStore) | null>> = {
  local: null,
  watcher: null,
  kibana: kibanaAlertStore,
  'opensearch-alerting': ({ cluster, namespace }, rules) => pluginAlertStore(cluster, namespace, rules),
};

/** An alert, and who keeps what an analyst makes of it. */
export interface KeptAlert {
  readonly alert: Alert;
  readonly store: AlertStore;
}

export interface AllAlerts {
  /** Newest first. */
  readonly kept: readonly KeptAlert[];
  /** What cannot be shown as an alert, a sentence each: runs that failed, alerts of a rule that nobody knows. */
  readonly notes: readonly string[];
}

/**
 * The alerts of a namespace that are wanted, whatever keeps them: the alert index, and the scheduler of the scope where that
 * keeps its own. What stands in both is as the alert index has it.
 * @param rules those of the content
 */
export async function allAlerts(scope: Scope, rules: readonly Rule[], options: AlertsOptions): Promise<AllAlerts> {
  const { cluster, namespace, scheduler = 'local' } = scope;
  const index = alertIndexStore(cluster, namespace);
  const own = KEEPERS[scheduler]?.(scope, rules);
  const others = await own?.list(options);
  const stored = (await index.list(options)).alerts;
  const both = await together(cluster, stored, others?.alerts ?? [], options);
  const inIndex = new Set(stored);
  return {
    kept: both.map((alert) => ({ alert, store: own === undefined || inIndex.has(alert) ? index : own })),
    notes: others?.notes ?? [],
  };
}
