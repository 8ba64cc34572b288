import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { cli } from '../support/cli';
import { listening, type Listening } from '../support/listening';

// What stands here instead of a cluster cannot be had from a real one: no security plugin is embedded, and a wrong program
// at the URL is by its nature not a cluster.
let server: Listening;
let answer: { status: number; type: string; body: string };
let url: string;
let seen: string[];

beforeAll(async () => {
  const answering = createServer((request, response) => {
    seen.push(`${request.method ?? ''} ${request.url ?? ''}`);
    response.writeHead(answer.status, { 'content-type': answer.type });
    response.end(answer.body);
  });
  server = await listening(answering);
  url = server.url;
});
afterAll(async () => {
  await server.close();
});
beforeEach(() => {
  seen = [];
});

async function message(args: string[], env: Record<string, string> = {}): Promise<string> {
  const { status, stdout, stderr } = await cli(args, { env });
  expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
  return stderr.replaceAll(url, '<url>');
}

test('connection from the command line: reports a host that nothing listens on', async () => {
  expect(await message(['plan', '--es-url', 'http://127.0.0.1:1'])).toMatchInlineSnapshot(`
   "error: GET http://127.0.0.1:1/: cannot be reached (connect ECONNREFUSED 127.0.0.1:1)
     Nothing listens there: check host and port, or start the embedded engine with \`wmi-detections engine start\`.
   "
  `);
});

test('connection from the command line: reports a host name that is not known', async () => {
  expect(await message(['plan', '--es-url', 'http://no-such-host.invalid:9200'])).toContain(
    'The host name is not known here: check its spelling.',
  );
});

test('connection from the command line: rejects a web page at the URL after one request', async () => {
  answer = { status: 200, type: 'text/html', body: '<html>Welcome</html>' };
  expect(await message(['deploy', '--es-url', url])).toMatchInlineSnapshot(`
   "error: GET <url>: what answers there is neither Elasticsearch nor OpenSearch
     Give the URL of the cluster itself, usually on port 9200; Kibana and Dashboards (5601) are other programs.
   "
  `);
  expect(seen).toEqual(['GET /']);
});

test('connection from the command line: rejects another JSON service at the URL', async () => {
  answer = { status: 200, type: 'application/json', body: '{"service":"other"}' };
  expect(await message(['deploy', '--es-url', url])).toMatchInlineSnapshot(`
   "error: GET <url>: what answers there is neither Elasticsearch nor OpenSearch
     Give the URL of the cluster itself, usually on port 9200; Kibana and Dashboards (5601) are other programs.
   "
  `);
});

test('connection from the command line: reports wrong credentials', async () => {
  answer = {
    status: 401,
    type: 'application/json',
    body: '{"error":{"type":"security_exception","reason":"unable to authenticate user [x]"},"status":401}',
  };
  const env = { WMI_DETECTIONS_ES_USERNAME: 'x', WMI_DETECTIONS_ES_PASSWORD: 'hunter2secret' };
  const text = await message(['plan', '--es-url', url], env);
  expect(text).toMatchInlineSnapshot(`
   "error: GET <url>/ (401): the credentials were not accepted (security_exception: unable to authenticate user [x])
     Set WMI_DETECTIONS_ES_API_KEY, or WMI_DETECTIONS_ES_USERNAME and WMI_DETECTIONS_ES_PASSWORD, or put them into the settings file.
   "
  `);
  expect(text).not.toContain('hunter2secret');
});

test('connection from the command line: reports https spoken to an http port', async () => {
  expect(await message(['plan', '--es-url', url.replace('http', 'https')])).toContain('is it an http:// port');
});

test('connection from the command line: every command warns that certificates are not verified', async () => {
  answer = { status: 200, type: 'application/json', body: '{"service":"other"}' };
  const folder = mkdtempSync(join(tmpdir(), 'unverified-'));
  const config = join(folder, 'wmi-detections.yml');
  try {
    for (const [verify, warnings] of [
      [false, 1],
      [true, 0],
    ] as const) {
      writeFileSync(config, `elasticsearch:\n  url: ${url}\n  tls: {verify: ${String(verify)}}\n`);
      for (const command of ['plan', 'run', 'alerts']) {
        const text = (await message([command, '--config', config])).replaceAll(folder, '~');
        const found = text.split(
          'warning: ~/wmi-detections.yml:3:3: the certificate of <url> is not verified (tls.verify: false).',
        );
        expect([command, found.length - 1]).toEqual([command, warnings]);
      }
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
});
