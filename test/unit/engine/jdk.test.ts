import { symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { findJdk } from '../../../src/engine/jdk';
import { jdk, messageOf, program, temporaryFolder } from '../../support/temporary-folders';

const folder = temporaryFolder();
const old = jdk(join(folder, 'jvm', 'java-17'), { release: '17.0.15' });
const fitting = jdk(join(folder, 'jvm', 'jdk-21'), { release: '21.0.2' });
const newest = jdk(join(folder, 'jvm', 'jdk-25'), { release: '25.0.3' });
const shelf = join(folder, 'jvm');

test('search for a JDK: JAVA_HOME comes first', () => {
  const env = { JAVA_HOME: fitting, PATH: join(newest, 'bin') };
  expect(findJdk(env, [shelf])).toEqual({ home: fitting, version: '21.0.2', major: 21 });
});

test('search for a JDK: java of the PATH comes next, through the links that lead to it', () => {
  symlinkSync(join(fitting, 'bin'), join(folder, 'linked'));
  expect(findJdk({ PATH: join(folder, 'linked') }, []).home).toBe(fitting);
});

test('search for a JDK: an old JAVA_HOME and an old java of the PATH are passed over for the newest of the shelf', () => {
  expect(findJdk({ JAVA_HOME: old, PATH: join(old, 'bin') }, [shelf]).home).toBe(newest);
});

test('search for a JDK: a JDK without a release file is asked for its version', () => {
  const home = jdk(join(folder, 'untold'), { java: `echo 'openjdk version "22.0.1" 2024-04-16' >&2` });
  expect(findJdk({ JAVA_HOME: home, PATH: '' }, [])).toEqual({ home, version: '22.0.1', major: 22 });
});

test('search for a JDK: the shim of a version manager is asked where its JDK is', () => {
  program(join(folder, 'shims', 'java'), `echo '    java.home = ${fitting}' >&2`);
  expect(findJdk({ PATH: join(folder, 'shims') }, []).home).toBe(fitting);
});

test('search for a JDK: without a JDK that does, every Java found is named with what is wrong with it', async () => {
  const runtime = jdk(join(folder, 'jre-21'), { release: '21.0.2', compiler: false });
  const ancient = jdk(join(folder, 'shelf', 'java-8'), { release: '1.8.0_412' });
  const mute = jdk(join(folder, 'mute'), {});
  const env = { JAVA_HOME: runtime, PATH: `${join(old, 'bin')}:${join(mute, 'bin')}` };
  expect(ancient).toContain('java-8');
  expect(await messageOf(() => findJdk(env, [join(folder, 'shelf')]), folder)).toMatchInlineSnapshot(`
   "the embedded engine needs a JDK 21 or newer; found only <folder>/jre-21 (JAVA_HOME): version 21.0.2, but a runtime without the compiler (no bin/javac); <folder>/jvm/java-17 (PATH): version 17.0.15; <folder>/mute (PATH): does not tell its version; <folder>/shelf/java-8 (<folder>/shelf): version 1.8.0_412
     Install a JDK 21 or newer, or set JAVA_HOME to one. Looked at: JAVA_HOME, PATH, <folder>/shelf."
  `);
});

test('search for a JDK: without any Java, the places that were looked at are named', async () => {
  const empty = join(folder, 'nothing');
  expect(await messageOf(() => findJdk({ PATH: empty }, [empty]), folder)).toMatchInlineSnapshot(`
   "the embedded engine needs a JDK 21 or newer; no Java was found
     Install a JDK 21 or newer, or set JAVA_HOME to one. Looked at: JAVA_HOME, PATH, <folder>/nothing."
  `);
});
