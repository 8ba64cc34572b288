/**
 * What of ATT&CK 19 rules name already, by hand: the data (attack-data.json) is of an earlier version, which knows the same
 * things under other names.
 */

/** Tactics of version 19 that were one before. */
export const NEW_TACTICS: ReadonlyMap<string, string> = new Map([
  ['stealth', 'defense-evasion'],
  ['defense-impairment', 'defense-evasion'],
]);

/** Techniques that have another id in version 19: the new one, and the old one under which the data has it. */
const MOVED: readonly (readonly [to: string, from: string])[] = [
  ['T1685', 'T1562.001'],
  ['T1685.001', 'T1562.002'],
  ['T1686', 'T1562.004'],
  ['T1685', 'T1562.006'],
  ['T1686.001', 'T1562.007'],
  ['T1685.002', 'T1562.008'],
  ['T1689', 'T1562.010'],
  ['T1685.005', 'T1070.001'],
  ['T1685.006', 'T1070.002'],
  ['T1647', 'T1547.011'],
  ['T1684.001', 'T1656'],
];

/** The old ids of techniques, by the new ones; the first where several became one. */
export const OLD_IDS: ReadonlyMap<string, string> = new Map([...MOVED].reverse());
