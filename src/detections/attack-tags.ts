import { suggestion } from '../text/suggest';
import {
  ATTACK_VERSION,
  subtechniqueOf,
  TACTIC_NAMES,
  tacticOf,
  techniqueOf,
  withdrawnOf,
  wordOf,
  tacticsOf,
  tacticWord,
} from './attack';
import type { Findings } from '../sigma/findings';

/** Sigma's tags of a group, software, data source, mitigation or asset: nothing here is made of them, so they are not looked up. */
const OTHER_ENTRY = /^attack\.(g|s|ds|m|a)\d{4}$/;

/** As the specification wants tags to be written. Source: Sigma specification 2.0, "Tags"; tags appendix 2.1. */
const NAMESPACED = /^[a-z0-9_-]+\.[A-Za-z0-9._-]+$/;
const TECHNIQUE = /^attack\.t\d{4}(\.\d{3})?$/;

/**
 * Warns of tags that ATT&CK does not have, and of such that have no namespace. Tags are hints for people: an alert is as
 * right without them. Tags of other namespaces are free.
 */
export function checkAttackTags(tags: readonly string[], findings: Findings): void {
  tags.forEach((tag, index) => {
    if (!NAMESPACED.test(tag)) findings.warn(['tags', index], `tag "${tag}" has no namespace`, 'Such as attack.t1047.');
    if (!tag.startsWith('attack.') || OTHER_ENTRY.test(tag) || isKnown(tag)) return;
    const withdrawn = withdrawnOf(tag);
    if (withdrawn === undefined) {
      const message = `tag "${tag}" names no tactic or technique of ATT&CK Enterprise ${ATTACK_VERSION}`;
      const ids = 'Correct it; all ids are on https://attack.mitre.org/techniques/enterprise/.';
      findings.warn(['tags', index], message, TECHNIQUE.test(tag) ? ids : suggestion(wordOf(tag), TACTIC_NAMES));
      return;
    }
    const { id, name, successor } = withdrawn;
    findings.warn(
      ['tags', index],
      `tag "${tag}" names ${id} (${name}), which ATT&CK has withdrawn`,
      successor === undefined
        ? 'ATT&CK names no successor: remove the tag, or name what the rule detects in the words of today.'
        : `Its successor is attack.${successor.toLowerCase()}.`,
    );
  });
}

function isKnown(tag: string): boolean {
  const entry = /\.\d{3}$/.test(tag) ? subtechniqueOf(tag) : (tacticOf(tag) ?? techniqueOf(tag));
  return entry !== undefined;
}

/**
 * Warns where the techniques and tactics among the tags do not belong together: each technique with at least one of its tactics,
 * and no tactic that none of the techniques serves. A rule that names no technique may name any tactic. Tags that are not
 * known at all are left to the check that reports them.
 */
export function checkTactics(tags: readonly string[], findings: Findings): void {
  const named = new Set(tags.filter((tag) => tacticOf(tag) !== undefined).map(tacticWord));
  const served = new Set<string>();
  tags.forEach((tag, index) => {
    const technique = subtechniqueOf(tag) ?? techniqueOf(tag);
    if (technique === undefined) return;
    const tactics = tacticsOf(technique.id);
    for (const tactic of tactics) served.add(tactic);
    if (tactics.some((tactic) => named.has(tactic))) return;
    findings.warn(
      ['tags', index],
      `${technique.id} is tagged without a tactic that ATT&CK counts it to`,
      `Add ${tactics.map((tactic) => `attack.${tactic}`).join(' or ')}.`,
    );
  });
  if (served.size === 0) return;
  tags.forEach((tag, index) => {
    if (tacticOf(tag) === undefined || served.has(tacticWord(tag))) return;
    findings.warn(
      ['tags', index],
      `no technique of this rule belongs to the tactic ${wordOf(tag)}`,
      'Remove the tag, or add the technique that is meant.',
    );
  });
}
