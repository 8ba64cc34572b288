import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { prepareFolder, type Cache } from './cache';
import { writing, type Say } from './failure';
import type { Jdk } from './jdk';
import { copyDependencies, findMaven } from './maven';

/** The file that tells, by name and size, which jars belong to a complete fetch. */
const INVENTORY = 'inventory.json';

const FETCH = 'fetch-';

/** No fetch takes that long; its folder was left behind by one that was killed. */
const ABANDONED_MILLISECONDS = 6 * 3600 * 1000;

/**
 * The folder of jars, fetched with Maven when it is not there. They are fetched into a folder of their own, and renamed when
 * complete: what has the right name is whole, and of two fetches at once the first to finish is kept.
 * @param signal ends Maven
 * @throws ProblemError ENGINE without Maven, when the registry cannot be reached, or when the disk is full
 */
export async function fetchJars(
  cache: Cache,
  jdk: Jdk,
  env: NodeJS.ProcessEnv,
  say: Say,
  signal?: AbortSignal,
): Promise<string> {
  if (isWhole(cache.jars)) return cache.jars;
  const maven = findMaven(env);
  const parent = dirname(cache.jars);
  prepareFolder(parent);
  removeAbandoned(parent);
  const fetched = writing(parent, () => mkdtempSync(join(parent, FETCH)));
  try {
    say('Fetching the jars of the embedded engine with Maven (71 MB, only this once) ...');
    await copyDependencies(maven, fetched, { ...env, JAVA_HOME: jdk.home }, signal);
    writing(parent, () => {
      writeFileSync(join(fetched, INVENTORY), inventoryOf(fetched));
    });
    keep(fetched, cache.jars);
    return cache.jars;
  } finally {
    rmSync(fetched, { recursive: true, force: true });
  }
}

function isWhole(folder: string): boolean {
  try {
    return inventoryOf(folder) === readFileSync(join(folder, INVENTORY), 'utf8');
  } catch {
    return false;
  }
}

function inventoryOf(folder: string): string {
  const jars = readdirSync(folder)
    .filter((name) => name.endsWith('.jar'))
    .sort()
    .map((name): [string, number] => [name, statSync(join(folder, name)).size]);
  return JSON.stringify(Object.fromEntries(jars), null, 1);
}

/** Renames `fetched` to `jars`, unless another fetch was faster. */
function keep(fetched: string, jars: string): void {
  const broken = `${fetched}-broken`;
  // What is there and not whole has lost a jar since it was fetched.
  if (existsSync(jars) && !isWhole(jars)) renameSync(jars, broken);
  try {
    renameSync(fetched, jars);
  } catch (cause) {
    if (!isWhole(jars)) throw cause;
  } finally {
    rmSync(broken, { recursive: true, force: true });
  }
}

function removeAbandoned(parent: string): void {
  for (const name of readdirSync(parent).filter((entry) => entry.startsWith(FETCH))) {
    const folder = join(parent, name);
    const { mtimeMs = Date.now() } = statSync(folder, { throwIfNoEntry: false }) ?? {};
    if (Date.now() - mtimeMs > ABANDONED_MILLISECONDS) rmSync(folder, { recursive: true, force: true });
  }
}
