import {
  accessSync,
  constants,
  existsSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { prepareFolder, type Cache, SOURCES } from './cache';
import { writing, type Say, diskFull, engineFailure } from './engine-failure';
import type { Jdk } from './jdk';
import { spawn } from 'node:child_process';
import { ProblemError } from '../errors';

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

/** With the group, because a bare `dependency:` has to be looked up, and an unreachable registry then shows as a riddle. */
const GOAL = 'org.apache.maven.plugins:maven-dependency-plugin:copy-dependencies';

const POM = join(SOURCES, 'pom.xml');
const BY_HAND = `Try it by hand: mvn -f ${POM} ${GOAL}`;

const OPTIONS = [
  ...['-B', '-q', '-f', POM, GOAL],
  '-U', // Maven remembers a failure for a day, and would not even try again.
  '-C', // A jar with a wrong checksum is no jar.
  // How many milliseconds a registry may be silent; Maven's own limit is half an hour.
  ...['-Dmaven.wagon.rto=60000', '-Daether.connector.requestTimeout=60000'],
];

/**
 * The path of `mvn`: of the PATH, else of MAVEN_HOME.
 * @throws ProblemError ENGINE when there is none
 */
export function findMaven(env: NodeJS.ProcessEnv): string {
  const folders = (env['PATH'] ?? '').split(delimiter).filter((folder) => folder !== '');
  if (env['MAVEN_HOME'] !== undefined) folders.push(join(env['MAVEN_HOME'], 'bin'));
  const maven = folders.map((folder) => join(folder, 'mvn')).find(isExecutable);
  if (maven !== undefined) return maven;
  throw engineFailure(
    'the jars of the embedded engine are not in the cache yet, and Maven (mvn), which fetches them, was not found on the PATH',
    'Install Maven (Debian, Ubuntu: apt-get install maven; macOS: brew install maven), or use a cluster with --es-url.',
  );
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return statSync(file).isFile();
  } catch {
    return false;
  }
}

/**
 * Fetches everything that engine/pom.xml depends on into the folder `into`.
 * @param env Maven's environment; its JAVA_HOME says which Java runs it
 * @throws ProblemError ENGINE with the registries that were tried and the reason, or when the disk is full
 */
export async function copyDependencies(
  maven: string,
  into: string,
  env: NodeJS.ProcessEnv,
  signal?: AbortSignal,
): Promise<void> {
  const { status, output } = await run(maven, [...OPTIONS, `-DoutputDirectory=${into}`], env, signal);
  if (signal?.aborted === true)
    throw new ProblemError('INTERRUPTED', [{ message: 'interrupted; the jars are not fetched' }]);
  if (status !== 0) throw failureIn(output, into);
  if (!readdirSync(into).some((name) => name.endsWith('.jar'))) throw engineFailure('Maven fetched no jar', BY_HAND);
}

function run(
  program: string,
  args: string[],
  env: NodeJS.ProcessEnv,
  signal: AbortSignal | undefined,
): Promise<{ status: number | null; output: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { env, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    const collect = (chunk: Buffer): void => {
      output += chunk.toString('utf8');
    };
    child.stdout.on('data', collect);
    child.stderr.on('data', collect);
    const end = (): void => {
      child.kill();
    };
    signal?.addEventListener('abort', end, { once: true });
    child.on('error', reject);
    child.on('close', (status) => {
      signal?.removeEventListener('abort', end);
      resolve({ status, output });
    });
  });
}

function failureIn(output: string, folder: string): Error {
  if (/No space left on device|Disk quota exceeded/i.test(output)) return diskFull(folder, 'Maven says so');
  const tried = [...output.matchAll(/Could not transfer \S+ \S+ from\/to \S+ \(([^)]+)\)/g)].map(
    (match) => match[1] ?? '',
  );
  if (tried.length === 0) {
    return engineFailure(`Maven could not fetch the jars of the embedded engine: ${reasonOf(output)}`, BY_HAND);
  }
  return engineFailure(
    `the jars of the embedded engine could not be fetched. Tried ${[...new Set(tried)].join(', ')}: ${reasonOf(output)}`,
    'Check the network. Maven takes a mirror or a proxy from ~/.m2/settings.xml. The jars are needed only once.',
  );
}

/** Maven writes one reason inside the other, all in one line; the innermost, at the end, says what happened. */
function reasonOf(output: string): string {
  const line = /\[ERROR\] (.+?)(?: -> \[Help \d+\])?$/m.exec(output)?.[1];
  if (line === undefined) return output.trim().split('\n').at(-1) ?? '';
  return line.replace(/^.*transfer failed for \S+: /, '');
}
