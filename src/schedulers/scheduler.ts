import type { AlertFilter, AlertStatus } from '../detections/alert-filter';
import type { Alert } from './alert-index-search';

/** What somebody makes of alerts. */
export interface StatusChange {
  readonly status: AlertStatus;
  /** Who says so; Kibana and the alerting plugin keep their own user instead. */
  readonly by: string;
  /** Milliseconds since 1970. */
  readonly at: number;
}

/** Alerts, and what cannot be shown as one, a sentence each. */
export interface Listed {
  readonly alerts: readonly Alert[];
  readonly notes: readonly string[];
}

/** Something that keeps alerts, and what analysts make of them. */
export interface AlertStore {
  /** Its alerts as documents of the alert index (design, section 7): all that are wanted, perhaps more, in any order. */
  list(wanted: AlertFilter): Promise<Listed>;
  /** Why an alert cannot get that status here; undefined where it can. */
  refusal(alert: Alert, status: AlertStatus): string | undefined;
  /** These alerts in the parts that one request each can change. */
  batches(alerts: readonly Alert[]): readonly (readonly Alert[])[];
  /**
   * Gives all of a batch that status.
   * @throws ProblemError REFUSED with each that did not get it, and why
   */
  setStatus(alerts: readonly Alert[], change: StatusChange): Promise<void>;
}
