import { renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readSettings } from '../../../src/settings';
import { messageOf, temporaryFolder } from '../../support/temporary-folders';

const folder = temporaryFolder();
const before = process.cwd();
beforeAll(() => {
  process.chdir(folder);
});
afterAll(() => {
  process.chdir(before);
});

test('settings: a file with the ending .yaml beside none with .yml is pointed out; by --config it is read', async () => {
  const [wrong, right] = ['wmi-detections.yaml', 'wmi-detections.yml'].map((name) => join(folder, name)) as [
    string,
    string,
  ];
  writeFileSync(wrong, 'namespace: soc\n');
  expect(await messageOf(() => readSettings({}, {}), folder)).toBe(
    'wmi-detections.yaml: this file is not read: the settings file is wmi-detections.yml\n  Rename it to wmi-detections.yml, or give --config wmi-detections.yaml.',
  );
  expect(readSettings({ config: 'wmi-detections.yaml' }, {}).namespace).toBe('soc');
  renameSync(wrong, right);
  expect(readSettings({}, {}).namespace).toBe('soc');
});
