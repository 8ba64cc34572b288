import { spawn, type ChildProcess } from 'node:child_process';
import {
  appendFileSync,
  closeSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  readdirSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import type { Socket } from 'node:net';
import { join } from 'node:path';
import { SOURCES } from './cache';
import { writing } from './engine-failure';
import type { Jdk } from './jdk';
import { isRunning } from './processes';

/** What a node is started with: jars and node folders of the cache, the JDK, and the most memory as -Xmx wants it. */
export interface LaunchPlan {
  readonly jars: string;
  readonly nodes: string;
  readonly jdk: Jdk;
  readonly heap: string;
  /** Whether it is to be fast in the long run rather than at the start. */
  readonly steady: boolean;
  readonly ports: { readonly http: number; readonly transport: number };
}

/** A node that was started, and the child process that it is. */
export interface NodeProcess {
  readonly url: string;
  readonly pid: number;
  /** Holds all that the node writes. Its path is in the node's command line, its name is the end of the cluster's name. */
  readonly folder: string;
  readonly child: ChildProcess;
  /** Where this node's record of its classes belongs, for the next starts. */
  readonly archive: string;
}

/** Starts the process; it is not yet said that it will answer. Its standard input keeps it alive: see Engine.java. */
export function launchNode({ jars, nodes, jdk, heap, steady, ports }: LaunchPlan): NodeProcess {
  // The real path, because a class archive holds for the path of the jars with which it was written.
  const jarFolder = realpathSync(jars);
  const archive = join(jarFolder, `classes-${jdk.version}.jsa`);
  const folder = writing(nodes, () => mkdtempSync(join(nodes, 'node-')));
  const log = writing(folder, () => {
    mkdirSync(join(folder, 'tmp'));
    return openSync(logOf(folder), 'w');
  });
  const args = [
    ...flags(folder, archive, heap, steady),
    ...['-cp', join(jarFolder, '*'), join(SOURCES, 'Engine.java')],
    ...[join(folder, 'data'), String(ports.http), String(ports.transport)],
  ];
  // Detached, that is in a process group of its own: Ctrl-C is for the command, and the node follows when the command ends.
  const child = spawn(join(jdk.home, 'bin', 'java'), args, { detached: true, stdio: ['pipe', log, log] });
  closeSync(log);
  child.on('error', (error) => {
    appendFileSync(logOf(folder), `${error.message}\n`);
  });
  // A child that has ended takes no more input; that it has ended is seen elsewhere.
  child.stdin?.on('error', () => undefined);
  writeFileSync(pidFileOf(folder), String(child.pid ?? 0));
  return { url: `http://127.0.0.1:${ports.http}`, pid: child.pid ?? 0, folder, child, archive };
}

function flags(folder: string, archive: string, heap: string, steady: boolean): string[] {
  return [
    `-Xmx${heap}`,
    // The simple collector and the quick compiler start a node faster; one that is to live for hours has all compilers.
    '-XX:+UseSerialGC',
    ...(steady ? [] : ['-XX:TieredStopAtLevel=1']),
    // Loading classes is most of a start. The first orderly end writes them down for all later starts: 10 s became 4.
    existsSync(archive) ? `-XX:SharedArchiveFile=${archive}` : `-XX:ArchiveClassesAtExit=${recordingOf(folder)}`,
    '-XX:+ExitOnOutOfMemoryError',
    ...[`-Djava.io.tmpdir=${join(folder, 'tmp')}`, `-Djna.tmpdir=${join(folder, 'tmp')}`],
    // These silence warnings about nothing that the user could mend.
    ...['-Xlog:disable', '--enable-native-access=ALL-UNNAMED', '-Dslf4j.internal.verbosity=ERROR'],
  ];
}

/** The file that holds what a node printed. */
export function logOf(folder: string): string {
  return join(folder, 'log');
}

/** The file that holds a node's process id. */
export function pidFileOf(folder: string): string {
  return join(folder, 'pid');
}

function recordingOf(folder: string): string {
  return join(folder, 'classes.jsa');
}

/** Stops a node in good order, so that it leaves the record of its classes, and removes all that it wrote. */
export async function stopNode({ child, folder, archive }: NodeProcess, seconds = 60): Promise<void> {
  child.ref();
  child.stdin?.end('q');
  const status = await exitOf(child, seconds);
  if (status === 0 && existsSync(recordingOf(folder)) && !existsSync(archive)) {
    try {
      // Renamed, never written in place: a start at this moment must not read half of it.
      renameSync(recordingOf(folder), archive);
    } catch {
      // Somebody has cleared the cache meanwhile. The next start is slower, and nothing else.
    }
  }
  rmSync(folder, { recursive: true, force: true });
}

/** Ends a node at once and removes all that it wrote. */
export async function discardNode({ child, folder }: NodeProcess): Promise<void> {
  if (child.pid !== undefined) {
    child.kill('SIGKILL');
    await exitOf(child, 10);
  }
  rmSync(folder, { recursive: true, force: true });
}

/** The exit status, null after a signal. A child that lives on after `seconds` is killed. */
async function exitOf(child: ChildProcess, seconds: number): Promise<number | null> {
  if (child.exitCode !== null || child.signalCode !== null) return child.exitCode;
  const overdue = setTimeout(() => child.kill('SIGKILL'), seconds * 1000);
  const status = await new Promise<number | null>((resolve) => {
    child.once('exit', resolve);
  });
  clearTimeout(overdue);
  return status;
}

/** Lets this process end while the node runs; with this process ends the pipe, and with the pipe the node. */
export function unref({ child }: NodeProcess): void {
  child.unref();
  (child.stdin as Socket).unref();
}

/** Tells the node to live on without this process. */
export async function detach(node: NodeProcess): Promise<void> {
  await new Promise<void>((resolve) => {
    node.child.stdin?.end('d', resolve);
  });
  unref(node);
}

/** A start that is under way may not have written its process id yet, and a failed one is read for its reason. */
const YOUNG_MILLISECONDS = 120_000;

/** Removes the folders of nodes that ended without removing them: after SIGKILL, or when the machine went down. */
export function removeLeftovers(nodes: string): void {
  for (const name of readdirSync(nodes)) {
    const folder = join(nodes, name);
    try {
      const young = Date.now() - statSync(folder).mtimeMs < YOUNG_MILLISECONDS;
      if (young || isRunning(pidOf(folder), folder)) continue;
      rmSync(folder, { recursive: true, force: true });
    } catch {
      // Another start removes it at this moment.
    }
  }
}

function pidOf(folder: string): number {
  try {
    return Number(readFileSync(pidFileOf(folder), 'utf8'));
  } catch {
    return 0;
  }
}
