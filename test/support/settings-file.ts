import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Gives each test of the file a folder of its own, for the file of settings; it is gone after the test. */
export function settingsFolder(): { path: () => string; written: (text: string) => string } {
  let folder = '';
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'settings-'));
  });
  afterEach(() => {
    rmSync(folder, { recursive: true });
  });
  return {
    path: () => folder,
    written: (text) => {
      const file = join(folder, 'wmi-detections.yml');
      writeFileSync(file, text);
      return file;
    },
  };
}
