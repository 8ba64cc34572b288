import type { FoundBy } from '../alerts/process-relatives';

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
