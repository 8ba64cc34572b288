import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { pbkdf2Sync, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import {
  chmodSync,
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { findJdk } from '../../src/engine/jdk';
import type { Authority, Signed } from './certificates';
import { VERSION } from './elasticsearch-distribution';

const NOBODY = 65534;
const ADMIN = { username: 'admin', password: 'only-for-this-test' } as const;

/** Milliseconds; 25 s are usual, several times that on a busy machine. */
const LONGEST_START = 400_000;

export interface ElasticsearchNode {
  /** The node itself, without the proxy. */
  readonly url: string;
  /** A superuser; without security there is none. */
  readonly admin?: typeof ADMIN | undefined;
  /** Replaces the certificate that it shows; it takes some seconds until it does. */
  readonly show: (signed: Signed) => void;
  readonly stop: () => Promise<void>;
}

/**
 * Starts a node on loopback that ends with this process, however that ends. It does not run as root, so it is then started as nobody.
 * @param distribution its folder
 * @param authority signs its certificate, for 127.0.0.1 and no other name; security is on where it is given
 * @throws Error with the end of the node's output when it does not start
 */
export async function startElasticsearch(distribution: string, authority?: Authority): Promise<ElasticsearchNode> {
  const folder = mkdtempSync(join(tmpdir(), 'elasticsearch-'));
  const program = readableProgram(folder, distribution);
  configure(folder, program, authority !== undefined);
  const show = ({ certificate, key }: Signed): void => {
    writeFileSync(join(folder, 'config', 'http.crt'), readFileSync(certificate));
    writeFileSync(join(folder, 'config', 'http.key'), readFileSync(key));
    own(folder);
  };
  if (authority === undefined) own(folder);
  else show(authority.sign('node', 'IP:127.0.0.1'));
  const child = launch(folder, program);
  const stop = async (): Promise<void> => {
    if (child.exitCode === null && child.signalCode === null) {
      child.kill('SIGTERM');
      await once(child, 'exit');
    }
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    const address = await addressOf(folder, child);
    const scheme = authority === undefined ? 'http' : 'https';
    return { url: `${scheme}://${address}`, show, stop, ...(authority !== undefined && { admin: ADMIN }) };
  } catch (error) {
    child.kill('SIGKILL');
    rmSync(folder, { recursive: true, force: true });
    throw error;
  }
}

const isRoot = process.getuid?.() === 0;

/** The distribution where nobody can read it: the cache of root lies in a folder that only root may enter. */
function readableProgram(folder: string, distribution: string): string {
  if (!isRoot) return distribution;
  const program = join(folder, 'program');
  // Links take no room and no time; another file system refuses them.
  if (spawnSync('cp', ['-rl', distribution, program]).status !== 0) cpSync(distribution, program, { recursive: true });
  return program;
}

/** What the node writes. */
const WRITTEN = ['config', 'data', 'logs', 'tmp'];

function configure(folder: string, program: string, isSecure: boolean): void {
  const config = join(folder, 'config');
  for (const part of WRITTEN) mkdirSync(join(folder, part));
  for (const file of ['log4j2.properties', 'role_mapping.yml', 'roles.yml']) {
    const from = join(program, 'config', file);
    if (existsSync(from)) copyFileSync(from, join(config, file));
  }
  // Its own options choose the collector for large heaps and log each collection.
  const options = ['-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1', `-Djava.io.tmpdir=${join(folder, 'tmp')}`];
  writeFileSync(join(config, 'jvm.options'), options.map((option) => `${option}\n`).join(''));
  const settings = {
    'path.data': join(folder, 'data'),
    'path.logs': join(folder, 'logs'),
    'network.host': '127.0.0.1',
    // Chosen by the node, which writes them into the folder of the logs.
    'http.port': 0,
    'transport.port': 0,
    'node.portsfile': true,
    'discovery.type': 'single-node',
    'cluster.routing.allocation.disk.threshold_enabled': false,
    // Data streams cannot be deleted there: each test leaves its own.
    'cluster.max_shards_per_node': 10_000,
    'xpack.security.enabled': isSecure,
    ...(isSecure && {
      'xpack.security.autoconfiguration.enabled': false,
      'xpack.security.http.ssl.enabled': true,
      'xpack.security.http.ssl.certificate': 'http.crt',
      'xpack.security.http.ssl.key': 'http.key',
      'resource.reload.interval.high': '1s',
    }),
  };
  writeFileSync(join(config, 'elasticsearch.yml'), JSON.stringify(settings));
  writeFileSync(join(config, 'users'), `${ADMIN.username}:${hashed(ADMIN.password)}\n`);
  writeFileSync(join(config, 'users_roles'), `superuser:${ADMIN.username}\n`);
}

/** As the file realm keeps passwords. */
function hashed(password: string): string {
  const salt = randomBytes(32);
  const hash = pbkdf2Sync(password, salt, 10_000, 32, 'sha512');
  return `{PBKDF2}10000$${salt.toString('base64')}$${hash.toString('base64')}`;
}

/** What the node writes becomes nobody's. */
function own(folder: string): void {
  chmodSync(folder, 0o755);
  const parts = WRITTEN.map((part) => join(folder, part));
  if (isRoot) spawnSync('chown', ['-R', `${NOBODY}:${NOBODY}`, ...parts]);
}

function launch(folder: string, program: string): ChildProcess {
  const java = join(findJdk(process.env).home, 'bin', 'java');
  const asNobody = [`--reuid=${NOBODY}`, `--regid=${NOBODY}`, '--clear-groups'];
  // Elasticsearch ends when its launcher does, and the launcher with this process.
  const args = [...(isRoot ? asNobody : []), '--pdeathsig=KILL', java, '-Xmx64m', '-XX:+UseSerialGC'];
  const env = {
    PATH: process.env['PATH'],
    HOME: folder,
    HOSTNAME: 'localhost',
    JAVA: java,
    JAVA_TYPE: 'ES_JAVA_HOME',
    ES_JAVA_HOME: findJdk(process.env).home,
    ES_HOME: program,
    ES_PATH_CONF: join(folder, 'config'),
    ES_DISTRIBUTION_TYPE: 'zip',
    ES_JAVA_OPTS: '-Xms512m -Xmx512m',
  };
  const script = 'exec setpriv "$@" > "$OUTPUT" 2>&1';
  return spawn('sh', ['-c', script, 'sh', ...args, ...mainOf(folder, program)], {
    env: { ...env, OUTPUT: outputOf(folder) },
    cwd: program,
    stdio: 'ignore',
  });
}

/** The program that starts the server: a launcher of its own in Elasticsearch 9, a command of the common one before. */
function mainOf(folder: string, program: string): string[] {
  const lib = join(program, 'lib');
  if (existsSync(join(lib, 'tools', 'server-launcher'))) {
    return ['-cp', join(lib, 'tools', 'server-launcher', '*'), 'org.elasticsearch.server.launcher.ServerLauncher'];
  }
  return [
    ...['-Dcli.name=server', '-Dcli.libs=lib/tools/server-cli', `-Des.path.home=${program}`],
    ...[`-Des.path.conf=${join(folder, 'config')}`, '-Des.distribution.type=zip'],
    ...[
      '-cp',
      [join(lib, '*'), join(lib, 'cli-launcher', '*')].join(':'),
      'org.elasticsearch.launcher.CliToolLauncher',
    ],
  ];
}

function outputOf(folder: string): string {
  return join(folder, 'output.log');
}

/** Host and port, as soon as the node listens there. */
async function addressOf(folder: string, child: ChildProcess): Promise<string> {
  const end = Date.now() + LONGEST_START;
  const logs = join(folder, 'logs');
  for (;;) {
    if (readdirSync(logs).includes('http.ports')) {
      const address = /^127\.0\.0\.1:\d+$/m.exec(readFileSync(join(logs, 'http.ports'), 'utf8'))?.[0];
      if (address !== undefined) return address;
    }
    if (child.exitCode !== null || child.signalCode !== null || Date.now() > end) {
      const said = readFileSync(outputOf(folder), 'utf8').slice(-2_000);
      throw new Error(`Elasticsearch ${VERSION} did not start: ${said}`);
    }
    await wait(200);
  }
}
