/** What can make rules blind; docs/blind-spots.md has a row for each, and scripts may rely on the words. */
export type BlindSpotCode =
  | 'other_template'
  | 'not_our_stream'
  | 'other_pipeline'
  | 'past_pipeline'
  | 'raw_events'
  | 'text_field'
  | 'unsearchable_field'
  | 'long_values'
  | 'time_field'
  | 'closed_index'
  | 'frozen_index'
  | 'no_source'
  | 'not_readable'
  | 'not_checked';

/** Something that keeps rules from seeing events of an index, or the program from knowing whether they do. */
export interface BlindSpot {
  readonly code: BlindSpotCode;
  /** Our own data streams get events that no rule can see. `deploy` refuses, and `--yes` does not help. */
  readonly certain: boolean;
  /** The index, data stream or pattern that it is about. */
  readonly index: string;
  /** Names of the rules that it concerns; empty where it concerns all that read the index. */
  readonly rules: readonly string[];
  /** What is wrong, in one sentence without a full stop; it names the index. */
  readonly message: string;
  /** The command or setting that helps. */
  readonly fix: string;
}

/** So many names are listed; a thousand rules may share an index list. */
const MOST_NAMES = 3;

/** `a`, `a and b`, `a, b, c and 5 more`. */
export function listNames(names: readonly string[]): string {
  const shown = names.slice(0, MOST_NAMES);
  const more = names.length - shown.length;
  if (more > 0) return `${shown.join(', ')} and ${more} more`;
  return shown.length < 2 ? (shown[0] ?? '') : `${shown.slice(0, -1).join(', ')} and ${shown.at(-1) ?? ''}`;
}
