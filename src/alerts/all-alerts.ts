import type { Rule } from '../detections/rule';
import { alertIndexStore } from '../schedulers/alert-index-store';
import { together, type Alert, type AlertsOptions } from '../schedulers/alert-index-search';
import type { AlertStore, ScheduledScope } from '../schedulers/scheduler';

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
export async function allAlerts(
  scope: ScheduledScope,
  rules: readonly Rule[],
  options: AlertsOptions,
): Promise<AllAlerts> {
  const { cluster, namespace, scheduler } = scope;
  const index = alertIndexStore(cluster, namespace);
  const own = scheduler.keepsAlerts ? scheduler.alerts(scope, rules) : undefined;
  const others = await own?.list(options);
  const stored = (await index.list(options)).alerts;
  const both = await together(cluster, stored, others?.alerts ?? [], options);
  const inIndex = new Set(stored);
  return {
    kept: both.map((alert) => ({ alert, store: own === undefined || inIndex.has(alert) ? index : own })),
    notes: others?.notes ?? [],
  };
}
