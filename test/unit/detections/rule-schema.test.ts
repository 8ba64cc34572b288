import { stringify } from 'yaml';
import { parseYaml } from '../../../src/content/yaml-file';
import { ProblemError, type Problem } from '../../../src/errors';
import { parseRule } from '../../../src/detections/parse-rule';
import { ruleWith } from '../../support/rule';

type Part = Record<string, unknown>;

const DETECTION = { a: { 'process.name': 'x.exe' }, condition: 'a' };

/** What the author of a rule with these changes is told. */
function refusal(changes: Part, own: Part = {}): string {
  const rule = ruleWith(DETECTION);
  const changed = { ...rule, ...changes, wmi_detections: { ...(rule.wmi_detections as Part), ...own } };
  try {
    parseRule(parseYaml(stringify(changed), 'rules/test.yml'), 'test');
  } catch (error) {
    if (error instanceof ProblemError) return error.message;
    throw error;
  }
  return 'accepted';
}

const risk = (changes: Part): Part => ({
  risk: { ...((ruleWith({}).wmi_detections as Part).risk as Part), ...changes },
});

test('rule schema: a whole rule is accepted', () => {
  expect(refusal({})).toBe('accepted');
});

test('rule schema: a custom attribute is accepted, as Sigma allows; a misspelt one of Sigma is not', () => {
  expect(refusal({ ticket: 'SOC-1' })).toBe('accepted');
  expect(refusal({ falsepositive: ['x'] })).toMatchInlineSnapshot(`
   "rules/test.yml:52:1: there is no attribute "falsepositive"
     Did you mean "falsepositives"?"
  `);
});

test('rule schema: a key that our block does not know is refused, with what was probably meant', () => {
  expect(refusal({}, { analytic_story: [] })).toMatchInlineSnapshot(`
   "rules/test.yml:52:3: there is no "analytic_story" in wmi_detections
     Did you mean "analytic_stories"?"
  `);
  expect(refusal({}, { severity: 3 })).toMatchInlineSnapshot(`
   "rules/test.yml:52:3: there is no "severity" in wmi_detections
     Known: version, type, group_by, risk, schedule, kibana, analytic_stories, asset_type, security_domain, kill_chain_phases, data_sources, setup, triage, upstream."
  `);
});

test('rule schema: a missing key is named', () => {
  expect(refusal({ title: undefined, logsource: undefined })).toMatchInlineSnapshot(`
   "rules/test.yml:1:1: title is missing
   rules/test.yml:1:1: logsource is missing"
  `);
});

test('rule schema: a value of the wrong kind is refused with what it is', () => {
  expect(refusal({ title: 5, references: 'https://example.org', tags: [5] })).toMatchInlineSnapshot(`
   "rules/test.yml:1:1: title must be a text (it is 5)
   rules/test.yml:7:5: tags[1] must be a text (it is 5)
   rules/test.yml:51:1: references must be a list (it is "https://example.org")"
  `);
  expect(refusal({ id: 'wmic', date: '2024/10/17', status: 'production' })).toMatchInlineSnapshot(`
   "rules/test.yml:2:1: id must be a UUID (it is "wmic")
   rules/test.yml:52:1: date must be a day, YYYY-MM-DD (it is "2024/10/17")
   rules/test.yml:53:1: status must be "stable" or "test" or "experimental" or "deprecated" or "unsupported" (it is "production")"
  `);
  expect(refusal({}, { version: 1.5, type: 'Unusual', group_by: [] })).toMatchInlineSnapshot(`
   "rules/test.yml:18:3: wmi_detections.version must be a whole number (it is 1.5)
   rules/test.yml:19:3: wmi_detections.type must be "Hunting" or "TTP" or "Anomaly" or "Baseline" or "Correlation" (it is "Unusual")
   rules/test.yml:20:3: wmi_detections.group_by must not be empty (it is an empty list)"
  `);
});

test('rule schema: a log source other than Windows process creation is refused', () => {
  expect(refusal({ logsource: { category: 'process_creation', product: 'linux' } })).toMatchInlineSnapshot(
    `"rules/test.yml:11:3: logsource.product must be "windows" (it is "linux")"`,
  );
  expect(refusal({ logsource: { category: 'process_creation', product: 'windows', service: 'sysmon' } }))
    .toMatchInlineSnapshot(`
   "rules/test.yml:12:3: there is no "service" in logsource
     Known: category, product, definition."
  `);
  expect(refusal({ logsource: { category: 'process_creation', product: 'windows', definition: 'any' } })).toBe(
    'accepted',
  );
});

test('rule schema: ECS names without their taxonomy are refused with what to add, once for the rule', () => {
  expect(refusal({ taxonomy: undefined })).toMatchInlineSnapshot(`
   "rules/test.yml:11:1: the rule uses the names of ECS fields (process.name) without "taxonomy: ecs"
     Add \`taxonomy: ecs\`, or use the fields of Sigma (docs/sigma.md)."
  `);
  expect(refusal({ taxonomy: 'sysmon' })).toMatchInlineSnapshot(`
   "rules/test.yml:3:1: taxonomy must be "sigma" or "ecs" (it is "sysmon")
   rules/test.yml:12:1: the rule uses the names of ECS fields (process.name) without "taxonomy: ecs"
     Add \`taxonomy: ecs\`, or use the fields of Sigma (docs/sigma.md)."
  `);
  const detection = { a: { Image: 'x.exe' }, condition: 'a' };
  expect(refusal({ taxonomy: undefined, detection })).toBe('accepted');
  expect(refusal({ taxonomy: 'sigma', detection })).toBe('accepted');
});

test('rule schema: our block, and all that Sigma makes optional, may be left out', () => {
  const text = `title: Least
logsource: {category: process_creation, product: windows}
detection:
  a: {Image|endswith: '\\\\x.exe'}
  condition: a
`;
  const warnings: Problem[] = [];
  const { uuid, level, risk, message, ...rule } = {
    message: '',
    ...parseRule(parseYaml(text, 'rules/test.yml'), 'test', undefined, { warnings }),
  };
  expect([uuid, level, message]).toEqual(['d8bcf13a-b505-5010-8893-87829ab41272', 'medium', '']);
  expect(risk).toMatchObject({ score: 47, message: 'Least on $dest$' });
  expect(rule).toMatchObject({ version: 1, type: 'TTP', authors: [], schedule: { interval: '5m', lookback: '1h' } });
  expect(warnings.map((warning) => warning.message)).toEqual([
    'the rule has no id: its alerts are known by its title, and a new title makes a new rule',
  ]);
});

test.each([
  ['informational', 10],
  ['low', 21],
  ['medium', 47],
  ['high', 73],
  ['critical', 99],
])('rule schema: the level %s makes a risk score of %i where the rule names none', (level, score) => {
  const rule = { ...ruleWith(DETECTION), level, wmi_detections: {} };
  expect(parseRule(parseYaml(stringify(rule), 'x.yml'), 'x').risk.score).toBe(score);
});

test('rule schema: a level that does not agree with the risk score is refused', () => {
  expect(refusal({ level: 'high' })).toMatchInlineSnapshot(`
   "rules/test.yml:16:1: level high does not agree with a risk score of 25, which is medium
     Scores: 0-21 low or informational, 22-47 medium, 48-73 high, 74-100 critical."
  `);
  expect(refusal({ level: 'high' }, risk({ score: 48 }))).toBe('accepted');
  expect(refusal({ level: 'informational' }, risk({ score: 5 }))).toBe('accepted');
});

test('rule schema: a risk score beyond 100 is refused', () => {
  expect(refusal({}, risk({ score: 173 }))).toMatchInlineSnapshot(
    `"rules/test.yml:23:5: wmi_detections.risk.score must be 100 or less (it is 173)"`,
  );
});

test('rule schema: a look-back shorter than the interval is refused', () => {
  expect(refusal({}, { schedule: { interval: '1h', lookback: '5m' } })).toMatchInlineSnapshot(`
   "rules/test.yml:30:5: a look-back of 5m is shorter than the interval of 1h
     Events between two runs would be missed: make it at least as long."
  `);
  expect(refusal({}, { schedule: { interval: '5 minutes', lookback: '1h' } })).toMatchInlineSnapshot(
    `"rules/test.yml:29:5: wmi_detections.schedule.interval must be a duration such as 30s, 5m, 1h or 1d (it is "5 minutes")"`,
  );
  expect(refusal({}, { schedule: { interval: '1h', lookback: '1h' } })).toBe('accepted');
});

test('rule schema: a message or risk object that names no field is refused', () => {
  expect(refusal({}, risk({ message: 'on $host$' }))).toMatchInlineSnapshot(`
   "rules/test.yml:26:5: the message has an unknown token $host$
     Known: parent_process_name, parent_process, parent_process_path, parent_process_id, process_name, process, process_path, process_id, process_guid, original_file_name, dest, user."
  `);
  expect(refusal({}, risk({ objects: [{ name: 'computer', type: 'Hostname', roles: ['Victim'] }] })))
    .toMatchInlineSnapshot(`
   "rules/test.yml:28:9: there is no field "computer" to carry a risk
     Known: parent_process_name, parent_process, parent_process_path, parent_process_id, process_name, process, process_path, process_id, process_guid, original_file_name, dest, user."
  `);
});

test('rule schema: a technique that ATT&CK does not have is no error; it is a warning', () => {
  const warnings: Problem[] = [];
  const rule = { ...ruleWith(DETECTION), tags: ['attack.execution', 'attack.t1999'] };
  parseRule(parseYaml(stringify(rule), 'rules/test.yml'), 'test', undefined, { warnings });
  expect(warnings.map(({ message }) => message)).toEqual([
    'tag "attack.t1999" names no tactic or technique of ATT&CK Enterprise 18.1',
  ]);
});

test('rule schema: a file that is not a map is refused', () => {
  expect(() => parseRule(parseYaml('- a\n- b\n', 'rules/test.yml'), 'test')).toThrowErrorMatchingInlineSnapshot(`
   "rules/test.yml:1:1: a rule must be a map of Sigma attributes
   rules/test.yml:1:1: detection must be a map of search identifiers and a condition"
  `);
});

test('rule schema: a rule has no type in Kibana: it is always eql', () => {
  expect(refusal({}, { kibana: { type: 'eql', typ: 1 } })).toMatchInlineSnapshot(`
   "rules/test.yml:53:5: there is no "type" in wmi_detections.kibana
     Known: enabled, actions.
   rules/test.yml:54:5: there is no "typ" in wmi_detections.kibana
     Known: enabled, actions."
  `);
  expect(parseRule(parseYaml(stringify(ruleWith(DETECTION)), 'x.yml'), 'x').kibana).toEqual({});
});

test('rule schema: enabled and actions in Kibana have the form of its API', () => {
  const mail = { action_type_id: '.email', id: 'mail', params: { to: ['soc@example.com'], message: 'Look.' } };
  const hourly = { summary: false, notifyWhen: 'onThrottleInterval', throttle: '1h' };
  const whole = { ...mail, group: 'default', frequency: hourly, alerts_filter: { query: { kql: '', filters: [] } } };
  expect(refusal({}, { kibana: { enabled: false, actions: [] } })).toBe('accepted');
  expect(refusal({}, { kibana: { actions: [mail, { ...whole, uuid: 'a-uuid' }] } })).toBe('accepted');
  expect(refusal({}, { kibana: { enabled: 'no', actions: { mail } } })).toMatchInlineSnapshot(`
   "rules/test.yml:53:5: wmi_detections.kibana.enabled must be true or false (it is "no")
   rules/test.yml:54:5: wmi_detections.kibana.actions must be a list (it is a map)"
  `);
  const wrong = [
    { action_type_id: 'email', id: 'mail', params: 'Look.' },
    { ...mail, frequency: { ...hourly, throttle: null }, param: {} },
    { ...mail, frequency: { summary: 'yes', notifyWhen: 'always', throttle: '1 h' }, id: undefined },
  ];
  expect(refusal({}, { kibana: { actions: wrong } })).toMatchInlineSnapshot(`
   "rules/test.yml:54:9: wmi_detections.kibana.actions[1].action_type_id must be the type of a connector, such as .email or .slack (it is "email")
   rules/test.yml:56:9: wmi_detections.kibana.actions[1].params must be a map (it is "Look.")
   rules/test.yml:66:11: wmi_detections.kibana.actions[2].frequency.throttle must be a duration such as 1h where notifyWhen is onThrottleInterval (it is null)
   rules/test.yml:67:9: there is no "param" in wmi_detections.kibana.actions[2]
     Did you mean "params"?
   rules/test.yml:68:9: wmi_detections.kibana.actions[3].id is missing
   rules/test.yml:71:11: wmi_detections.kibana.actions[3].frequency.summary must be true or false (it is "yes")
   rules/test.yml:72:11: wmi_detections.kibana.actions[3].frequency.notifyWhen must be "onActiveAlert" or "onThrottleInterval" or "onActionGroupChange" (it is "always")
   rules/test.yml:73:11: wmi_detections.kibana.actions[3].frequency.throttle must be a duration such as 1h, or null (it is "1 h")"
  `);
});

test('rule schema: a Kibana setting that the file omits stays unset', () => {
  const kibana = (block: object): unknown => {
    const rule = ruleWith(DETECTION);
    const own = { ...(rule.wmi_detections as object), kibana: block };
    return parseRule(parseYaml(stringify({ ...rule, wmi_detections: own }), 'x.yml'), 'x').kibana;
  };
  expect(kibana({})).toEqual({});
  expect(kibana({ enabled: true })).toEqual({ enabled: true });
});
