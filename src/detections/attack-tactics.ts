import { subtechniqueOf, tacticOf, tacticsOf, techniqueOf, wordOf } from './attack';
import type { Findings } from '../sigma/findings';

/**
 * Checks that the techniques and tactics among the tags belong together: each technique with at least one of its tactics,
 * and no tactic that none of the techniques serves. A rule that names no technique may name any tactic. Tags that are not
 * known at all are left to the check that reports them.
 */
export function checkTactics(tags: readonly string[], findings: Findings): void {
  const named = new Set(tags.filter((tag) => tacticOf(tag) !== undefined).map(wordOf));
  const served = new Set<string>();
  tags.forEach((tag, index) => {
    const technique = subtechniqueOf(tag) ?? techniqueOf(tag);
    if (technique === undefined) return;
    const tactics = tacticsOf(technique.id);
    for (const tactic of tactics) served.add(tactic);
    if (tactics.some((tactic) => named.has(tactic))) return;
    findings.add(
      ['tags', index],
      `${technique.id} is tagged without a tactic that ATT&CK counts it to`,
      `Add ${tactics.map((tactic) => `attack.${tactic}`).join(' or ')}.`,
    );
  });
  if (served.size === 0) return;
  tags.forEach((tag, index) => {
    if (tacticOf(tag) === undefined || served.has(wordOf(tag))) return;
    findings.add(
      ['tags', index],
      `no technique of this rule belongs to the tactic ${wordOf(tag)}`,
      'Remove the tag, or add the technique that is meant.',
    );
  });
}
