import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';

const root = join(__dirname, '../..');
const page = readFileSync(join(root, 'docs/design.md'), 'utf8');
const headings = [...page.matchAll(/^## (.+)$/gm)].map(([, heading]) => heading);

/** The text of every file in some folders or of that name, each line break and margin of a comment as one blank. */
function texts(...paths: readonly string[]): [string, string][] {
  return paths
    .flatMap((path) =>
      statSync(join(root, path)).isFile()
        ? [path]
        : readdirSync(join(root, path), { recursive: true, encoding: 'utf8' }).map((file) => join(path, file)),
    )
    .filter((file) => /\.(ts|mjs|yml|md)$/.test(file))
    .map((file) => [file, readFileSync(join(root, file), 'utf8').replace(/\s*\n\s*(?:\* |\/\/ |# )?/g, ' ')]);
}

describe('docs/design.md', () => {
  test('shows the folders as `npm run diagram` draws them', () => {
    // A process of its own: dependency-cruiser consists of ES modules, which jest cannot import.
    const { status, stderr } = spawnSync(process.execPath, ['scripts/diagram.mjs', '--check'], {
      cwd: root,
      encoding: 'utf8',
    });
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  });

  test('has every heading that a comment points to', () => {
    const pointers = texts(
      'src',
      'scripts',
      'pipelines',
      'mappings',
      'eslint.config.mjs',
      '.dependency-cruiser.mjs',
    ).flatMap(([file, text]) => [...text.matchAll(/docs\/design\.md, "([^"]+)"/g)].map(([, to]) => ({ file, to })));
    expect(pointers.length).toBeGreaterThan(10);
    expect(pointers.filter(({ to }) => !headings.includes(to))).toEqual([]);
  });

  test('is named by its headings, never by the numbers of sections', () => {
    const numbered = texts(
      'src',
      'scripts',
      'test',
      'docs',
      'pipelines',
      'mappings',
      'rules',
      'README.md',
      'CONTRIBUTING.md',
      'FORMATS.md',
      'SECURITY.md',
    ).filter(([, text]) => /\bdesign, section \d/.test(text));
    expect(numbered.map(([file]) => file)).toEqual([]);
  });

  test('and every other document and comment outside the tests points into the repository', () => {
    const outside = texts(
      'src',
      'scripts',
      'bench',
      'docs',
      'pipelines',
      'mappings',
      'rules',
      'README.md',
      'CONTRIBUTING.md',
      'FORMATS.md',
      'SECURITY.md',
    ).filter(([, text]) => /\.\.\/shared\b/.test(text));
    expect(outside.map(([file]) => file)).toEqual([]);
  });
});
