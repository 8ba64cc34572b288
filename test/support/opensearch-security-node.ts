import { spawn, type ChildProcess, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  closeSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  writeFileSync,
  existsSync,
  renameSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import type { OpenSearchRole } from '../../src/doctor/roles';
import { findJdk } from '../../src/engine/jdk';
import { freePorts } from '../../src/engine/start-node';
import { createClient } from '../../src/cluster/client';
import type { Cluster } from '../../src/cluster/cluster';
import type { Authority } from './certificates';
import { becomesReady } from './node-ready';
import { cacheOf } from '../../src/engine/cache';
import { findMaven } from '../../src/engine/jars';

const PASSWORD = 'only-for-this-test';

/** The same by bcrypt, of the least cost: every new user's first request waits for it. */
const HASH = '$2y$04$abcdefghijklmnopqrstuuksBkI1YOOqxWRoEu7YcL.Xb.fRlWgPa';

export interface SecuredNode {
  readonly url: string;
  /** The administrator's view. */
  readonly admin: Cluster;
  /** Environment of a command that this user gives. */
  readonly environmentOf: (user: string) => Record<string, string>;
  readonly as: (user: string) => Cluster;
  /** Makes roles, and for each a user of the same name who has it and nothing else. */
  readonly createUsers: (roles: Readonly<Record<string, OpenSearchRole>>) => Promise<void>;
  readonly stop: () => Promise<void>;
}

/**
 * Starts a node on loopback that ends with this process, however that ends.
 * @param authority signs its certificate, for 127.0.0.1 and no other name
 */
export async function startSecured(jars: string, authority: Authority): Promise<SecuredNode> {
  const folder = mkdtempSync(join(tmpdir(), 'opensearch-'));
  const [port = 0, transport = 0] = await freePorts(2);
  configure(join(folder, 'node_1', 'config'), authority);
  const child = launch(folder, jars, [port, transport]);
  const url = `https://127.0.0.1:${port}`;
  const ca = readFileSync(authority.certificate, 'utf8');
  const client = createClient({ url, ca, username: 'admin', password: PASSWORD });
  const admin: Cluster = { url, product: 'opensearch', version: VERSION, client };
  const stop = async (): Promise<void> => {
    if (child.exitCode === null) {
      child.stdin?.end();
      await once(child, 'exit');
    }
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    await becomesReady(admin, '/_plugins/_security/authinfo', child, join(folder, 'output.log'));
  } catch (error) {
    await stop();
    throw error;
  }
  return usersOf(admin, authority.certificate, stop);
}

function usersOf(admin: Cluster, ca: string, stop: () => Promise<void>): SecuredNode {
  const { url } = admin;
  const pem = readFileSync(ca, 'utf8');
  return {
    url,
    admin,
    stop,
    environmentOf: (user) => ({
      WMI_DETECTIONS_ES_URL: url,
      WMI_DETECTIONS_ES_CA: ca,
      WMI_DETECTIONS_ES_USERNAME: user,
      WMI_DETECTIONS_ES_PASSWORD: PASSWORD,
    }),
    as: (user) => ({ ...admin, client: createClient({ url, ca: pem, username: user, password: PASSWORD }) }),
    createUsers: async (roles) => {
      await add(admin, 'roles', roles);
      const users = Object.keys(roles).map((name) => [name, { hash: HASH, opendistro_security_roles: [name] }]);
      await add(admin, 'internalusers', Object.fromEntries(users) as Record<string, object>);
    },
  };
}

/** Through the plugin's own REST API, all in one change. */
async function add(admin: Cluster, kind: string, entries: Readonly<Record<string, object>>): Promise<void> {
  const changes = Object.entries(entries).map(([name, value]) => ({ op: 'add', path: `/${name}`, value }));
  // A list of changes, which the requests of the program never are.
  await admin.client.transport.request({ method: 'PATCH', path: `/_plugins/_security/api/${kind}`, body: changes });
}

/** One user, the administrator, and no role for everybody: what the plugin brings gives each user bulk and scroll. */
function configure(config: string, authority: Authority): void {
  const security = join(config, 'opensearch-security');
  mkdirSync(security, { recursive: true });
  const { certificate, key } = authority.sign('node', 'IP:127.0.0.1');
  copyFileSync(certificate, join(config, 'node.crt'));
  copyFileSync(key, join(config, 'node.key'));
  copyFileSync(authority.certificate, join(config, 'ca.crt'));
  const basic = {
    http_enabled: true,
    order: 0,
    http_authenticator: { type: 'basic', challenge: false },
    authentication_backend: { type: 'intern' },
  };
  const files: Record<string, [string, object]> = {
    config: ['config', { config: { dynamic: { authc: { basic } } } }],
    internal_users: ['internalusers', { admin: { hash: HASH, backend_roles: ['admin'] } }],
    roles_mapping: ['rolesmapping', { all_access: { backend_roles: ['admin'] } }],
    roles: ['roles', {}],
    action_groups: ['actiongroups', {}],
    tenants: ['tenants', {}],
    nodes_dn: ['nodesdn', {}],
    allowlist: ['allowlist', { config: { enabled: false } }],
    audit: ['audit', { config: { enabled: false } }],
  };
  for (const [file, [type, content]] of Object.entries(files)) {
    const body = { _meta: { type, config_version: 2 }, ...content };
    writeFileSync(join(security, `${file}.yml`), JSON.stringify(body));
  }
}

function launch(folder: string, jars: string, ports: readonly number[]): ChildProcess {
  const { home } = findJdk(process.env);
  mkdirSync(join(folder, 'tmp'));
  const log = openSync(join(folder, 'output.log'), 'w');
  const args = [
    ...[
      '-Xmx768m',
      '-XX:+UseSerialGC',
      '-XX:TieredStopAtLevel=1',
      '-Xlog:disable',
      '--enable-native-access=ALL-UNNAMED',
    ],
    `-Djava.io.tmpdir=${join(folder, 'tmp')}`,
    // The node's own jars first: the plugin brings some of them in other versions.
    ...['-cp', [join(jars, '*'), join(jars, 'plugin', '*')].join(delimiter), join(SOURCES, 'SecuredNode.java')],
    ...[folder, ...ports.map(String)],
  ];
  const child = spawn(join(home, 'bin', 'java'), args, { stdio: ['pipe', log, log] });
  closeSync(log);
  return child;
}

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
