import data from './attack-data.json';
import { NEW_TACTICS, OLD_IDS } from './attack-moved';

/**
 * MITRE ATT&CK Enterprise, whole; names, ids and what belongs where are MITRE's. scripts/generate-attack.ts wrote the data, and
 * NOTICE says on what terms they are here.
 */

export interface AttackEntry {
  readonly id: string;
  readonly name: string;
  readonly reference: string;
}

interface Technique {
  readonly name: string;
  /** Short names, `lateral-movement`. */
  readonly tactics: readonly string[];
}

/** A technique that ATT&CK has taken back. */
export interface Withdrawn {
  readonly id: string;
  readonly name: string;
  /** The id of what took its place; undefined where nothing did. */
  readonly successor?: string | undefined;
}

/** Of ATT&CK Enterprise, as MITRE counts. */
export const ATTACK_VERSION: string = data.version;

const TACTICS: ReadonlyMap<string, { readonly id: string; readonly name: string }> = new Map(
  Object.entries(data.tactics),
);
const TECHNIQUES: ReadonlyMap<string, Technique> = new Map(Object.entries(data.techniques));
const WITHDRAWN: ReadonlyMap<string, Omit<Withdrawn, 'id'>> = new Map(Object.entries(data.withdrawn));

/** The short names of all tactics, those of version 19 included. */
export const TACTIC_NAMES: readonly string[] = [...TACTICS.keys(), ...NEW_TACTICS.keys()];

const SITE = 'https://attack.mitre.org';

/** The tactic of a Sigma tag, `attack.execution` or (Sigma 1) `attack.lateral_movement`. */
export function tacticOf(tag: string): AttackEntry | undefined {
  const entry = tag.startsWith('attack.') ? TACTICS.get(tacticWord(tag)) : undefined;
  return entry === undefined ? undefined : { ...entry, reference: `${SITE}/tactics/${entry.id}/` };
}

/** The technique of a Sigma tag, `attack.t1047`; of a sub-technique's tag, the technique above it. */
export function techniqueOf(tag: string): AttackEntry | undefined {
  return entryOf(/^attack\.(t\d{4})(\.\d{3})?$/.exec(tag)?.[1]);
}

/** The sub-technique of a Sigma tag, `attack.t1546.003`. */
export function subtechniqueOf(tag: string): AttackEntry | undefined {
  return entryOf(/^attack\.(t\d{4}\.\d{3})$/.exec(tag)?.[1]);
}

/** The technique, or sub-technique, of a Sigma tag that ATT&CK has taken back. */
export function withdrawnOf(tag: string): Withdrawn | undefined {
  const id = tag.replace(/^attack\./, '').toUpperCase();
  const entry = tag.startsWith('attack.') ? WITHDRAWN.get(id) : undefined;
  return entry === undefined ? undefined : { id, ...entry };
}

/**
 * The tactics to which ATT&CK counts a technique or sub-technique, by their short names.
 * @param id `T1047`
 */
export function tacticsOf(id: string): readonly string[] {
  return techniqueAt(id)?.tactics ?? [];
}

/** The short name under which the data has the tactic of a tag: `stealth` and `defense-impairment` were one before. */
export function tacticWord(tag: string): string {
  const word = wordOf(tag);
  return NEW_TACTICS.get(word) ?? word;
}

/** A technique by its id, also by the one that it has in version 19. */
function techniqueAt(id: string): Technique | undefined {
  return TECHNIQUES.get(id) ?? TECHNIQUES.get(OLD_IDS.get(id) ?? '');
}

/** The short name of a tactic in a tag: `attack.lateral_movement` (Sigma 1) and `attack.lateral-movement` (Sigma 2) are one. */
export function wordOf(tag: string): string {
  return tag.replace(/^attack\./, '').replaceAll('_', '-');
}

/** @param id in any case */
function entryOf(id: string | undefined): AttackEntry | undefined {
  const known = id?.toUpperCase() ?? '';
  const name = techniqueAt(known)?.name;
  return name === undefined
    ? undefined
    : { id: known, name, reference: `${SITE}/techniques/${known.replace('.', '/')}/` };
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
export function threatOf(rule: { readonly tags: readonly string[] }): Threat {
  const subtechnique = threatList(rule.tags, subtechniqueOf);
  return {
    framework: 'MITRE ATT&CK',
    tactic: threatList(rule.tags, tacticOf),
    technique: { ...threatList(rule.tags, techniqueOf), ...(subtechnique.id.length > 0 && { subtechnique }) },
  };
}

function threatList(tags: readonly string[], find: (tag: string) => AttackEntry | undefined): ThreatList {
  const entries = new Map(
    tags
      .map(find)
      .filter((entry) => entry !== undefined)
      .map((entry) => [entry.id, entry]),
  );
  return {
    id: [...entries.keys()],
    name: [...entries.values()].map(({ name }) => name),
    reference: [...entries.values()].map(({ reference }) => reference),
  };
}
