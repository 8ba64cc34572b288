/**
 * Where things live on a cluster (docs/design.md, "Names"). Names of ours never meet those of Elastic's Fleet, which the rules
 * read as well.
 */

/** `<dataset>` of the stream `logs-<dataset>-<namespace>` of each source of events. */
export const DATASETS = {
  sysmon: 'sysmon.process_creation',
  windows_security: 'windows_security.process_creation',
  crowdstrike: 'crowdstrike.process_rollup2',
  unrecognised: 'wmi_detections.unrecognised',
} as const;

/** Those of known sources, which rules read. */
export const OWN_DATASETS: readonly string[] = [DATASETS.sysmon, DATASETS.windows_security, DATASETS.crowdstrike];

/** Fleet's data streams of the same sources, and Winlogbeat's. */
const OTHERS_PATTERNS: readonly string[] = [
  'logs-windows.*',
  'logs-system.security-*',
  'logs-crowdstrike.fdr-*',
  'winlogbeat-*',
];

/** Names of our own event streams in a namespace. */
export function ownStreams(namespace: string): string[] {
  return OWN_DATASETS.map((dataset) => `logs-${dataset}-${namespace}`);
}

/** What a rule reads unless the settings say otherwise: ours, Fleet's and Winlogbeat's. */
export function defaultIndices(namespace: string): string[] {
  return [...ownStreams(namespace), ...OTHERS_PATTERNS];
}

/** The index that holds the alerts of a namespace: a plain one, because data streams refuse an update by id. */
export function alertIndex(namespace: string): string {
  return `wmi-detections-alerts-${namespace}`;
}

/** The index that holds the compiled rules of the local scheduler and how far each has come. */
export function stateIndex(namespace: string): string {
  return `wmi-detections-state-${namespace}`;
}
