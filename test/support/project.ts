import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PROGRAM_FOLDER } from '../../src/program';

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
