import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { pbkdf2Sync, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { chmodSync, cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ElasticsearchRole } from '../../src/doctor/roles';
import { cacheOf } from '../../src/engine/cache';
import { findJdk } from '../../src/engine/jdk';
import { findMaven } from '../../src/engine/jars';
import { freePorts } from '../../src/engine/start-node';
import type { Access } from '../../src/settings';
import { createClient } from '../../src/cluster/client';
import type { Cluster } from '../../src/cluster/cluster';
import type { Authority, Signed } from './certificates';
import { becomesReady } from './node-ready';

/*
 * A real Elasticsearch with security: the distribution that Elastic publishes on Maven Central for integration tests. It
 * has users, roles, API keys, templates and TLS, but no processors, most mapping types are missing, and `GET /` is not there.
 * What is tried on it are privileges and TLS, never content. It does not run as root, so it is started as nobody.
 */
export const VERSION = '8.19.21';
const ARTIFACT = `org.elasticsearch.distribution.integ-test-zip:elasticsearch:${VERSION}:zip`;
const GOAL = 'org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy';
const NOBODY = 65534;

const PASSWORD = 'only-for-this-test';

export interface ElasticsearchNode {
  readonly url: string;
  readonly port: number;
  /** The administrator's view. */
  readonly admin: Cluster;
  /** Somebody's view. */
  readonly as: (access: Access) => Cluster;
  /** Replaces the certificate that it shows; it takes some seconds until it does. */
  readonly show: (signed: Signed) => void;
  readonly stop: () => Promise<void>;
}

/** The downloaded distribution, or why there is none. */
export type Distribution = { readonly zip: string } | { readonly lack: string };

/** A user of the node: `admin`, or one of those that it was started with. */
export function userOf(username: string): Access {
  return { username, password: PASSWORD };
}

/** Fetches the distribution with Maven, once for all times. */
export function elasticsearchDistribution(): Distribution {
  const folder = join(cacheOf(process.env).root, '..', 'elasticsearch-tests');
  const zip = join(folder, `elasticsearch-${VERSION}.zip`);
  try {
    if (process.platform !== 'linux') return { lack: 'it is started as another user by setpriv, which only Linux has' };
    if (process.getuid?.() === 0 && spawnSync('setpriv', ['--version']).status !== 0) {
      return { lack: 'it does not run as root, and setpriv (util-linux) is not here' };
    }
    if (spawnSync('openssl', ['version']).status !== 0)
      return { lack: 'openssl, which makes its certificates, is not here' };
    const { home } = findJdk(process.env);
    if (existsSync(zip)) return { zip };
    mkdirSync(folder, { recursive: true });
    const args = ['-B', '-q', '-C', GOAL, `-Dartifact=${ARTIFACT}`, `-DoutputDirectory=${folder}`];
    const env = { ...process.env, JAVA_HOME: home };
    const { status, stdout } = spawnSync(findMaven(process.env), args, { env, encoding: 'utf8', cwd: folder });
    return status === 0 && existsSync(zip)
      ? { zip }
      : { lack: `Maven could not fetch ${ARTIFACT}: ${stdout.slice(0, 500)}` };
  } catch (error) {
    return { lack: (error as Error).message };
  }
}

/**
 * Starts a node on loopback that ends with this process, however that ends.
 * @param authority signs its certificate, for 127.0.0.1 and no other name
 * @param roles each is a role of one user, who has its name. They are written as files: this distribution lacks what the
 *   index of roles and API keys is analysed with
 */
export async function startElasticsearch(
  zip: string,
  authority: Authority,
  roles: Readonly<Record<string, ElasticsearchRole>> = {},
): Promise<ElasticsearchNode> {
  const folder = mkdtempSync(join(tmpdir(), 'elasticsearch-'));
  const { home } = findJdk(process.env);
  const [port = 0, transport = 0] = await freePorts(2);
  spawnSync(join(home, 'bin', 'jar'), ['-xf', zip], { cwd: folder });
  const program = join(folder, `elasticsearch-${VERSION}`);
  configure(folder, program, { port, transport }, roles);
  const show = ({ certificate, key }: Signed): void => {
    for (const [from, to] of [
      [certificate, 'http.crt'],
      [key, 'http.key'],
    ] as const) {
      writeFileSync(join(folder, 'config', to), readFileSync(from));
    }
    own(folder);
  };
  show(authority.sign('node', 'IP:127.0.0.1'));
  const child = launch(folder, program, home);
  const url = `https://127.0.0.1:${port}`;
  const ca = readFileSync(authority.certificate, 'utf8');
  const as = (access: Access): Cluster => {
    const connection = { url, ca, ...access };
    return { url, product: 'elasticsearch', version: VERSION, client: createClient(connection) };
  };
  const stop = async (): Promise<void> => {
    if (child.exitCode === null) {
      child.kill('SIGTERM');
      await once(child, 'exit');
    }
    rmSync(folder, { recursive: true, force: true });
  };
  const admin = as(userOf('admin'));
  try {
    await becomesReady(admin, '/_security/_authenticate', child, join(folder, 'output.log'));
  } catch (error) {
    child.kill('SIGKILL');
    rmSync(folder, { recursive: true, force: true });
    throw error;
  }
  return { url, port, admin, as, show, stop };
}

function configure(
  folder: string,
  program: string,
  ports: { port: number; transport: number },
  roles: Readonly<Record<string, ElasticsearchRole>>,
): void {
  const config = join(folder, 'config');
  for (const part of ['data', 'logs', 'tmp']) mkdirSync(join(folder, part));
  cpSync(join(program, 'config'), config, { recursive: true });
  const settings = {
    'discovery.type': 'single-node',
    'network.host': '127.0.0.1',
    'http.port': ports.port,
    'transport.port': ports.transport,
    'path.data': join(folder, 'data'),
    'path.logs': join(folder, 'logs'),
    'xpack.security.enabled': true,
    'xpack.security.autoconfiguration.enabled': false,
    'xpack.security.http.ssl.enabled': true,
    'xpack.security.http.ssl.certificate': 'http.crt',
    'xpack.security.http.ssl.key': 'http.key',
    'resource.reload.interval.high': '1s',
  };
  writeFileSync(join(config, 'elasticsearch.yml'), JSON.stringify(settings));
  const users = Object.keys(roles);
  const hash = hashed(PASSWORD);
  // A line each: the file is taken apart by lines before it is read as YAML.
  const lines = Object.entries(roles).map(([name, role]) => `${name}: ${JSON.stringify(role)}\n`);
  writeFileSync(join(config, 'roles.yml'), lines.join(''));
  writeFileSync(join(config, 'users'), ['admin', ...users].map((user) => `${user}:${hash}\n`).join(''));
  writeFileSync(join(config, 'users_roles'), ['superuser:admin', ...users.map((user) => `${user}:${user}`)].join('\n'));
}

/** As the file realm keeps passwords. */
function hashed(password: string): string {
  const salt = randomBytes(32);
  const hash = pbkdf2Sync(password, salt, 10_000, 32, 'sha512');
  return `{PBKDF2}10000$${salt.toString('base64')}$${hash.toString('base64')}`;
}

/** Everything in the folder becomes nobody's, who must be able to write there. */
function own(folder: string): void {
  chmodSync(folder, 0o755);
  if (process.getuid?.() === 0) spawnSync('chown', ['-R', `${NOBODY}:${NOBODY}`, folder]);
}

function launch(folder: string, program: string, home: string): ChildProcess {
  const script = join(program, 'bin', 'elasticsearch');
  chmodSync(script, 0o755);
  const asNobody = [`--reuid=${NOBODY}`, `--regid=${NOBODY}`, '--clear-groups'];
  // Elasticsearch ends when its launcher does, and the launcher with this process.
  const args = [...(process.getuid?.() === 0 ? asNobody : []), '--pdeathsig=KILL', 'bash', script];
  const env = {
    PATH: process.env['PATH'],
    ES_PATH_CONF: join(folder, 'config'),
    ES_JAVA_HOME: home,
    ES_JAVA_OPTS: '-Xms512m -Xmx512m -XX:TieredStopAtLevel=1',
    ES_TMPDIR: join(folder, 'tmp'),
  };
  const output = join(folder, 'output.log');
  return spawn('sh', ['-c', `exec setpriv "$@" > ${output} 2>&1`, 'sh', ...args], {
    env,
    cwd: folder,
    stdio: 'ignore',
  });
}
