import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** The name of the program; what is ours on a cluster is marked with it. */
export const PROGRAM_NAME = 'wmi-detections';

/** The folder of the installed program: it holds package.json, pipelines/, mappings/, rules/, samples/ and engine/. */
export const PROGRAM_FOLDER = join(__dirname, '..');

/** The version in package.json. */
export function version(): string {
  const manifest = JSON.parse(readFileSync(join(PROGRAM_FOLDER, 'package.json'), 'utf8')) as { version: string };
  return manifest.version;
}
