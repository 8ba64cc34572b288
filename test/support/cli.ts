import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { join } from 'node:path';
import { PROGRAM_FOLDER } from '../../src/program';

export interface Ended {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

const PROGRAM = join(PROGRAM_FOLDER, 'dist', 'cli.js');

interface CliOptions {
  readonly env?: NodeJS.ProcessEnv;
  /** Standard input; empty where not given. */
  readonly input?: string | Buffer;
  readonly cwd?: string;
  /** Runs it on a terminal of its own, by util-linux's `script`; both outputs are standard output then. */
  readonly terminal?: boolean;
}

/** A run of the program that has not ended yet. */
export interface Running {
  readonly child: ChildProcessWithoutNullStreams;
  /** Resolved when standard error (standard output on a terminal) holds this text; rejected when it ends without. */
  readonly says: (text: string) => Promise<void>;
  readonly ended: Promise<Ended>;
}

/** What a test that failed left behind, and what nobody waits for. */
const running = new Set<ChildProcessWithoutNullStreams>();
afterAll(() => {
  for (const child of running) child.kill('SIGKILL');
});

/** Runs the built program as a user would, in a pipe, without the caller's WMI_DETECTIONS_ variables. */
export function cli(args: readonly string[], options: CliOptions = {}): Promise<Ended> {
  const { child, ended } = startCli(args, options);
  child.stdin.end(options.input ?? '');
  return ended;
}

/** As `cli`, but its standard input stays open, and signals can be sent to it. */
export function startCli(args: readonly string[], { env, cwd = PROGRAM_FOLDER, terminal }: CliOptions = {}): Running {
  const own = Object.entries(process.env).filter(([name]) => !name.startsWith('WMI_DETECTIONS_'));
  const plain = [process.execPath, PROGRAM, ...args];
  const quoted = plain.map((word) => `'${word.replaceAll("'", "'\\''")}'`).join(' ');
  const [program = '', ...words] = terminal === true ? ['script', '-qec', quoted, '/dev/null'] : plain;
  const child = spawn(program, words, {
    env: { ...Object.fromEntries(own), NO_COLOR: '1', FORCE_COLOR: '0', ...env },
    cwd,
  });
  running.add(child);
  let stdout = '';
  let stderr = '';
  const heard = terminal === true ? child.stdout : child.stderr;
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => (stdout += chunk));
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => (stderr += chunk));
  return {
    child,
    says: (text) =>
      new Promise((resolve, reject) => {
        const look = (): void => {
          if ((terminal === true ? stdout : stderr).includes(text)) resolve();
        };
        heard.on('data', look);
        look();
        child.once('close', () => {
          reject(new Error(`it ended without saying ${text}: ${stdout}${stderr}`));
        });
      }),
    ended: new Promise((resolve, reject) => {
      child.on('error', reject);
      child.on('close', (status) => {
        running.delete(child);
        resolve({ status, stdout, stderr });
      });
    }),
  };
}
