import { spawnSync } from 'node:child_process';
import { closeSync, existsSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { PROGRAM_FOLDER } from '../../src/program';

const PROGRAM = join(PROGRAM_FOLDER, 'dist', 'cli.js');
/** A file that takes nothing, as a file on a full disk. */
const FULL = '/dev/full';

/** Runs the program with one of its outputs on a full disk. @returns what the other output holds */
function run(
  args: readonly string[],
  full: 'stdout' | 'stderr',
): { status: number | null; other: string | null | undefined } {
  const file = openSync(FULL, 'w');
  try {
    const { status, output } = spawnSync(process.execPath, [PROGRAM, ...args], {
      cwd: PROGRAM_FOLDER,
      encoding: 'utf8',
      stdio: full === 'stdout' ? ['ignore', file, 'pipe'] : ['ignore', 'pipe', file],
    });
    return { status, other: output[full === 'stdout' ? 2 : 1] };
  } finally {
    closeSync(file);
  }
}

(existsSync(FULL) ? describe : describe.skip)('a full disk', () => {
  test.each([[['validate']], [['validate', '--output', 'json']], [['--help']], [['--version']], [['completion']]])(
    'under the standard output of %j is an error, not a stack trace',
    (args) => {
      expect(run(args, 'stdout')).toEqual({
        status: 2,
        other:
          'error: the result could not be written to standard output: no space left on device\n' +
          '  Free some space, or write it elsewhere.\n',
      });
    },
  );

  test('under standard error does not end a command', () => {
    // The message is lost; the exit status is not.
    expect(run(['export', 'sigma', '--content', 'no-such-folder'], 'stderr')).toEqual({ status: 2, other: '' });
  });
});
