import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PROGRAM_FOLDER } from '../../src/program';
import { cli } from '../support/cli';

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

/** How each kind is given, to the cluster and to Kibana alike. */
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

let server: Server;
let url: string;
let folder: string;
let stalled: (() => void) | undefined;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'secrets-'));
  for (const part of ['pipelines', 'mappings', 'rules']) mkdirSync(join(folder, 'broken', part), { recursive: true });
  writeFileSync(join(folder, 'broken', 'pipelines', 'x.yml'), 'processors: [');
  writeFileSync(join(folder, 'broken', 'rules', 'x.yml'), 'title: x\n');
  server = createServer((request, response) => {
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
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
  rmSync(folder, { recursive: true });
});

function found(text: string): string[] {
  return SECRETS.filter((secret) => text.includes(secret));
}

test.each(Object.entries(KINDS))('%s: in no error is it shown', async (_, given) => {
  writeFileSync(join(folder, 'wmi-detections.yml'), 'namespace: soc\n');
  const ended = await Promise.all(
    CODES.map(async ([code, mode, args]) => {
      const base = mode === '' ? url : `${url}/${mode}`;
      // Without Java and Maven, what the engine needs is missing.
      const bare = code === 'ENGINE' ? { PATH: '/nowhere', JAVA_HOME: '', HOME: folder, XDG_CACHE_HOME: folder } : {};
      const env = { WMI_DETECTIONS_ES_URL: base, ...given(base), ...bare };
      return { code, ...(await cli(args, { env, cwd: folder })) };
    }),
  );
  for (const { code, status, stdout, stderr } of ended) {
    expect([code, found(stdout), found(stderr)]).toEqual([code, [], []]);
    // Each is the error that it is meant to be, or nothing was proven.
    expect([code, status]).toEqual([code, code.startsWith('CONTENT') || code.startsWith('a check') ? 1 : 2]);
  }
});

test('what was reflected did arrive: without redaction it would be there', async () => {
  const { stderr } = await cli(['plan'], {
    env: { WMI_DETECTIONS_ES_URL: `${url}/403`, WMI_DETECTIONS_ES_API_KEY: KEY },
  });
  expect(stderr).toContain('not allowed (security_exception: ApiKey ***');
});

test('while a command waits, the process list does not hold it, and Ctrl-C shows nothing', async () => {
  const waiting = new Promise<void>((resolve) => (stalled = resolve));
  const env = { ...process.env, WMI_DETECTIONS_ES_URL: `${url}/stall`, ...KINDS['user']?.(url) };
  const child = spawn(process.execPath, [join(PROGRAM_FOLDER, 'dist', 'cli.js'), 'plan'], { env, cwd: folder });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (said += chunk.toString()));
  await waiting;
  const list = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((pid) => {
      try {
        return readFileSync(join('/proc', pid, 'cmdline'), 'utf8');
      } catch {
        return ''; // It has ended meanwhile.
      }
    });
  child.kill('SIGINT');
  child.kill('SIGTERM');
  await once(child, 'close');
  expect(list.some((line) => line.includes('cli.js'))).toBe(true);
  expect(found(list.join('\n'))).toEqual([]);
  expect(found(said)).toEqual([]);
});
