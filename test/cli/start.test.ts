import { spawnSync } from 'node:child_process';
import { join, relative } from 'node:path';
import { PROGRAM_FOLDER } from '../../src/program';

const DIST = join(PROGRAM_FOLDER, 'dist');
const PROGRAM = join(DIST, 'cli.js');

/** Runs the program and writes what it loaded, a JSON list of paths, to standard error as its last line. */
const LISTING = `
process.argv.splice(1, 0, ${JSON.stringify(PROGRAM)});
process.on('exit', () => console.error('\\n' + JSON.stringify(Object.keys(require.cache))));
require(${JSON.stringify(PROGRAM)});`;

/** The modules of the program that a call loads, as paths below dist/, and the packages. */
function loaded(...args: readonly string[]): { readonly own: string[]; readonly packages: string[] } {
  const { stderr } = spawnSync(process.execPath, ['-e', LISTING, '--', ...args], { encoding: 'utf8' });
  const paths = JSON.parse(stderr.trimEnd().split('\n').at(-1) ?? '') as string[];
  const own = paths.filter((path) => path.startsWith(DIST)).map((path) => relative(DIST, path));
  const packages = paths.flatMap((path) => /.*node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(path)?.[1] ?? []);
  return { own: own.sort(), packages: [...new Set(packages)].sort() };
}

describe.each([['--version'], ['--help'], ['completion']])('%s', (flag) => {
  test('loads what every command needs, and no module of any command', () => {
    const { own, packages } = loaded(flag);
    expect(own).toEqual([
      'cli.js',
      'commands/index.js',
      'errors.js',
      'program.js',
      'text/argument-values.js',
      'text/suggest.js',
    ]);
    expect(packages).toContain('yargs');
    for (const heavy of ['@elastic/elasticsearch', 'undici', 'zod', 'yaml', 'diff'])
      expect(packages).not.toContain(heavy);
  });
});

test('the called command is loaded and no other', () => {
  const { own } = loaded('engine', '--help');
  expect(own).toContain('commands/engine.js');
  expect(own).not.toContain('commands/replay.js');
});

test('a value with the name of a command does not hide the command that is called', () => {
  const { own } = loaded('--namespace', 'run', 'engine', '--help');
  expect(own).toContain('commands/engine.js');
});
