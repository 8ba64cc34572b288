import { parseYaml } from '../../../src/content/yaml-file';
import { checkAttackTags } from '../../../src/detections/attack-tags';
import { ProblemError } from '../../../src/errors';
import { Findings } from '../../../src/sigma/findings';

function verdict(...tags: string[]): string {
  const findings = new Findings(parseYaml(`tags: [${tags.join(', ')}]`, 'r.yml'));
  checkAttackTags(tags, findings);
  const { warnings } = findings;
  return warnings.length === 0 ? 'accepted' : new ProblemError('RULE_INVALID', warnings).message;
}

test.each([
  'attack.t1047',
  'attack.t1560',
  'attack.t1574.014',
  'attack.reconnaissance',
  'attack.resource-development',
  'attack.lateral_movement',
  'attack.g0049',
  'attack.s0005',
  'attack.stealth',
  'attack.defense-impairment',
  'attack.t1685',
  'attack.t1685.005',
  'attack.t1684.001',
  'attack.ds0009',
  'attack.m1038',
  'd3fend.d3f-WindowsNtOpenFile',
  'tlp.amber-strict',
  'stp.3k',
  'car.2016-03-002',
])('ATT&CK tags of a rule: %s is known', (tag) => {
  expect(verdict(tag)).toBe('accepted');
});

test('ATT&CK tags of a rule: unknown tags are warnings, all at once', () => {
  expect(verdict('attack.t1999', 'attack.t1047.001', 'attack.executoin', 'attack.t10471')).toMatchInlineSnapshot(`
   "r.yml:1:8: tag "attack.t1999" names no tactic or technique of ATT&CK Enterprise 18.1
     Correct it; all ids are on https://attack.mitre.org/techniques/enterprise/.
   r.yml:1:22: tag "attack.t1047.001" names no tactic or technique of ATT&CK Enterprise 18.1
     Correct it; all ids are on https://attack.mitre.org/techniques/enterprise/.
   r.yml:1:40: tag "attack.executoin" names no tactic or technique of ATT&CK Enterprise 18.1
     Did you mean "execution"?
   r.yml:1:58: tag "attack.t10471" names no tactic or technique of ATT&CK Enterprise 18.1
     Known: collection, command-and-control, credential-access, defense-evasion, discovery, execution, exfiltration, impact, initial-access, lateral-movement, persistence, privilege-escalation, reconnaissance, resource-development, stealth, defense-impairment."
  `);
});

test('ATT&CK tags of a rule: withdrawn tags are warnings with their successors', () => {
  expect(verdict('attack.t1086', 'attack.t1064', 'attack.t1066')).toMatchInlineSnapshot(`
   "r.yml:1:8: tag "attack.t1086" names T1086 (PowerShell), which ATT&CK has withdrawn
     Its successor is attack.t1059.001.
   r.yml:1:22: tag "attack.t1064" names T1064 (Scripting), which ATT&CK has withdrawn
     ATT&CK names no successor: remove the tag, or name what the rule detects in the words of today.
   r.yml:1:36: tag "attack.t1066" names T1066 (Indicator Removal from Tools), which ATT&CK has withdrawn
     Its successor is attack.t1027.005."
  `);
});
