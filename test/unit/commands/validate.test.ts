import { mkdirSync, readFileSync } from 'node:fs';
import { validateCommand } from '../../../src/commands/validate';
import type { Outcome } from '../../../src/commands/command';
import { quiet } from '../../support/context';
import { project, type Project } from '../../support/temporary-folders';

let ours: Project;
beforeEach(() => {
  ours = project();
});
afterEach(() => {
  ours.remove();
});

/** Paths less the folder, which is another one each time. */
function relative(text: string): string {
  return text.replaceAll(`${ours.folder}/`, '');
}

async function validated(options: { output?: string; report?: string } = {}): Promise<Outcome> {
  return validateCommand.run(quiet(), { output: 'text', report: 'text', content: ours.folder, ...options });
}

/** Three things that are wrong, each in another kind of file. */
function spoil(): void {
  ours.edit('rules/process_execution_via_wmi.yml', 'lookback: 1h', 'lookback: 1m');
  ours.edit('rules/process_execution_via_wmi.yml', '  - attack.execution', '  - attack.persistence');
  ours.edit('rules/tests/windows_wmi_process_call_create.yml', 'source: sysmon', 'source: sysmn');
  ours.edit('pipelines/process_creation@failure-pipeline.yml', 'processors:', 'procesors:');
}

test('validate: counts content that is valid', async () => {
  const { text, exit, json } = await validated();
  expect(text).toMatch(/^Valid: \d+ pipelines and templates, 2 rules, \d+ events to test them\.$/);
  expect(exit).toBe(0);
  expect(json).toMatchObject({ valid: true, problems: [] });
});

test('validate: reports everything that is wrong at once', async () => {
  spoil();
  const message = await validated().then(String, (error: unknown) => (error instanceof Error ? error.message : ''));
  expect(relative(message)).toMatchInlineSnapshot(`
   "pipelines/process_creation@failure-pipeline.yml:1:1: a pipeline needs a list of processors
     An empty one is \`processors: []\`.
   pipelines/process_creation@failure-pipeline.yml:4:1: "procesors" does not belong in a pipeline
     Known: description, version, processors, on_failure.
   rules/process_execution_via_wmi.yml:17:5: no technique of this rule belongs to the tactic persistence
     Remove the tag, or add the technique that is meant.
   rules/process_execution_via_wmi.yml:18:5: T1047 is tagged without a tactic that ATT&CK counts it to
     Add attack.execution.
   rules/process_execution_via_wmi.yml:63:5: a look-back of 1m is shorter than the interval of 5m
     Events between two runs would be missed: make it at least as long.
   rules/tests/windows_wmi_process_call_create.yml:6:5: source must be "sysmon" or "windows_security" or "crowdstrike" (it is "sysmn")"
  `);
});

test('validate: refuses files below rules/ that look like YAML and are not read', async () => {
  for (const folder of ['rules/lateral', 'rules/lateral/deep']) mkdirSync(`${ours.folder}/${folder}`);
  for (const name of ['x.yaml', 'X.YML', 'lateral/x.yml.txt', 'exceptions/x.yaml', 'tests/x.yaml.bak'])
    ours.write(`rules/${name}`, 'title: x\n');
  ours.write('rules/lateral/README.md', 'a note\n');
  const message = await validated().then(String, (error: unknown) => (error instanceof Error ? error.message : ''));
  expect(relative(message)).toMatchInlineSnapshot(`
   "rules/X.YML: is not read: only files that end in .yml are
     Rename it, or move it elsewhere.
   rules/exceptions/x.yaml: is not read: only files that end in .yml are
     Rename it, or move it elsewhere.
   rules/lateral/x.yml.txt: is not read: only files that end in .yml are
     Rename it, or move it elsewhere.
   rules/tests/x.yaml.bak: is not read: only files that end in .yml are
     Rename it, or move it elsewhere.
   rules/x.yaml: is not read: only files that end in .yml are
     Rename it, or move it elsewhere."
  `);
});

test('validate: counts rules in nested folders', async () => {
  mkdirSync(`${ours.folder}/rules/lateral/deep`, { recursive: true });
  const rule = readFileSync(`${ours.folder}/rules/process_execution_via_wmi.yml`, 'utf8');
  ours.write('rules/lateral/deep/other.yml', rule.replace(/^id: .*$/m, 'id: 0a5d6cf7-3c3c-4e0b-9d5b-6d8f0e0f8a11'));
  expect((await validated()).text).toContain(', 3 rules, ');
});

test('validate: prints one JSON document on standard output and exits with 1', async () => {
  spoil();
  const { json, exit } = await validated({ output: 'json' });
  expect(exit).toBe(1);
  const { valid, problems } = json as { valid: boolean; problems: { where: { line: number }; message: string }[] };
  expect(valid).toBe(false);
  expect(problems.map(({ message }) => message)).toContain('a look-back of 1m is shorter than the interval of 5m');
  expect(problems.every(({ where }) => where.line > 0)).toBe(true);
});

test('validate: prints JUnit with a case for each file, those that are wrong as failures', async () => {
  expect((await validated({ report: 'junit' })).text).toMatch(/tests="\d+" failures="0" errors="0"/);
  spoil();
  const { text, exit } = await validated({ report: 'junit' });
  expect(exit).toBe(1);
  expect(text).toContain('failures="3"');
  expect(relative(text)).toContain(
    'name="rules/process_execution_via_wmi.yml"><failure message="no technique of this rule',
  );
  expect(relative(text)).toContain('name="rules/windows_wmi_process_call_create.yml"/>');
});

test('validate: a field that a rule groups by, or lists, is one of the mappings', async () => {
  ours.edit('rules/process_execution_via_wmi.yml', '    - process.parent.pid\n', '    - process.parent.pidd\n');
  ours.edit('rules/windows_wmi_process_call_create.yml', '  - process.entity_id\n', '  - process.guid\n');
  const message = await validated().then(String, (error: unknown) => (error instanceof Error ? error.message : ''));
  expect(relative(message)).toMatchInlineSnapshot(`
   "rules/process_execution_via_wmi.yml:46:7: field "process.parent.pidd" is not mapped
     Did you mean "process.parent.pid"?
   rules/windows_wmi_process_call_create.yml:54:5: field "process.guid" is not mapped
     Did you mean "process.pgid"?"
  `);
});
