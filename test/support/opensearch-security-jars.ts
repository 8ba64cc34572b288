import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { cacheOf } from '../../src/engine/cache';
import { findJdk } from '../../src/engine/jdk';
import { findMaven } from '../../src/engine/maven';

/*
 * OpenSearch with its security plugin, for opensearch-security-node.ts. 3.4.0 is the newest version of which Maven Central has
 * both; of Alerting it has none.
 */
export const VERSION = '3.4.0';
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
    const fetched = mkdtempSync(join(shelf, 'fetch-'));
    try {
      const args = ['-B', '-q', '-C', '-f', join(SOURCES, 'pom.xml'), GOAL, `-DoutputDirectory=${fetched}`];
      const env = { ...process.env, JAVA_HOME: home };
      const { status, stdout } = spawnSync(findMaven(process.env), args, { env, encoding: 'utf8', cwd: shelf });
      if (status !== 0) return { lack: `Maven could not fetch them: ${stdout.slice(0, 500)}` };
      const plugin = join(fetched, 'plugin');
      mkdirSync(plugin);
      const zip = join(fetched, `opensearch-security-${VERSION}.0.zip`);
      if (spawnSync(join(home, 'bin', 'jar'), ['-xf', zip], { cwd: plugin }).status !== 0)
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
