import type { ReplayResult } from '../replay/replay-stats';

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
