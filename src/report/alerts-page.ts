import type { Met } from '../sigma/compile/evaluate';
import type { Severity } from '../detections/rule';
import type { RiskAlert } from '../alerts/risk';
import type { FoundBy } from '../alerts/process-relatives';

/** Everything that the page of alerts (page/) shows. Plain JSON: it is written into the page as such. */
export interface AlertsPage {
  /** ISO 8601, UTC: when the alerts were read. */
  readonly made: string;
  /** `wmi-detections 0.1.0`. */
  readonly program: string;
  readonly namespace: string;
  readonly rules: readonly PageRule[];
  readonly alerts: readonly PageAlert[];
}

/** A rule in one of its versions, once for all its alerts. */
export interface PageRule {
  readonly uuid: string;
  readonly name: string;
  readonly version: string;
  readonly description: string;
  /** ATT&CK techniques with their ids, and where each is described. */
  readonly techniques: readonly PageTechnique[];
  /** What an analyst does with an alert; null where nobody wrote it down. */
  readonly triage: string | null;
  readonly falsePositives: readonly string[];
  /** URLs, as the rule has them: whether one can be followed is for the page to decide. */
  readonly references: readonly string[];
}

export interface PageTechnique {
  readonly id: string;
  readonly name: string;
  readonly reference: string;
}

/** An alert; a text is empty where the alert has no such field. */
export interface PageAlert {
  /** `_id` of its document. */
  readonly id: string;
  /** Its place in {@link AlertsPage.rules}. */
  readonly rule: number;
  /** ISO 8601, UTC: first and last event. */
  readonly start: string;
  readonly end: string;
  readonly count: number;
  readonly status: string;
  /** 0 to 100. */
  readonly score: number;
  readonly severity: Severity;
  readonly host: string;
  readonly user: string;
  /** `process.command_line`, else the best that is known of the process. */
  readonly process: string;
  readonly message: string;
  readonly risk: readonly PageRisk[];
  /** All else that the document holds: dotted name, value. */
  readonly fields: readonly (readonly [field: string, value: string])[];
  /** What met the rule; empty where nobody knows. */
  readonly met: readonly Met[];
  /** The processes around it, the oldest first. */
  readonly tree: readonly ProcessNode[];
  /** What should be known of all this, a sentence each. */
  readonly notes: readonly string[];
}

/** Whom the alert puts at risk, as the command `risk` counts it. */
export interface PageRisk extends Pick<RiskAlert, 'added' | 'why'> {
  /** `host`, `user`, or another word of the detection. */
  readonly type: string;
  readonly value: string;
}

/** A process around an alert, and those that it started. Plain JSON: the page of alerts has it as such. */
export interface ProcessNode {
  /** Empty where nobody knows it. */
  readonly name: string;
  readonly pid: number | null;
  readonly commandLine: string | null;
  readonly user: string | null;
  /** ISO 8601, UTC: when it started. */
  readonly start: string | null;
  /** Whether this is the process that the alert is about. */
  readonly alerted: boolean;
  /** How it was found from that one; null for that one itself, and for a parent of which only its child tells. */
  readonly by: FoundBy | null;
  readonly children: readonly ProcessNode[];
}

/** What a reader should know of how a process was found; undefined where it was by an id of its own. */
export function howFound({ alerted, by }: ProcessNode): string | undefined {
  if (alerted || by === 'entity_id') return undefined;
  return by === 'pid' ? 'by pid and time' : 'as its child tells';
}
