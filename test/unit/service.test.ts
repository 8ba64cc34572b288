import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readSettings } from '../../src/settings';

const PAGE = readFileSync(join(__dirname, '../../docs/service.md'), 'utf8');

/** The first block of a language in docs/service.md. */
function block(language: string): string {
  return new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\`$`, 'ms').exec(PAGE)?.[1] ?? '';
}

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'service-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

const hasSystemd = spawnSync('systemd-analyze', ['--version']).status === 0;

(hasSystemd ? test : test.skip)('docs/service.md: systemd accepts the unit (skipped without systemd-analyze)', () => {
  const unit = join(folder, 'wmi-detections.service');
  writeFileSync(unit, block('ini'));
  const { status, stderr } = spawnSync('systemd-analyze', ['verify', '--man=no', unit], { encoding: 'utf8' });
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
});

test('docs/service.md: the settings of the unit read their secrets from its credentials', () => {
  const config = join(folder, 'wmi-detections.yml');
  writeFileSync(config, block('yaml'));
  writeFileSync(join(folder, 'es_api_key'), 'aWQ6a2V5\n');
  writeFileSync(join(folder, 'soc_webhook'), 'https://hooks.example.test/x\n');
  const { elasticsearch, notify } = readSettings({ config }, { CREDENTIALS_DIRECTORY: folder }, { notify: true });
  expect({ elasticsearch, notify }).toMatchObject({
    elasticsearch: { apiKey: 'aWQ6a2V5' },
    notify: [{ name: 'soc', url: 'https://hooks.example.test/x', form: 'slack' }],
  });
});
