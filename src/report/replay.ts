import type { ReplayResult } from '../events/ledger';

const SOURCES = {
  sysmon: 'Sysmon',
  windows_security: 'Windows Security',
  crowdstrike: 'CrowdStrike',
  unrecognised: 'of no known source',
} as const;

/** How many records were read, and what became of them. */
export function replayText({ counts }: ReplayResult): string {
  const sources = Object.entries(SOURCES)
    .map(([source, words]) => [counts.bySource[source as keyof typeof SOURCES], words] as const)
    .filter(([number]) => number > 0)
    .map(([number, words]) => `${number} ${words}`);
  const sum = `${counts.read} read: ${counts.indexed} indexed, ${counts.duplicates} already there, ${counts.failed} failed`;
  return [sum, ...(sources.length > 0 ? [`  ${sources.join(', ')}`] : [])].join('\n');
}
