import { isNamed, severityOf, type Rule } from '../detections/rule';
import type { Webhook } from '../settings';
import { listOf } from '../lists';
import { isRecord, valueAt, type JsonRecord } from '../json';

/**
 * What an alert records of one webhook: an item of `wmi_detections.notified`.
 *
 *   state     | meaning                                                        | `at`
 *   ----------|----------------------------------------------------------------|----------------------------
 *   `pending` | to be sent by the next run                                     | of the last attempt, if any
 *   `sending` | a run is sending it; after LEASE another run may send it       | when that began
 *   `sent`    | the webhook accepted it                                        | when it did
 */
export interface Notified {
  readonly to: string;
  readonly state: 'pending' | 'sending' | 'sent';
  /** ISO 8601. */
  readonly at?: string;
  /** How often the webhook refused it or broke off; times at which it could not be reached do not count. */
  readonly attempts?: number;
  /** The webhook asked for no message before this time, ISO 8601. */
  readonly retry_at?: string;
  /** Why the last attempt failed. */
  readonly error?: string;
}

/** Where an alert has its list. */
export const NOTIFIED = 'wmi_detections.notified';

/**
 * After so many milliseconds a run that began to send and recorded no end is taken for dead. It is longer than the retries of one
 * message take.
 */
export const LEASE = 3 * 60_000;

/** In the order of the severities. */
const SEVERITIES = ['low', 'medium', 'high', 'critical'] as const;

/** What a new alert of a rule records: each webhook that wants it, still to be sent. */
export function pendingFor(rule: Rule, webhooks: readonly Webhook[]): readonly Notified[] {
  const severity = SEVERITIES.indexOf(severityOf(rule.risk.score).word);
  return webhooks
    .filter(({ minSeverity }) => severity >= SEVERITIES.indexOf(minSeverity))
    .filter(({ rules }) => rules === undefined || rules.some((word) => isNamed(rule, word)))
    .map(({ name }) => ({ to: name, state: 'pending' }));
}

/** The list that a document of the alert index has; what has no such form is left out. */
export function notifiedIn(source: JsonRecord | undefined): readonly Notified[] {
  return listOf(valueAt(source, NOTIFIED.split('.'))).filter(isNotified);
}

function isNotified(item: unknown): item is Notified {
  return isRecord(item) && typeof item.to === 'string' && typeof item.state === 'string';
}
