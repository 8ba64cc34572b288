import type { Problem } from '../errors';
import type { Event } from './event';
import type { InputRecord } from './input-record';
import type { PipelineErrors } from './pipeline-errors';
import type { Source } from './recognise';
import type { Delivery } from './shipment';
import { streamOf } from './streams';

/** The result of `replay`, as `--output json` prints it. read = indexed + duplicates + failed = the sum of bySource. */
export interface ReplayCounts {
  read: number;
  /** Created by this run, those kept as text included. */
  indexed: number;
  /** In the cluster already, or twice in the input. */
  duplicates: number;
  /** Not in the cluster. */
  failed: number;
  /** Of the indexed those of a known source that no pipeline could read; null where that cannot be counted. */
  pipelineErrors: number | null;
  bySource: Record<Source, number>;
}

/** What a run did and what it found wrong. The answer to "did all go well" is no when there is any problem. */
export interface ReplayResult {
  readonly counts: ReplayCounts;
  /** The first hundred of records and the first hundred of files, in the order in which they were found. */
  readonly problems: readonly Problem[];
  /** How many there were in all. */
  readonly problemCount: number;
  /** Where the events are that the cluster refused for good; undefined when there are none. */
  readonly deadLetters?: { readonly file: string; readonly count: number } | undefined;
}

/** How far a run has come. */
export interface ReplayProgress {
  /** Bytes of the inputs, as they are on disk, whose events the cluster has answered for: reading runs ahead of sending. */
  readonly bytesDone: number;
  /** Bytes of all inputs; undefined when one is a pipe. */
  readonly bytesTotal: number | undefined;
  /** Events that the cluster has answered for. */
  readonly records: number;
  readonly elapsedMs: number;
}

const MAX_PROBLEMS = 100;
/** More kinds of failure than these are summed up. */
const MAX_REASONS = 3;
const PROGRESS_EVERY_MS = 200;

export interface ReplayStatsOptions {
  readonly namespace: string;
  readonly bytesTotal: number | undefined;
  readonly onProgress?: ((progress: ReplayProgress) => void) | undefined;
}

/** Counts what happens to the events of a run, and tells of it. */
export class ReplayStats {
  bytesRead = 0;
  private readonly counts: ReplayCounts = {
    read: 0,
    indexed: 0,
    duplicates: 0,
    failed: 0,
    pipelineErrors: 0,
    bySource: { sysmon: 0, windows_security: 0, crowdstrike: 0, unrecognised: 0 },
  };
  private readonly problems: Problem[] = [];
  private problemCount = 0;
  /** Problems of whole files, of which there are few: they are kept whatever single records have. */
  private fileProblems = 0;
  private readonly indexedFrom = new Set<Source>();
  private readonly began = performance.now();
  private reported = this.began;

  constructor(private readonly options: ReplayStatsOptions) {}

  read(event: Event): void {
    this.counts.read += 1;
    this.counts.bySource[event.source] += 1;
    if (event.fault === undefined) return;
    const stream = streamOf(event.source, this.options.namespace);
    this.problem({ where: placeOf(event), message: event.fault, hint: `Kept as text in ${stream}.` });
  }

  drop(file: string, record: InputRecord): void {
    this.counts.read += 1;
    this.counts.failed += 1;
    this.counts.bySource.unrecognised += 1;
    const hint = 'No event is that long: is the file an event log?';
    this.problem({ where: { file, line: record.line }, message: record.fault ?? 'was left out', hint });
  }

  /** @param letters the file that holds what failed */
  settle(event: Event, delivery: Delivery, letters?: string): void {
    const { counts } = this;
    if (delivery.result === 'duplicate') counts.duplicates += 1;
    else if (delivery.result === 'failed') counts.failed += 1;
    else counts.indexed += 1;
    if (delivery.result === 'indexed') this.indexedFrom.add(event.source);
    if (delivery.result === 'kept as text') {
      const hint = `Kept as text in ${streamOf('unrecognised', this.options.namespace)}.`;
      this.problem({ where: placeOf(event), message: `was refused by the cluster: ${delivery.reason}`, hint });
    } else if (delivery.result === 'failed') {
      const hint = letters === undefined ? undefined : `Kept in ${letters}: mend the cause, then replay that file.`;
      this.problem({ where: placeOf(event), message: `was not indexed: ${delivery.reason}`, hint });
    }
    if (performance.now() - this.reported >= PROGRESS_EVERY_MS) this.report();
  }

  problem(problem: Problem): void {
    this.problemCount += 1;
    const isOfFile = problem.where === undefined || !('line' in problem.where) || problem.where.line === undefined;
    const kept = isOfFile ? this.fileProblems : this.problems.length - this.fileProblems;
    if (kept >= MAX_PROBLEMS) return;
    this.problems.push(problem);
    if (isOfFile) this.fileProblems += 1;
  }

  /** The data streams of known sources in which this run created something. */
  streamsOfKnown(): string[] {
    const known = [...this.indexedFrom].filter((source) => source !== 'unrecognised');
    return known.map((source) => streamOf(source, this.options.namespace));
  }

  /** @param errors null where they cannot be counted */
  settlePipelineErrors(errors: PipelineErrors | null): void {
    const { counts } = this;
    // Others may send to the same streams.
    counts.pipelineErrors = errors === null ? null : Math.min(errors.count, counts.indexed);
    if (errors === null || counts.pipelineErrors === 0) return;
    const reasons = errors.reasons.slice(0, MAX_REASONS).map(([reason, count]) => `${count} × ${reason}`);
    const more = errors.reasons.length > MAX_REASONS ? [`and ${errors.reasons.length - MAX_REASONS} more reasons`] : [];
    const message = `${counts.pipelineErrors} of the indexed could not be read by the pipelines, so no rule sees them: ${[...reasons, ...more].join('; ')}`;
    const hint =
      'docs/shippers.md lists the shapes that are read and what each must contain; `status` counts these events.';
    this.problem({ message, hint });
  }

  report(): void {
    this.reported = performance.now();
    const { read, indexed, duplicates, failed } = this.counts;
    const answered = indexed + duplicates + failed;
    this.options.onProgress?.({
      bytesDone: read === 0 ? 0 : Math.round((this.bytesRead * answered) / read),
      bytesTotal: this.options.bytesTotal,
      records: answered,
      elapsedMs: this.reported - this.began,
    });
  }

  /** What has been done, for the message of an error that ends the run. */
  account(): string {
    const { indexed, duplicates } = this.counts;
    return `${indexed} events were indexed before, ${duplicates} were there already; a second run goes on from there`;
  }

  result(): ReplayResult {
    return { counts: this.counts, problems: this.problems, problemCount: this.problemCount };
  }
}

function placeOf({ file, line }: Event): { file: string; line: number } {
  return { file, line };
}
