import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, realpathSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { engineFailure } from './engine-failure';

/** A Java development kit: its folder, its version (`25.0.1`) and its major version (25). */
export interface Jdk {
  readonly home: string;
  readonly version: string;
  readonly major: number;
}

/** OpenSearch 3 is compiled for Java 21. */
const NEEDED = 21;

/** Where systems keep their JDKs. */
const JDK_DIRS: readonly string[] =
  process.platform === 'darwin' ? ['/Library/Java/JavaVirtualMachines'] : ['/usr/lib/jvm', '/usr/java', '/opt/java'];

interface Found {
  readonly from: string;
  readonly home: string;
  readonly version: string | undefined;
  readonly hasCompiler: boolean;
}

/**
 * The first JDK that can run the engine: JAVA_HOME, then `java` on the PATH, then the newest of the system's folders. The
 * default Java is often 17 with a newer one beside it.
 * @param folders folders that hold one JDK a folder
 * @throws ProblemError ENGINE that lists every Java that was found and why it does not do
 */
export function findJdk(env: NodeJS.ProcessEnv, folders: readonly string[] = JDK_DIRS): Jdk {
  const seen: Found[] = [];
  for (const { from, home } of candidates(env, folders)) {
    if (seen.some((found) => found.home === home)) continue;
    const found = { from, home, version: versionOf(home), hasCompiler: existsSync(join(home, 'bin', 'javac')) };
    const jdk = usable(found);
    if (jdk !== undefined) return jdk;
    seen.push(found);
  }
  const list = seen.map((found) => `${found.home} (${found.from}): ${defectOf(found)}`);
  throw engineFailure(
    `the embedded engine needs a JDK ${NEEDED} or newer; ${seen.length === 0 ? 'no Java was found' : `found only ${list.join('; ')}`}`,
    `Install a JDK ${NEEDED} or newer, or set JAVA_HOME to one. Looked at: JAVA_HOME, PATH, ${folders.join(', ')}.`,
  );
}

function usable(found: Found): Jdk | undefined {
  const major = majorOf(found.version);
  if (found.version === undefined || major < NEEDED || !found.hasCompiler) return undefined;
  return { home: found.home, version: found.version, major };
}

function defectOf({ version, hasCompiler }: Found): string {
  if (version === undefined) return 'does not tell its version';
  if (majorOf(version) < NEEDED) return `version ${version}`;
  // Engine.java runs in Java's single-file mode, which is the compiler's.
  return hasCompiler ? 'unusable' : `version ${version}, but a runtime without the compiler (no bin/javac)`;
}

/** Lazily, so that nothing is looked for, or run, beyond the first that does. */
function* candidates(env: NodeJS.ProcessEnv, folders: readonly string[]): Generator<{ from: string; home: string }> {
  const javaHome = env['JAVA_HOME'];
  if (javaHome !== undefined && javaHome !== '') yield { from: 'JAVA_HOME', home: javaHome };
  for (const folder of (env['PATH'] ?? '').split(delimiter)) {
    const java = join(folder, 'java');
    if (folder !== '' && existsSync(java)) yield { from: 'PATH', home: homeOf(java) };
  }
  for (const folder of folders) {
    const homes = foldersOf(folder)
      .map((name) => join(folder, name, process.platform === 'darwin' ? 'Contents/Home' : ''))
      .filter((home) => existsSync(join(home, 'bin', 'java')));
    const newestFirst = homes
      .map((home) => ({ home, major: majorOf(versionOf(home)) }))
      .sort((one, other) => other.major - one.major);
    for (const { home } of newestFirst) yield { from: folder, home };
  }
}

function foldersOf(folder: string): string[] {
  try {
    return readdirSync(folder).sort();
  } catch {
    return [];
  }
}

/** The JDK of a `java` on the PATH, which is a link into it, or the shim of a version manager that has to be asked. */
function homeOf(java: string): string {
  const linked = dirname(dirname(realpathSync(java)));
  if (existsSync(join(linked, 'release'))) return linked;
  return /^\s*java\.home = (.+)$/m.exec(javaProperties(java))?.[1]?.trim() ?? linked;
}

function versionOf(home: string): string | undefined {
  try {
    const version = /^JAVA_VERSION="([^"]+)"/m.exec(readFileSync(join(home, 'release'), 'utf8'))?.[1];
    if (version !== undefined) return version;
  } catch {
    // Not every package has the file; the program itself is asked then.
  }
  return /^(?:openjdk|java) version "([^"]+)"/m.exec(javaProperties(join(home, 'bin', 'java')))?.[1];
}

function javaProperties(java: string): string {
  const { stderr } = spawnSync(java, ['-XshowSettings:properties', '-version'], { encoding: 'utf8', timeout: 20_000 });
  return typeof stderr === 'string' ? stderr : '';
}

/** `25.0.1` is 25, and `1.8.0_412`, as Java wrote it before 9, is 8. */
function majorOf(version: string | undefined): number {
  const [first = 0, second = 0] = (version ?? '').split(/[._+-]/).map(Number);
  return first === 1 ? second : first || 0;
}
