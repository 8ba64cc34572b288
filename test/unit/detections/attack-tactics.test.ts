import { parseYaml } from '../../../src/content/yaml-file';
import { checkTactics } from '../../../src/detections/attack-tags';
import { ProblemError } from '../../../src/errors';
import { Findings } from '../../../src/sigma/findings';

function verdict(...tags: string[]): string {
  const findings = new Findings(parseYaml(`tags: [${tags.join(', ')}]`, 'r.yml'));
  checkTactics(tags, findings);
  const { warnings } = findings;
  return warnings.length === 0 ? 'accepted' : new ProblemError('RULE_INVALID', warnings).message;
}

test.each([
  [['attack.execution', 'attack.t1047']],
  [['attack.lateral_movement', 'attack.t1021.006']],
  [['attack.privilege-escalation', 'attack.t1546.003']],
  [['attack.persistence', 'attack.privilege-escalation', 'attack.t1546']],
  [['attack.execution', 'attack.lateral-movement', 'attack.t1047', 'attack.t1021.003']],
  [['attack.discovery']],
  [['attack.stealth', 'attack.t1036.005']],
  [['attack.defense-impairment', 'attack.t1685']],
  [['cve.2024-1234']],
])('ATT&CK tactics of a rule: techniques and tactics that belong together: %s', (tags) => {
  expect(verdict(...tags)).toBe('accepted');
});

test('ATT&CK tactics of a rule: a technique without one of its tactics is a warning', () => {
  expect(verdict('attack.t1047')).toMatchInlineSnapshot(`
   "r.yml:1:8: T1047 is tagged without a tactic that ATT&CK counts it to
     Add attack.execution."
  `);
  expect(verdict('attack.execution', 'attack.t1047', 'attack.t1546.003')).toMatchInlineSnapshot(`
   "r.yml:1:40: T1546.003 is tagged without a tactic that ATT&CK counts it to
     Add attack.privilege-escalation or attack.persistence."
  `);
});

test('ATT&CK tactics of a rule: a tactic that no technique of the rule belongs to is a warning', () => {
  expect(verdict('attack.execution', 'attack.t1047', 'attack.lateral_movement')).toMatchInlineSnapshot(`
   "r.yml:1:40: no technique of this rule belongs to the tactic lateral-movement
     Remove the tag, or add the technique that is meant."
  `);
});
