import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

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
