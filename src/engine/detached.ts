import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { answers } from './answer';
import { cacheOf, type Cache } from './cache';
import { engineFailure, writing } from './engine-failure';
import { detach } from './launch';
import { withLock, endProcess, isRunning } from './processes';
import { startNode, type EngineOptions } from './start-node';

/** The one engine of this user that lives on without a command. */
export interface DetachedEngine {
  readonly url: string;
  readonly pid: number;
  /** When it was started, in ISO 8601. */
  readonly started: string;
}

/** What the state file holds. */
interface State extends DetachedEngine {
  readonly folder: string;
}

/** A start may fetch the jars first, over a slow line. */
const LOCK_SECONDS = 600;

/** How long SIGTERM may take, in milliseconds, before SIGKILL. */
const GRACE = 20_000;

/**
 * Starts the user's engine, which lives on until {@link stopDetached}; where it runs already, it is handed back as it is.
 * @throws ProblemError ENGINE, see {@link startNode}; and when the running one does not answer
 */
export async function startDetached(options: EngineOptions = {}): Promise<DetachedEngine> {
  const cache = cacheOf(options.env ?? process.env);
  return await locked(cache, async () => {
    const running = stateOf(cache);
    if (running !== undefined) return await answering(running);
    const node = await startNode({ steady: true, ...options });
    const state = { url: node.url, pid: node.pid, started: new Date().toISOString(), folder: node.folder };
    // First the state, then the letting go: nothing can run on that no state file names.
    save(cache, state);
    await detach(node);
    return shown(state);
  });
}

/** Ends the user's engine and removes its data. Hands back what was ended, undefined when none ran. */
export async function stopDetached(env: NodeJS.ProcessEnv = process.env): Promise<DetachedEngine | undefined> {
  const cache = cacheOf(env);
  return await locked(cache, async () => {
    const state = stateOf(cache);
    if (state === undefined) return undefined;
    await endProcess(state.pid, state.folder, GRACE);
    forget(cache, state);
    return shown(state);
  });
}

/** The user's engine, and whether it answers; undefined when none runs. */
export async function detachedEngine(
  env: NodeJS.ProcessEnv = process.env,
): Promise<(DetachedEngine & { readonly answers: boolean }) | undefined> {
  const state = readState(cacheOf(env).state);
  if (state === undefined || !isRunning(state.pid, state.folder)) return undefined;
  return { ...shown(state), answers: await answers(state) };
}

function locked<T>(cache: Cache, work: () => Promise<T>): Promise<T> {
  writing(cache.root, () => mkdirSync(cache.root, { recursive: true }));
  return withLock(cache.lock, LOCK_SECONDS, work);
}

/** The state of an engine that runs; one that has gone, or whose process id another program has now, is forgotten. */
function stateOf(cache: Cache): State | undefined {
  const state = readState(cache.state);
  if (state === undefined || isRunning(state.pid, state.folder)) return state;
  forget(cache, state);
  return undefined;
}

function readState(file: string): State | undefined {
  try {
    const state = JSON.parse(readFileSync(file, 'utf8')) as Partial<State>;
    const { url, pid, started, folder } = state;
    // Anything can stand in a file; without each of these there is nothing to hold on to.
    return url && pid && started && folder ? { url, pid, started, folder } : undefined;
  } catch {
    return undefined;
  }
}

function save(cache: Cache, state: State): void {
  writing(cache.root, () => {
    writeFileSync(`${cache.state}.new`, JSON.stringify(state));
    renameSync(`${cache.state}.new`, cache.state);
  });
}

function forget(cache: Cache, { folder }: State): void {
  // Only ever a folder of our own: the file that names it could have been changed.
  if (dirname(resolve(folder)) === cache.nodes) rmSync(folder, { recursive: true, force: true });
  rmSync(cache.state, { force: true });
}

async function answering(state: State): Promise<DetachedEngine> {
  if (await answers(state)) return shown(state);
  throw engineFailure(
    `the embedded engine runs (process ${state.pid}), but does not answer at ${state.url}`,
    'End it with "wmi-detections engine stop", then start it again.',
  );
}

function shown({ url, pid, started }: State): DetachedEngine {
  return { url, pid, started };
}
