import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { readAllContent, type RuleChoice } from '../../../src/resources/read-all-content';
import { PROGRAM_FOLDER } from '../../../src/program';
import { messageOf, temporaryFolder } from '../../support/temporary-folders';

const root = temporaryFolder();
let count = 0;

/** A rule as SigmaHQ writes one. */
function sigma(title: string, id: string, image = '\\x.exe'): string {
  return `title: ${title}
id: ${id}
author: Somebody
level: high
modified: 2026-01-02
logsource: {category: process_creation, product: windows}
detection:
  selection: {Image|endswith: '${image}'}
  condition: selection
`;
}

const ID = '6a9c2c6e-6a7b-4c67-9d0f-5a1f4f3f8d1';
const SHIPPED = '24869767-8579-485d-9a4f-d9ddfd8f0cac';

/** A folder of the user's with these files. */
function own(files: Readonly<Record<string, string>>): string {
  const folder = join(root, `own${String((count += 1))}`);
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
  return folder;
}

const read = (choice: RuleChoice): ReturnType<typeof readAllContent> => readAllContent(PROGRAM_FOLDER, choice);
const slugs = (choice: RuleChoice): string[] => read(choice).rules.map(({ slug }) => slug);
const warnings = (choice: RuleChoice): string[] => read(choice).warnings.map(({ message }) => message);

test('own rules lie on top of the shipped ones, nested as they like', () => {
  const folder = own({ 'a/b/mine.yml': sigma('Mine', `${ID}1`) });
  expect(slugs({ own: [folder] })).toEqual(['process_execution_via_wmi', 'windows_wmi_process_call_create', 'mine']);
  expect(slugs({ own: [folder], shipped: false })).toEqual(['mine']);
});

test('an own folder without rules is a warning, one that is not there an error', async () => {
  const empty = own({ 'README.md': 'nothing yet' });
  expect(warnings({ own: [empty] })).toEqual(['holds no rule (*.yml) yet']);
  expect(await messageOf(() => read({ own: [join(root, 'nowhere')] }), root)).toContain(
    'nowhere: cannot be read (ENOENT)',
  );
});

test('an own rule with the id of a shipped one takes its place, with a warning', () => {
  const folder = own({ 'mine.yml': sigma('Mine', SHIPPED) });
  expect(slugs({ own: [folder] })).toEqual(['mine', 'windows_wmi_process_call_create']);
  expect(warnings({ own: [folder] })[0]).toMatch(
    /^takes the place of .*process_execution_via_wmi.yml, which has the same id \(2020-03-16, then 2026-01-02\)$/,
  );
});

test('rules with one title, and rules with one file name, are a warning', () => {
  const folder = own({ 'process_execution_via_wmi.yml': sigma('Process Execution via WMI', `${ID}2`) });
  expect(slugs({ own: [folder] }).at(-1)).toBe(`own${String(count)}/process_execution_via_wmi`);
  expect(warnings({ own: [folder] })).toEqual([
    `another rule has this file name: this one is known as own${String(count)}/process_execution_via_wmi`,
    expect.stringMatching(/^the rule has the same title as /),
  ]);
});

test('tuning in an own folder is about a rule of any folder', async () => {
  const entry = `- {id: dism, enabled: true, comment: c, author: a, detection: {s: {Image|endswith: '\\dism.exe'}, condition: s}}\n`;
  const folder = own({ 'mine.yml': sigma('Mine', `${ID}3`), 'exceptions/process_execution_via_wmi.yml': entry });
  const found = read({ own: [folder] }).exceptions?.filter(({ slug }) => slug === 'process_execution_via_wmi');
  expect(found?.flatMap(({ entries }) => entries.map(({ id }) => id))).toContain('dism');
  const stray = own({ 'mine.yml': sigma('Mine', `${ID}4`), 'exceptions/min.yml': entry });
  expect(await messageOf(() => read({ own: [stray] }), root)).toContain('there is no rule "min"');
});

test('placeholders.yml at the top of a folder gives its rules the values of placeholders', async () => {
  const rule = sigma('Admins', `${ID}5`).replace("Image|endswith: '\\x.exe'", "User|expand: '%Administrators%'");
  const folder = own({ 'admins.yml': rule, 'placeholders.yml': 'Administrators: [alice, bob]\n' });
  expect(JSON.stringify(read({ own: [folder] }).rules.at(-1)?.condition)).toContain('alice');
  const without = own({ 'admins.yml': rule });
  expect(await messageOf(() => read({ own: [without] }), root)).toContain(
    'admins.yml:8:15: User|expand: the placeholder %Administrators% has no values',
  );
});

test('the settings change a rule by its id or its file name, and switch it off', async () => {
  const overrides = {
    [SHIPPED]: { interval: '1m', lookback: '2h', score: 80, message: 'look at $dest$' },
    windows_wmi_process_call_create: { enabled: false },
  };
  const { rules, switchedOff } = read({ overrides });
  expect(rules).toMatchObject([
    {
      uuid: SHIPPED,
      level: 'critical',
      schedule: { interval: '1m', lookback: '2h' },
      risk: { score: 80, message: 'look at $dest$' },
    },
  ]);
  expect(switchedOff).toEqual(['0661c2de-93de-11ec-9833-acde48001122']);
  expect(await messageOf(() => read({ overrides: { nosuchrule: {} } }), root)).toContain(
    'rule_overrides: there is no rule "nosuchrule"',
  );
  expect(await messageOf(() => read({ overrides: { [SHIPPED]: { interval: '2h' } } }), root)).toContain(
    'a look-back of 1h is shorter than the interval of 2h',
  );
});
