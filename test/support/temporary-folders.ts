import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync, cpSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { ProblemError } from '../../src/errors';
import { PROGRAM_FOLDER } from '../../src/program';

/** A folder for one test, removed after it. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'wmi-detections-test-'));
  afterAll(() => {
    rmSync(folder, { recursive: true, force: true });
  });
  return folder;
}

/** A program: a shell script at `file`. */
export function program(file: string, script: string): string {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, `#!/bin/sh\n${script}\n`);
  chmodSync(file, 0o755);
  return file;
}

/** A JDK as it lies on disk, as far as it is looked at: `release`, `bin/java`, `bin/javac`. Hands back its home. */
export function jdk(
  home: string,
  { release, java = 'exit 1', compiler = true }: { release?: string; java?: string; compiler?: boolean },
): string {
  program(join(home, 'bin', 'java'), java);
  if (compiler) program(join(home, 'bin', 'javac'), 'exit 1');
  if (release !== undefined) writeFileSync(join(home, 'release'), `IMPLEMENTOR="X"\nJAVA_VERSION="${release}"\n`);
  return home;
}

/** The words of an error, with the test's own folder written as `<folder>`. */
export async function messageOf(failing: () => unknown, folder: string): Promise<string> {
  try {
    await failing();
  } catch (error) {
    return (error as Error).message.replaceAll(folder, '<folder>').replaceAll(process.cwd(), '<project>');
  }
  throw new Error('nothing was thrown');
}

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

/** A copy of our content that a test may change. */
export interface Project {
  readonly folder: string;
  /** Replaces text in a file of it; the text must be there. */
  edit(file: string, from: string, to: string): void;
  write(file: string, text: string): void;
  delete(file: string): void;
  remove(): void;
}

export function project(): Project {
  const folder = mkdtempSync(join(tmpdir(), 'project-'));
  for (const part of ['pipelines', 'mappings', 'rules']) {
    cpSync(join(PROGRAM_FOLDER, part), join(folder, part), { recursive: true });
  }
  return {
    folder,
    edit(file, from, to) {
      const text = readFileSync(join(folder, file), 'utf8');
      if (!text.includes(from)) throw new Error(`${file} does not hold ${from}`);
      writeFileSync(
        join(folder, file),
        text.replace(from, () => to),
      );
    },
    write: (file, text) => {
      writeFileSync(join(folder, file), text);
    },
    delete: (file) => {
      rmSync(join(folder, file));
    },
    remove: () => {
      rmSync(folder, { recursive: true });
    },
  };
}
