import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

/*
 * What `npm pack` makes, unpacked into a clean folder with nothing beside it but what it says it depends on. Nothing is fetched.
 */
const ROOT = join(__dirname, '..', '..');

interface Lock {
  readonly packages: Readonly<Record<string, { readonly dev?: boolean; readonly hasInstallScript?: boolean }>>;
}
const lock = JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8')) as Lock;
/** Folders of what a user installs with us. */
const runtime = Object.entries(lock.packages).filter(([path, { dev }]) => path !== '' && dev !== true);

let folder: string;
let files: readonly string[];

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'wmi-detections-pack-'));
  // Without scripts: what is packed was built by `npm test`.
  const args = ['pack', '--ignore-scripts', '--json', '--pack-destination', folder];
  const [packed] = JSON.parse(execFileSync('npm', args, { cwd: ROOT, encoding: 'utf8', stdio: 'pipe' })) as {
    filename: string;
    files: { path: string }[];
  }[];
  if (packed === undefined) throw new Error('npm pack packed nothing');
  files = packed.files.map(({ path }) => path);
  execFileSync('tar', ['-xzf', join(folder, packed.filename), '-C', folder]);
  for (const [path] of runtime) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    // A package within another's folder came with that.
    if (path.lastIndexOf('node_modules') === 0) symlinkSync(join(ROOT, path), join(folder, path));
  }
}, 60_000);

afterAll(() => {
  rmSync(folder, { recursive: true });
});

function run(...args: readonly string[]): string {
  const environment = { PATH: process.env['PATH'], HOME: folder, NODE_OPTIONS: '--preserve-symlinks' };
  return execFileSync(process.execPath, [join(folder, 'package/dist/cli.js'), ...args], {
    cwd: folder,
    env: environment,
    encoding: 'utf8',
  });
}

test('the npm package: holds the program and its content, and nothing else', () => {
  const roots = new Set(files.map((path) => path.split('/')[0]));
  expect([...roots].sort()).toMatchInlineSnapshot(`
   [
     "CHANGELOG.md",
     "CONTRIBUTING.md",
     "FORMATS.md",
     "LICENSE",
     "NOTICE",
     "README.md",
     "SECURITY.md",
     "dist",
     "docs",
     "engine",
     "mappings",
     "package.json",
     "pipelines",
     "rules",
     "samples",
   ]
  `);
  expect(files.filter((path) => /^(test|bench)\/|\.test\.|\.env|secret|\.tsbuildinfo$/i.test(path))).toEqual([]);
});

test('the npm package: holds what its README links to', () => {
  const readme = readFileSync(join(folder, 'package/README.md'), 'utf8');
  const links = [...readme.matchAll(/\]\((?!https?:)([^)#]+)/g)].map(([, path = '']) => path.replace(/\/$/, ''));
  expect(links.length).toBeGreaterThan(10);
  expect(links.filter((path) => !existsSync(join(folder, 'package', path)))).toEqual([]);
});

test('the npm package: runs with its dependencies and no others', () => {
  const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { version: string };
  expect(run('--version')).toBe(`${version}\n`);
  expect(run('validate')).toMatch(/^Valid: /);
  expect(run('export', 'navigator')).toContain('T1047');
});

test('the npm package: works on content that a user copied out of it', () => {
  const own = join(folder, 'own');
  for (const name of ['pipelines', 'mappings', 'rules'])
    cpSync(join(folder, 'package', name), join(own, name), { recursive: true });
  expect(readdirSync(own).sort()).toEqual(['mappings', 'pipelines', 'rules']);
  expect(run('validate', '--content', own)).toBe(run('validate'));
});

test('the npm package: installs nothing that runs a script at installation', () => {
  const scripts = runtime.flatMap(([path, { hasInstallScript }]) => (hasInstallScript === true ? [path] : []));
  expect(scripts).toEqual([]);
});

test('the npm package: each dependency has its reason in docs/dependencies.md', () => {
  const { dependencies, devDependencies } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as Record<
    string,
    Record<string, string>
  >;
  const named = readFileSync(join(ROOT, 'docs/dependencies.md'), 'utf8').matchAll(/^\| `([^`]+)`/gm);
  const declared = Object.keys({ ...dependencies, ...devDependencies });
  expect([...named].map(([, name]) => name).sort()).toEqual(declared.sort());
});
