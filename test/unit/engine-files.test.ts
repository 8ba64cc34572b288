import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { onBothEngines, onOpenSearchOnly } from '../elasticsearch/engine-files.json';

const TESTS = join(__dirname, '..');

test('engine-files.json: says of each test file of test/engine and test/fuzz whether it runs on Elasticsearch', () => {
  const files = ['engine', 'fuzz'].flatMap((folder) =>
    readdirSync(join(TESTS, folder)).flatMap((name) =>
      name.endsWith('.test.ts') ? [`${folder}/${name.replace('.test.ts', '')}`] : [],
    ),
  );
  expect([...Object.keys(onBothEngines), ...Object.keys(onOpenSearchOnly)].sort()).toEqual(files.sort());
});
