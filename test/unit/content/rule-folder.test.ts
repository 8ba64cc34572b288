import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { listRuleFolder } from '../../../src/content/rule-folder';
import { temporaryFolder } from '../../support/temporary-folders';

const root = temporaryFolder();
let count = 0;

/** A rules folder with these files. */
function folderOf(...files: string[]): string {
  const folder = join(root, String((count += 1)));
  mkdirSync(folder);
  for (const file of files) {
    mkdirSync(dirname(join(folder, file)), { recursive: true });
    writeFileSync(join(folder, file), '');
  }
  return folder;
}

const slugs = (files: readonly { readonly slug: string }[]): string[] => files.map(({ slug }) => slug);

test('rule folder: a rule is a .yml file at any depth, and its slug is its name', () => {
  const { rules, problems } = listRuleFolder(
    folderOf('b.yml', 'windows/process/a.yml', 'README.md', 'windows/LICENSE'),
  );
  expect(slugs(rules)).toEqual(['b', 'a']);
  expect(problems).toEqual([]);
});

test('rule folder: of several files with one name, the path is the slug', () => {
  const { rules } = listRuleFolder(folderOf('one/a.yml', 'two/a.yml', 'two/b.yml'));
  expect(slugs(rules)).toEqual(['one/a', 'two/a', 'b']);
});

test('rule folder: exceptions and tests hold no rules at the top, and are ordinary folders below it', () => {
  const listed = listRuleFolder(folderOf('exceptions/a.yml', 'tests/a.yml', 'a.yml', 'lateral/tests/b.yml'));
  expect(slugs(listed.rules)).toEqual(['a', 'b']);
  expect(slugs(listed.exceptions)).toEqual(['a']);
  expect(slugs(listed.tests)).toEqual(['a']);
});

test('rule folder: tuning is about the rule at the same path, else about the rule with the same name', () => {
  const rules = ['one/a.yml', 'two/a.yml', 'two/b.yml'];
  const tuning = ['exceptions/two/a.yml', 'exceptions/two/b.yml', 'tests/b.yml', 'tests/a.yml'];
  const { exceptions, tests } = listRuleFolder(folderOf(...rules, ...tuning));
  expect(slugs(exceptions)).toEqual(['two/a', 'b']);
  // Two rules are named `a`: this file is about neither.
  expect(slugs(tests)).toEqual(['a', 'b']);
});

test.each(['a.yaml', 'a.YML', 'a.Yaml', 'a.yml.txt', 'a.yaml.bak', 'deep/a.YAML', '.a.yml', 'tests/a.yaml'])(
  'rule folder: %s is a problem, because it is not read',
  (name) => {
    const folder = folderOf(name);
    expect(listRuleFolder(folder)).toMatchObject({
      rules: [],
      problems: [{ where: { file: join(folder, name) }, hint: 'Rename it, or move it elsewhere.' }],
    });
  },
);

test.each(['a.txt', 'a.yml-old', 'yml', '.a.yml.swp', '.#a.yml', '.git/a.yml', '.github/workflows/plan.yaml'])(
  'rule folder: %s is left alone',
  (name) => {
    expect(listRuleFolder(folderOf(name))).toMatchObject({ rules: [], problems: [] });
  },
);

test('rule folder: links are followed, and a circle of them ends', () => {
  const folder = folderOf('deep/a.yml');
  symlinkSync(folder, join(folder, 'deep', 'circle'));
  symlinkSync(folderOf('b.yml'), join(folder, 'linked'));
  expect(slugs(listRuleFolder(folder).rules)).toEqual(['a', 'b']);
});
