import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { cacheOf } from '../../../src/engine/cache';
import { fetchJars } from '../../../src/engine/jars';
import { messageOf, program, temporaryFolder } from '../../support/temporary-folders';

const root = temporaryFolder();
const JDK = { home: join(root, 'jdk'), version: '21.0.2', major: 21 };

/** Takes the folder to fetch into from Maven's arguments. */
const INTO = `for a in "$@"; do case "$a" in -DoutputDirectory=*) into="\${a#*=}";; esac; done`;

/** A cache of its own, and a Maven that does what `script` says; it notes each time that it runs. */
function dataset(name: string, script: string): { fetch: () => Promise<string>; runs: () => number; jars: string } {
  const folder = join(root, name);
  const notes = join(folder, 'runs');
  program(join(folder, 'bin', 'mvn'), `echo run >> ${notes}\n${INTO}\n${script}`);
  const env = { XDG_CACHE_HOME: join(folder, 'cache'), PATH: `${join(folder, 'bin')}:/usr/bin:/bin` };
  const cache = cacheOf(env);
  return {
    fetch: () => fetchJars(cache, JDK, env, () => undefined),
    runs: () => (existsSync(notes) ? readFileSync(notes, 'utf8').trim().split('\n').length : 0),
    jars: cache.jars,
  };
}

test('engine jars: jars are fetched once', async () => {
  const { fetch, runs, jars } = dataset('once', 'echo one > $into/a.jar; echo two > $into/b.jar');
  expect([await fetch(), await fetch()]).toEqual([jars, jars]);
  expect(runs()).toBe(1);
  expect(readdirSync(jars)).toEqual(['a.jar', 'b.jar', 'inventory.json']);
});

test('engine jars: two fetches at once do each other no harm', async () => {
  const { fetch, jars } = dataset('twice', 'echo one > $into/a.jar; sleep 0.3; echo two > $into/b.jar');
  expect(await Promise.all([fetch(), fetch()])).toEqual([jars, jars]);
  expect(readdirSync(jars)).toEqual(['a.jar', 'b.jar', 'inventory.json']);
  expect(readdirSync(dirname(jars))).toEqual(['jars']);
});

test('engine jars: a fetch that fails half-way leaves nothing that could be taken for jars', async () => {
  const { fetch, jars } = dataset('half', 'echo one > $into/a.jar; exit 1');
  await expect(fetch()).rejects.toThrow();
  expect(readdirSync(dirname(jars))).toEqual([]);
});

test('engine jars: jars that somebody has cut short or removed since are fetched again', async () => {
  const { fetch, runs, jars } = dataset('broken', 'echo one > $into/a.jar; echo two > $into/b.jar');
  await fetch();
  rmSync(join(jars, 'a.jar'));
  await fetch();
  writeFileSync(join(jars, 'b.jar'), 'x');
  await fetch();
  expect(runs()).toBe(3);
  expect(readdirSync(jars)).toEqual(['a.jar', 'b.jar', 'inventory.json']);
  expect(readdirSync(dirname(jars))).toEqual(['jars']);
});

test('engine jars: what a killed fetch left behind is removed a day later, and what may be under way is not', async () => {
  const { fetch, jars } = dataset('abandoned', 'echo one > $into/a.jar');
  mkdirSync(join(dirname(jars), 'fetch-old'), { recursive: true });
  mkdirSync(join(dirname(jars), 'fetch-new'));
  const yesterday = Date.now() / 1000 - 86_400;
  utimesSync(join(dirname(jars), 'fetch-old'), yesterday, yesterday);
  await fetch();
  expect(readdirSync(dirname(jars))).toEqual(['fetch-new', 'jars']);
});

test('engine jars: without Maven, the error explains what it is for and how to get it', async () => {
  const env = { XDG_CACHE_HOME: join(root, 'no-maven'), PATH: join(root, 'nothing') };
  const fetch = (): Promise<string> => fetchJars(cacheOf(env), JDK, env, () => undefined);
  expect(await messageOf(fetch, root)).toMatchInlineSnapshot(`
   "the jars of the embedded engine are not in the cache yet, and Maven (mvn), which fetches them, was not found on the PATH
     Install Maven (Debian, Ubuntu: apt-get install maven; macOS: brew install maven), or use a cluster with --es-url."
  `);
});

test('engine jars: with an unreachable registry, the error lists what was tried', async () => {
  // The real Maven's words, with a mirror at a port where nobody listens.
  const { fetch } = dataset(
    'unreachable',
    `cat <<'EOF'
[ERROR] Plugin org.apache.maven.plugins:maven-dependency-plugin:3.8.1 or one of its dependencies could not be resolved: Failed to read artifact descriptor for org.apache.maven.plugins:maven-dependency-plugin:jar:3.8.1: Could not transfer artifact org.apache.maven.plugins:maven-dependency-plugin:pom:3.8.1 from/to m (http://127.0.0.1:1/x): transfer failed for http://127.0.0.1:1/x/org/apache/maven/plugins/maven-dependency-plugin/3.8.1/maven-dependency-plugin-3.8.1.pom: Connect to 127.0.0.1:1 [/127.0.0.1] failed: Connection refused -> [Help 1]
[ERROR] 
[ERROR] To see the full stack trace of the errors, re-run Maven with the -e switch.
EOF
exit 1`,
  );
  expect(await messageOf(fetch, root)).toMatchInlineSnapshot(`
   "the jars of the embedded engine could not be fetched. Tried http://127.0.0.1:1/x: Connect to 127.0.0.1:1 [/127.0.0.1] failed: Connection refused
     Check the network. Maven takes a mirror or a proxy from ~/.m2/settings.xml. The jars are needed only once."
  `);
});

test('engine jars: any other failure of Maven is reported with its first error', async () => {
  const { fetch } = dataset(
    'other',
    'echo "[ERROR] Malformed POM: expected start tag -> [Help 1]"; echo "[ERROR] more"; exit 1',
  );
  expect(await messageOf(fetch, root)).toMatchInlineSnapshot(`
   "Maven could not fetch the jars of the embedded engine: Malformed POM: expected start tag
     Try it by hand: mvn -f <project>/engine/pom.xml org.apache.maven.plugins:maven-dependency-plugin:copy-dependencies"
  `);
});

test('engine jars: a Maven without output or effect is reported as well', async () => {
  const { fetch } = dataset('nothing-fetched', 'exit 0');
  await expect(fetch()).rejects.toThrow('Maven fetched no jar');
});

test('engine jars: a disk that fills up while Maven writes is reported as a full disk', async () => {
  const { fetch } = dataset('full', 'echo "[ERROR] Failed to copy: No space left on device"; exit 1');
  expect((await messageOf(fetch, root)).replace(/fetch-\w+/, 'fetch-<id>')).toMatchInlineSnapshot(`
   "disk full: the embedded engine cannot write in <folder>/full/cache/wmi-detections/engine/3.8.0.0/fetch-<id> (Maven says so)
     Free some space, or set XDG_CACHE_HOME to a folder on another disk."
  `);
});
