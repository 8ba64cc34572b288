import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

const root = join(__dirname, '../..');

test('the picture of the folders in docs/design.md is what `npm run diagram` draws', () => {
  // A process of its own: dependency-cruiser consists of ES modules, which jest cannot import.
  const { status, stderr } = spawnSync(process.execPath, ['scripts/diagram.mjs', '--check'], {
    cwd: root,
    encoding: 'utf8',
  });
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
});
