import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { cli, startCli } from '../support/cli';
import { listening, type Listening } from '../support/listening';
import { proxy } from '../support/proxy';
import { clear, freshNamespace } from '../support/dataset';
import { testCluster } from '../support/cluster';

/*
 * No secret in any output: every error that a command can end with, with every kind of credential, against a cluster that
 * says back whatever it was sent, in every form. What is printed is searched for the secret and for what it is made of.
 */
const KEY = 'VnVhQ2ZHY0JDZGJrUW0tZTVhT3g6dWkybHAyYXhUTm1zeWFrdzl0dk5udw==';
const [, KEY_PART = ''] = Buffer.from(KEY, 'base64').toString().split(':');
const PASSWORD = 'correct horse/battery+staple';
const TOKEN = 'eyJhbGciOiJIUzI1NiJ9.c2VjcmV0LXRva2Vu.x-y_z0123456789';
const BASIC = Buffer.from(`ines:${PASSWORD}`).toString('base64');
const SECRETS = [KEY, KEY_PART, PASSWORD, encodeURIComponent(PASSWORD), BASIC, TOKEN, 'wJalrXUtnFEMI'];

type Env = Record<string, string>;

/** How each kind is given to the cluster. */
const KINDS: Readonly<Record<string, (url: string) => Env>> = {
  'API key': () => ({ WMI_DETECTIONS_ES_API_KEY: KEY }),
  user: () => ({ WMI_DETECTIONS_ES_USERNAME: 'ines', WMI_DETECTIONS_ES_PASSWORD: PASSWORD }),
  'bearer token': () => ({ WMI_DETECTIONS_ES_BEARER_TOKEN: TOKEN }),
  'service token': () => ({ WMI_DETECTIONS_ES_SERVICE_TOKEN: TOKEN }),
  'user in the URL': (url) => ({ WMI_DETECTIONS_ES_URL: url.replace('//', `//ines:${encodeURIComponent(PASSWORD)}@`) }),
  AWS: () => ({
    WMI_DETECTIONS_ES_AWS_SERVICE: 'es',
    WMI_DETECTIONS_ES_AWS_REGION: 'eu-west-1',
    AWS_ACCESS_KEY_ID: 'AKIDEXAMPLE',
    AWS_SECRET_ACCESS_KEY: 'wJalrXUtnFEMI',
    AWS_SESSION_TOKEN: TOKEN,
  }),
  'file that the settings name': () => ({}),
  proxy: () => ({ HTTP_PROXY: `http://ines:${encodeURIComponent(PASSWORD)}@127.0.0.1:1` }),
};

/** The error codes, each with what ends in it: a mode of the server, or arguments. */
const CODES: readonly (readonly [string, string, readonly string[]])[] = [
  ['USAGE', 'fine', ['run', '--from', 'tomorrow-ish']],
  ['SETTINGS', '', ['plan', '--namespace', 'Not One']],
  ['INPUT', 'fine', ['replay', 'no-such-file.json']],
  ['CONTENT_INVALID', '', ['validate', '--content', 'broken']],
  ['UNAUTHORIZED', '401', ['plan']],
  ['FORBIDDEN', '403', ['plan']],
  ['NOT_A_SEARCH_ENGINE', 'other', ['plan']],
  ['READ_ONLY', 'readonly', ['plan']],
  ['REFUSED', '500', ['plan']],
  ['a check of doctor', '401', ['doctor', '--output', 'json']],
  ['UNREACHABLE', 'hangup', ['status']],
  ['UNSAFE', 'fine', ['init']],
  ['ENGINE', '', ['engine', 'start']],
];

/** How each kind is given to Kibana. */
const KIBANA_KINDS: Readonly<Record<string, Env>> = {
  'API key': { WMI_DETECTIONS_KIBANA_API_KEY: KEY },
  user: { WMI_DETECTIONS_KIBANA_USERNAME: 'ines', WMI_DETECTIONS_KIBANA_PASSWORD: PASSWORD },
  'bearer token': { WMI_DETECTIONS_KIBANA_BEARER_TOKEN: TOKEN },
  'file that the settings name': {},
};

/** The settings file, with a reference to a secret where that is the kind. */
function settingsFor(kind: string, product: 'elasticsearch' | 'kibana'): string {
  const reference = `${product}:\n  api_key: file:key.txt\n`;
  return `namespace: soc\n${kind.startsWith('file') ? reference : ''}`;
}

/** More of them at once would only wait for each other. */
const AT_ONCE = 3;

async function fewAtOnce<T, R>(items: readonly T[], act: (item: T) => Promise<R>): Promise<R[]> {
  const waiting = [...items];
  const results: R[] = [];
  const worker = async (): Promise<void> => {
    for (let item = waiting.shift(); item !== undefined; item = waiting.shift()) results.push(await act(item));
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  return results;
}

let server: Listening;
let url: string;
let folder: string;
let stalled: (() => void) | undefined;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'secrets-'));
  for (const part of ['pipelines', 'mappings', 'rules']) mkdirSync(join(folder, 'broken', part), { recursive: true });
  writeFileSync(join(folder, 'broken', 'pipelines', 'x.yml'), 'processors: [');
  writeFileSync(join(folder, 'broken', 'rules', 'x.yml'), 'title: x\n');
  writeFileSync(join(folder, 'key.txt'), `${KEY}\n`);
  const answering = createServer((request, response) => {
    const [, mode = ''] = (request.url ?? '').split('/');
    const { authorization = '' } = request.headers;
    const [, encoded = ''] = authorization.split(' ');
    const said = `${authorization} | ${encoded} | ${Buffer.from(encoded, 'base64').toString()} | ${JSON.stringify(request.headers)}`;
    if (mode === 'hangup') request.socket.destroy();
    if (mode === 'stall') stalled?.();
    if (mode === 'hangup' || mode === 'stall') return;
    const type = mode === 'readonly' ? 'cluster_block_exception' : 'security_exception';
    const body =
      mode === 'other'
        ? { said }
        : mode === 'fine'
          ? { version: { number: '3.8.0', distribution: 'opensearch' } }
          : { error: { type, reason: said, root_cause: [{ type, reason: said }] } };
    const status = mode === 'readonly' ? 403 : Number(/^\d{3}$/.exec(mode)?.[0] ?? 200);
    response.writeHead(status, {
      'content-type': 'application/json',
      'x-elastic-product': said.replace(/[^ -~]/g, ''),
    });
    response.end(JSON.stringify(body));
  });
  server = await listening(answering);
  url = server.url;
});
afterAll(async () => {
  await server.close();
  rmSync(folder, { recursive: true });
});

function found(text: string): string[] {
  return SECRETS.filter((secret) => text.includes(secret));
}

test.each(Object.entries(KINDS))('secrets: no error shows %s', async (kind, given) => {
  writeFileSync(join(folder, 'wmi-detections.yml'), settingsFor(kind, 'elasticsearch'));
  const ended = await fewAtOnce(CODES, async ([code, mode, args]) => {
    const base = mode === '' ? url : `${url}/${mode}`;
    // Without Java and Maven, what the engine needs is missing.
    const bare = code === 'ENGINE' ? { PATH: '/nowhere', JAVA_HOME: '', HOME: folder, XDG_CACHE_HOME: folder } : {};
    const env = { WMI_DETECTIONS_ES_URL: base, ...given(base), ...bare };
    return { code, ...(await cli(args, { env, cwd: folder })) };
  });
  for (const { code, status, stdout, stderr } of ended) {
    expect([code, found(stdout), found(stderr)]).toEqual([code, [], []]);
    // Each is the error that it is meant to be, or nothing was proven.
    expect([code, status]).toEqual([code, code.startsWith('CONTENT') || code.startsWith('a check') ? 1 : 2]);
  }
});

test.each(Object.entries(KIBANA_KINDS))('secrets: no error shows %s of Kibana', async (kind, given) => {
  writeFileSync(join(folder, 'wmi-detections.yml'), settingsFor(kind, 'kibana'));
  const ended = await fewAtOnce(['401', '403', '500', 'other', 'hangup'], async (mode) => {
    const urls = { WMI_DETECTIONS_ES_URL: `${url}/fine`, WMI_DETECTIONS_KIBANA_URL: `${url}/${mode}` };
    return { mode, ...(await cli(['plan', '--scheduler', 'kibana'], { env: { ...urls, ...given }, cwd: folder })) };
  });
  for (const { mode, status, stdout, stderr } of ended) {
    expect([mode, found(stdout), found(stderr)]).toEqual([mode, [], []]);
    expect([mode, status, stderr.includes(`${url}/${mode}`)]).toEqual([mode, 2, true]);
  }
});

test.each(Object.entries(KINDS).filter(([kind]) => kind !== 'proxy'))(
  'secrets: neither an interrupted command nor the process list shows %s',
  async (kind, given) => {
    writeFileSync(join(folder, 'wmi-detections.yml'), settingsFor(kind, 'elasticsearch'));
    const base = `${url}/stall`;
    const waiting = new Promise<void>((resolve) => (stalled = resolve));
    const { child, ended } = startCli(['plan'], { env: { WMI_DETECTIONS_ES_URL: base, ...given(base) }, cwd: folder });
    await waiting;
    const list = processes();
    child.kill('SIGINT');
    const { status, stdout, stderr } = await ended;
    expect(list.some((line) => line.includes('cli.js'))).toBe(true);
    expect([found(list.join('\n')), found(stdout), found(stderr)]).toEqual([[], [], []]);
    expect([status, stderr.includes('interrupted')]).toEqual([130, true]);
  },
);

test('secrets: a deploy that ends half done shows no secret', async () => {
  const namespace = freshNamespace();
  const reason = `${KEY} | ApiKey ${KEY} | Basic ${BASIC} | ${PASSWORD} | ${TOKEN}`;
  const body = { error: { type: 'security_exception', reason, root_cause: [{ type: 'security_exception', reason }] } };
  const between = await proxy(await testCluster(), ({ method, path }) =>
    method === 'PUT' && path.includes('/_doc/rule') ? { status: 403, body } : undefined,
  );
  const kinds = Object.entries(KINDS).filter(([kind]) => kind !== 'proxy' && !kind.startsWith('file'));
  for (const [kind, given] of kinds) {
    const env = { WMI_DETECTIONS_ES_URL: between.url, ...given(between.url) };
    const { status, stdout, stderr } = await cli(['deploy', '--yes', '--namespace', namespace], { env });
    const own = found(reason).filter((secret) => JSON.stringify(env).includes(secret));
    expect([kind, status, own.filter((secret) => `${stdout}${stderr}`.includes(secret))]).toEqual([kind, 2, []]);
    expect(stdout).toContain('security_exception');
  }
  between.close();
  await clear(await testCluster(), namespace);
});

test('secrets: would appear without redaction: the reflected text did arrive', async () => {
  const { stderr } = await cli(['plan'], {
    env: { WMI_DETECTIONS_ES_URL: `${url}/403`, WMI_DETECTIONS_ES_API_KEY: KEY },
  });
  expect(stderr).toContain('not allowed (security_exception: ApiKey ***');
});

function processes(): string[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((pid) => {
      try {
        return readFileSync(join('/proc', pid, 'cmdline'), 'utf8');
      } catch {
        return ''; // It has ended meanwhile.
      }
    });
}
