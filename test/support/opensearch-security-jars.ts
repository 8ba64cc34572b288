import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { cacheOf } from '../../src/engine/cache';
import { findJdk } from '../../src/engine/jdk';
import { findMaven } from '../../src/engine/jars';

/**
 * What Maven Central has both of, OpenSearch (with the runner that starts it) and its security plugin: of 3 nothing newer, of
 * 2.19 not the same patch. It has no Alerting.
 */
const RELEASES = {
  '3.4.0': { runner: '3.4.0.0', plugin: '3.4.0.0' },
  '2.19.1': { runner: '2.19.1.0', plugin: '2.19.4.0' },
} as const;

/** The newest, unless TEST_OPENSEARCH names the other. */
export const VERSION = (process.env['TEST_OPENSEARCH'] ?? '3.4.0') as keyof typeof RELEASES;
/** Where pom.xml and SecuredNode.java lie. */
export const SOURCES = join(__dirname, 'opensearch-security');
const GOAL = 'org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies';

/** The folder with the jars of the node and of the plugin, or why there is none. */
type Jars = { readonly folder: string } | { readonly lack: string };

/** Fetches OpenSearch and the plugin with Maven, which holds them against their checksums, once for all times. */
export function securedJars(): Jars {
  const shelf = join(cacheOf(process.env).root, '..', 'opensearch-tests');
  const folder = join(shelf, `security-${VERSION}`);
  try {
    if (spawnSync('openssl', ['version']).status !== 0)
      return { lack: 'openssl, which makes its certificates, is not here' };
    const { home } = findJdk(process.env);
    if (existsSync(folder)) return { folder };
    mkdirSync(shelf, { recursive: true });
    const { runner, plugin } = RELEASES[VERSION];
    const fetched = mkdtempSync(join(shelf, 'fetch-'));
    try {
      const given = [`-Drunner=${runner}`, `-Dplugin=${plugin}`, `-DoutputDirectory=${fetched}`];
      const args = ['-B', '-q', '-C', '-f', join(SOURCES, 'pom.xml'), GOAL, ...given];
      const env = { ...process.env, JAVA_HOME: home };
      const { status, stdout } = spawnSync(findMaven(process.env), args, { env, encoding: 'utf8', cwd: shelf });
      if (status !== 0) return { lack: `Maven could not fetch them: ${stdout.slice(0, 500)}` };
      const unpacked = join(fetched, 'plugin');
      mkdirSync(unpacked);
      const zip = join(fetched, `opensearch-security-${plugin}.zip`);
      if (spawnSync(join(home, 'bin', 'jar'), ['-xf', zip], { cwd: unpacked }).status !== 0)
        return { lack: 'the archive of the plugin could not be unpacked' };
      rmSync(zip);
      if (!existsSync(folder)) renameSync(fetched, folder);
      return { folder };
    } finally {
      rmSync(fetched, { recursive: true, force: true });
    }
  } catch (error) {
    return { lack: (error as Error).message };
  }
}
