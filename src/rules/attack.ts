import type { Rule } from './rule';

/**
 * The part of MITRE ATT&CK (Enterprise, v17) that detections of process creation by WMI are about; names and ids are
 * MITRE's.
 */

export interface AttackEntry {
  readonly id: string;
  readonly name: string;
  readonly reference: string;
}

const TACTICS: Readonly<Record<string, readonly [id: string, name: string]>> = {
  'initial-access': ['TA0001', 'Initial Access'],
  execution: ['TA0002', 'Execution'],
  persistence: ['TA0003', 'Persistence'],
  'privilege-escalation': ['TA0004', 'Privilege Escalation'],
  'defense-evasion': ['TA0005', 'Defense Evasion'],
  'credential-access': ['TA0006', 'Credential Access'],
  discovery: ['TA0007', 'Discovery'],
  'lateral-movement': ['TA0008', 'Lateral Movement'],
  collection: ['TA0009', 'Collection'],
  exfiltration: ['TA0010', 'Exfiltration'],
  'command-and-control': ['TA0011', 'Command and Control'],
  impact: ['TA0040', 'Impact'],
};

const TECHNIQUES: Readonly<Record<string, string>> = {
  T1021: 'Remote Services',
  T1047: 'Windows Management Instrumentation',
  T1059: 'Command and Scripting Interpreter',
  T1218: 'System Binary Proxy Execution',
  T1546: 'Event Triggered Execution',
};

const SUBTECHNIQUES: Readonly<Record<string, string>> = {
  'T1021.003': 'Distributed Component Object Model',
  'T1021.006': 'Windows Remote Management',
  'T1059.001': 'PowerShell',
  'T1059.003': 'Windows Command Shell',
  'T1546.003': 'Windows Management Instrumentation Event Subscription',
};

const SITE = 'https://attack.mitre.org';

/** The tactic of a Sigma tag, `attack.execution` or (Sigma 1) `attack.lateral_movement`. */
export function tacticOf(tag: string): AttackEntry | undefined {
  const entry = TACTICS[tag.replace(/^attack\./, '').replaceAll('_', '-')];
  if (!tag.startsWith('attack.') || entry === undefined) return undefined;
  return { id: entry[0], name: entry[1], reference: `${SITE}/tactics/${entry[0]}/` };
}

/** The technique of a Sigma tag, `attack.t1047`; of a sub-technique's tag, the technique above it. */
export function techniqueOf(tag: string): AttackEntry | undefined {
  const [, id] = /^attack\.(t\d{4})(\.\d{3})?$/.exec(tag) ?? [];
  const name = id === undefined ? undefined : TECHNIQUES[id.toUpperCase()];
  if (id === undefined || name === undefined) return undefined;
  return { id: id.toUpperCase(), name, reference: `${SITE}/techniques/${id.toUpperCase()}/` };
}

/** The sub-technique of a Sigma tag, `attack.t1546.003`. */
export function subtechniqueOf(tag: string): AttackEntry | undefined {
  const id = tag.replace(/^attack\./, '').toUpperCase();
  const name = SUBTECHNIQUES[id];
  if (!tag.startsWith('attack.t') || name === undefined) return undefined;
  return { id, name, reference: `${SITE}/techniques/${id.replace('.', '/')}/` };
}

/** Whether a tag of the namespace `attack` is in the tables above; tags of other namespaces are free. */
export function isKnownTag(tag: string): boolean {
  if (!tag.startsWith('attack.')) return true;
  if (/^attack\.t\d{4}\.\d{3}$/.test(tag)) return subtechniqueOf(tag) !== undefined;
  return tacticOf(tag) !== undefined || techniqueOf(tag) !== undefined;
}

/** ECS `threat.tactic`, `threat.technique` or `threat.technique.subtechnique`: parallel lists. */
export interface ThreatList {
  readonly id: readonly string[];
  readonly name: readonly string[];
  readonly reference: readonly string[];
}

/** ECS `threat.*`. */
export interface Threat {
  readonly framework: 'MITRE ATT&CK';
  readonly tactic: ThreatList;
  readonly technique: ThreatList & { readonly subtechnique?: ThreatList };
}

/** The ECS `threat` object of a rule, from its `attack.` tags. */
export function threatOf(rule: Pick<Rule, 'tags'>): Threat {
  const subtechnique = listOf(rule.tags, subtechniqueOf);
  return {
    framework: 'MITRE ATT&CK',
    tactic: listOf(rule.tags, tacticOf),
    technique: { ...listOf(rule.tags, techniqueOf), ...(subtechnique.id.length > 0 && { subtechnique }) },
  };
}

function listOf(tags: readonly string[], entryOf: (tag: string) => AttackEntry | undefined): ThreatList {
  const entries = new Map(
    tags
      .map(entryOf)
      .filter((entry) => entry !== undefined)
      .map((entry) => [entry.id, entry]),
  );
  return {
    id: [...entries.keys()],
    name: [...entries.values()].map(({ name }) => name),
    reference: [...entries.values()].map(({ reference }) => reference),
  };
}
