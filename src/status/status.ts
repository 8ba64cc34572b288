import type { Counts } from '../plan/plan';
import type { BlindSpot } from '../visibility/blind-spot';
import type { RuleState } from '../schedulers/deployed-rule';
import type { Undelivered } from './undelivered';

/** Everything that `status` says; the JSON that scripts read. Times are ISO 8601, spans milliseconds. */
export interface Status {
  readonly cluster: { readonly url: string; readonly product: string; readonly version: string };
  readonly namespace: string;
  /** The cluster's time, where it can be had. */
  readonly now: string;
  /** Where the window begins that the counts of the sources are about. */
  readonly since: string;
  readonly content: ContentState;
  /** That the scheduler is switched off as a whole, in a sentence; null when it is not, or does not say. */
  readonly stopped: string | null;
  /** Limits of the scheduler that are passed, a sentence each. */
  readonly limits: readonly string[];
  readonly rules: readonly RuleState[];
  readonly sources: readonly SourceState[];
  /** What rules cannot see of what they read, and why. */
  readonly blindSpots: readonly BlindSpot[];
  /** Webhooks that have waited too long for alerts. */
  readonly undelivered: readonly Undelivered[];
  /** What `--exit-code` exits with 1 for, a sentence each. */
  readonly attention: readonly string[];
}

/** How the cluster differs from the content: a plan, without its diffs. */
export interface ContentState {
  readonly inSync: boolean;
  readonly counts: Counts;
  readonly changes: readonly ContentChange[];
  /** Ours, and no longer in the content. */
  readonly leftovers: number;
}

export interface ContentChange {
  readonly kind: string;
  readonly id: string;
  readonly action: string;
  /** Somebody changed it on the cluster since we last wrote it. */
  readonly edited: boolean;
  /** From what is there to the content, in YAML; empty where nothing is compared. */
  readonly diff: string;
}

/** One entry of the rules' index lists, or the stream of unrecognised events. */
export interface SourceState {
  /** Name or pattern as the rules have it. */
  readonly source: string;
  /** Whether a rule reads it. */
  readonly read: boolean;
  /** Whether any index is there. */
  readonly exists: boolean;
  /** Why it could not be searched. The counts are zero then, and mean nothing. */
  readonly problem: string | null;
  /** Of all documents, not only those of the window. */
  readonly newestIngested: string | null;
  readonly newestEvent: string | null;
  /** Arrived in the window: by event.ingested, by @timestamp where that is missing. */
  readonly documents: number;
  readonly processCreations: number;
  /** It has had documents, and none arrived in the window. */
  readonly silent: boolean;
  readonly failures: { readonly count: number; readonly by: readonly Failure[] };
  /** Documents in the failure store of its data streams, whenever they arrived; null where there is none or it may not be read. */
  readonly failureStore: number | null;
  readonly ignored: { readonly count: number; readonly fields: readonly FieldCount[] };
  /** null where no rule reads the source, or it cannot be known. */
  readonly delay: Delay | null;
  readonly coverage: readonly Coverage[];
}

export interface Failure {
  /** `tag (type)` of the processor; empty where error.message does not begin with one. */
  readonly step: string;
  readonly reason: string;
  readonly count: number;
}

export interface FieldCount {
  readonly field: string;
  readonly count: number;
}

/** From the event's own time to event.ingested. */
export interface Delay {
  readonly p50: number;
  readonly p95: number;
  /** Documents that came later than the longest look-back of the rules that read the source. */
  readonly beyondLookback: number;
}

/** How much of a source's process creations a rule cannot see. */
export interface Coverage {
  readonly rule: string;
  readonly name: string;
  /** Process creations that cannot match, whatever happened, because fields are missing. */
  readonly blind: number;
  /** `blind` of all process creations, 0 to 1; null when there are none. */
  readonly share: number | null;
  readonly causes: readonly Cause[];
  /** Process creations without each of the rule's fields. */
  readonly fields: readonly FieldCount[];
}

/** Something that the rule needs, and how many process creations lack it. */
export interface Cause {
  /** `no process.parent.name` */
  readonly lack: string;
  /** The fields of which one, or a part, would do. */
  readonly fields: readonly string[];
  readonly count: number;
}
