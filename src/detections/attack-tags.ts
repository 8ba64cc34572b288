import { suggestion } from '../text/suggest';
import { ATTACK_VERSION, subtechniqueOf, TACTIC_NAMES, tacticOf, techniqueOf, withdrawnOf, wordOf } from './attack';
import type { Findings } from '../sigma/findings';

/** Sigma's tags of a group or a piece of software: nothing here is made of them, so they are not looked up. */
const OTHER_ENTRY = /^attack\.[gs]\d{4}$/;
const TECHNIQUE = /^attack\.t\d{4}(\.\d{3})?$/;

/** Checks that the tags of the namespace `attack` name what is in ATT&CK today; tags of other namespaces are free. */
export function checkAttackTags(tags: readonly string[], findings: Findings): void {
  tags.forEach((tag, index) => {
    if (!tag.startsWith('attack.') || OTHER_ENTRY.test(tag) || isKnown(tag)) return;
    const withdrawn = withdrawnOf(tag);
    if (withdrawn === undefined) {
      const message = `tag "${tag}" names no tactic or technique of ATT&CK Enterprise ${ATTACK_VERSION}`;
      const ids = 'Correct it; all ids are on https://attack.mitre.org/techniques/enterprise/.';
      findings.add(['tags', index], message, TECHNIQUE.test(tag) ? ids : suggestion(wordOf(tag), TACTIC_NAMES));
      return;
    }
    const { id, name, successor } = withdrawn;
    findings.add(
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
