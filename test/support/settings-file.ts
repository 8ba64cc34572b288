import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ProblemError } from '../../src/errors';

interface SettingsFolder {
  readonly path: () => string;
  /** Writes the file. @returns its path */
  readonly written: (text: string) => string;
  /** What is said of settings that are refused, with `~` for the folder. */
  readonly refused: (act: () => unknown) => string;
}

/** Gives each test of the file a folder of its own, for the file of settings; it is gone after the test. */
export function settingsFolder(): SettingsFolder {
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
    refused: (act) => {
      try {
        act();
      } catch (error) {
        if (error instanceof ProblemError) return error.message.replaceAll(folder, '~');
        throw error;
      }
      throw new Error('nothing was thrown');
    },
  };
}
