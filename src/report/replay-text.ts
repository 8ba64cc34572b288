import type { ReplayResult, ReplayProgress } from '../replay/replay-stats';
import { describeDuration } from '../text/duration';

const SOURCES = {
  sysmon: 'Sysmon',
  windows_security: 'Windows Security',
  crowdstrike: 'CrowdStrike',
  unrecognised: 'of no known source',
} as const;

/** The result as scripts read it: `deadLetters` names the file, where there is one. */
export function replayJson({ counts, deadLetters }: ReplayResult): object {
  return { ...counts, ...(deadLetters !== undefined && { deadLetters: deadLetters.file }) };
}

/** How many records were read, and what became of them. */
export function replayText({ counts, deadLetters }: ReplayResult): string {
  const sources = Object.entries(SOURCES)
    .map(([source, words]) => [counts.bySource[source as keyof typeof SOURCES], words] as const)
    .filter(([number]) => number > 0)
    .map(([number, words]) => `${number} ${words}`);
  const sum = `${counts.read} read: ${counts.indexed} indexed, ${counts.duplicates} already there, ${counts.failed} failed`;
  const errors =
    counts.pipelineErrors === null
      ? ['  whether the pipelines could read them was not counted: the user may not refresh and read the data streams']
      : counts.pipelineErrors > 0
        ? [`  ${counts.pipelineErrors} indexed, but not read by the pipelines: no rule sees them`]
        : [];
  const letters =
    deadLetters === undefined
      ? []
      : [`  ${deadLetters.count} refused for good, kept in ${deadLetters.file}: mend the cause, then replay that file`];
  return [sum, ...(sources.length > 0 ? [`  ${sources.join(', ')}`] : []), ...errors, ...letters].join('\n');
}

const BAR_WIDTH = 24;
const UNITS = ['B', 'kB', 'MB', 'GB', 'TB'];

/**
 * One line that tells how far a replay has come: bar and percent where the end is known, else the bytes read; events,
 * events a second, and the time left as the pace so far promises it.
 * @param columns the terminal's width; the line is never longer
 */
export function progressLine(progress: ReplayProgress, columns: number): string {
  const { bytesDone, bytesTotal, records, elapsedMs } = progress;
  const seconds = elapsedMs / 1_000;
  const events = `${grouped(records)} ${records === 1 ? 'event' : 'events'}`;
  const rate = seconds > 0 ? `${grouped(Math.round(records / seconds))}/s` : '';
  if (bytesTotal === undefined || bytesTotal === 0) return fitted([bytesOf(bytesDone), events, rate], columns);
  const share = Math.min(bytesDone / bytesTotal, 1);
  const left = share > 0 && share < 1 ? `${describeDuration((elapsedMs * (1 - share)) / share)} left` : '';
  const percent = `${String(Math.floor(share * 100)).padStart(3)} %`;
  const full = [`[${bar(share)}] ${percent}`, events, rate, left];
  const line = joined(full);
  return line.length <= columns ? line : fitted([percent.trim(), events, rate, left], columns);
}

function bar(share: number): string {
  const filled = Math.round(share * BAR_WIDTH);
  return '#'.repeat(filled) + '-'.repeat(BAR_WIDTH - filled);
}

function joined(parts: readonly string[]): string {
  return parts.filter((part) => part !== '').join('  ');
}

function fitted(parts: readonly string[], columns: number): string {
  return joined(parts).slice(0, Math.max(columns, 0));
}

/** Thousands grouped by commas, the same on every machine. */
function grouped(count: number): string {
  return String(count).replace(/\B(?=(\d{3})+$)/g, ',');
}

function bytesOf(count: number): string {
  const power = Math.min(Math.floor(Math.log10(Math.max(count, 1)) / 3), UNITS.length - 1);
  const value = count / 1_000 ** power;
  return `${power === 0 ? String(value) : value.toFixed(1)} ${UNITS[power] ?? ''}`;
}
