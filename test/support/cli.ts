import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { join } from 'node:path';
import { PROGRAM_FOLDER } from '../../src/program';

export interface Ended {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** The built program while it runs. */
export interface Running {
  readonly child: ChildProcessWithoutNullStreams;
  readonly ended: Promise<Ended>;
}

interface CliOptions {
  readonly env?: Readonly<Record<string, string>>;
  /** Standard input; empty where not given. */
  readonly input?: string | Buffer;
  readonly cwd?: string;
}

const PROGRAM = join(PROGRAM_FOLDER, 'dist', 'cli.js');

/** Runs the built program as a user would, in a pipe, without the caller's WMI_DETECTIONS_ variables. */
export function cli(args: readonly string[], options: CliOptions = {}): Promise<Ended> {
  return startCli(args, options).ended;
}

/** The same, for a test that does something to it while it runs. */
export function startCli(args: readonly string[], options: CliOptions = {}): Running {
  const own = Object.entries(process.env).filter(([name]) => !name.startsWith('WMI_DETECTIONS_'));
  const child = spawn(process.execPath, [PROGRAM, ...args], {
    env: { ...Object.fromEntries(own), NO_COLOR: '1', FORCE_COLOR: '0', ...options.env },
    cwd: options.cwd ?? PROGRAM_FOLDER,
  });
  const ended = new Promise<Ended>((resolve, reject) => {
    const out: Buffer[] = [];
    const err: Buffer[] = [];
    child.stdout.on('data', (chunk: Buffer) => out.push(chunk));
    child.stderr.on('data', (chunk: Buffer) => err.push(chunk));
    child.on('error', reject);
    child.on('close', (status) => {
      resolve({ status, stdout: Buffer.concat(out).toString(), stderr: Buffer.concat(err).toString() });
    });
  });
  child.stdin.end(options.input ?? '');
  return { child, ended };
}
