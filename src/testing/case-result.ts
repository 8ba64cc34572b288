/** One file of events, and whether the pipeline makes of them what it should. */
export interface CaseResult {
  readonly pipeline: string;
  readonly file: string;
  readonly status: 'passed' | 'failed' | 'skipped' | 'generated';
  /** How many events it holds. */
  readonly events: number;
  /** Why it failed or was skipped; for a generated case, what to look at before it is committed. */
  readonly reasons: readonly string[];
  /** Unified diff from expected to actual; empty when there is none. */
  readonly diff: string;
}

/** A processor with a tag that no event of any fixture came to. */
export interface Unreached {
  readonly pipeline: string;
  readonly tag: string;
}

export interface SimulateResult {
  readonly cases: readonly CaseResult[];
  readonly unreached: readonly Unreached[];
}
