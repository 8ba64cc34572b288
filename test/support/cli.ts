import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { PROGRAM_FOLDER } from '../../src/program';

export interface Ended {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

const PROGRAM = join(PROGRAM_FOLDER, 'dist', 'cli.js');

/**
 * Runs the built program as a user would, in a pipe, without the caller's WMI_DETECTIONS_ variables.
 * @param options.input standard input; empty where not given
 */
export function cli(
  args: readonly string[],
  options: { env?: Record<string, string>; input?: string | Buffer; cwd?: string } = {},
): Promise<Ended> {
  const own = Object.entries(process.env).filter(([name]) => !name.startsWith('WMI_DETECTIONS_'));
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [PROGRAM, ...args], {
      env: { ...Object.fromEntries(own), NO_COLOR: '1', FORCE_COLOR: '0', ...options.env },
      cwd: options.cwd ?? PROGRAM_FOLDER,
    });
    const out: Buffer[] = [];
    const err: Buffer[] = [];
    child.stdout.on('data', (chunk: Buffer) => out.push(chunk));
    child.stderr.on('data', (chunk: Buffer) => err.push(chunk));
    child.on('error', reject);
    child.on('close', (status) => {
      resolve({ status, stdout: Buffer.concat(out).toString(), stderr: Buffer.concat(err).toString() });
    });
    child.stdin.end(options.input ?? '');
  });
}
