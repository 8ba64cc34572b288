import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import type { Cluster } from '../../src/cluster/cluster';
import { request } from '../support/request';
import { cli, type Ended } from '../support/cli';
import { freshNamespace } from '../support/dataset';
import { testCluster } from '../support/cluster';

let cluster: Cluster;
let folder: string;
let namespace: string;

beforeAll(async () => {
  cluster = await testCluster();
  const { status, stderr } = await cli(['deploy'], { env: { WMI_DETECTIONS_ES_URL: cluster.url } });
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
});
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'replay-'));
  namespace = freshNamespace();
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

async function replay(files: string[], input?: string | Buffer): Promise<Ended> {
  const ended = await cli(['replay', ...files, '--namespace', namespace, '--output', 'json'], {
    env: { WMI_DETECTIONS_ES_URL: cluster.url },
    ...(input !== undefined && { input }),
  });
  return { ...ended, stderr: ended.stderr.replaceAll(folder, '~').replaceAll(namespace, '<namespace>') };
}

function file(name: string, content: string | Buffer): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

const EVENT =
  '{"EventID":1,"Channel":"Microsoft-Windows-Sysmon/Operational","SourceName":"Microsoft-Windows-Sysmon","Hostname":"ws-1.example","UtcTime":"2025-03-11 09:00:00.000","Image":"C:\\\\Windows\\\\notepad.exe","CommandLine":"notepad"}';

test('replay from the command line: exits with 0 on a good file, with counts on standard output and nothing on standard error', async () => {
  const { status, stdout, stderr } = await replay([file('a.ndjson', `${EVENT}\n`)]);
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  expect(JSON.parse(stdout)).toEqual({
    read: 1,
    indexed: 1,
    duplicates: 0,
    failed: 0,
    pipelineErrors: 0,
    bySource: { sysmon: 1, windows_security: 0, crowdstrike: 0, unrecognised: 0 },
  });
});

test('replay from the command line: reads standard input and indexes nothing twice', async () => {
  expect(JSON.parse((await replay(['-'], `${EVENT}\n`)).stdout)).toMatchObject({ indexed: 1, duplicates: 0 });
  expect(JSON.parse((await replay(['-'], gzipSync(`${EVENT}\n`))).stdout)).toMatchObject({ indexed: 0, duplicates: 1 });
});

test('replay from the command line: a line that is not JSON is reported with its number and kept; the rest goes on; exit 1', async () => {
  const { status, stdout, stderr } = await replay([
    file('a.ndjson', `${EVENT}\n{"EventID": oops\n${EVENT.replace('ws-1', 'ws-2')}\n`),
  ]);
  expect(status).toBe(1);
  expect(JSON.parse(stdout)).toMatchObject({ read: 3, indexed: 3, failed: 0 });
  expect(stderr).toMatchInlineSnapshot(`
   "~/a.ndjson:2: is not JSON (cut off before its closing brace)
     Kept as text in logs-wmi_detections.unrecognised-<namespace>.
   "
  `);
  await request(cluster, { method: 'POST', path: `/logs-*-${namespace}/_refresh` });
  const { body } = await request<{ hits: { hits: { _source: Record<string, unknown> }[] } }>(cluster, {
    method: 'POST',
    path: `/logs-wmi_detections.unrecognised-${namespace}/_search`,
  });
  expect(JSON.stringify(body.hits.hits)).toContain('oops');
});

test('replay from the command line: an event of an unknown source is indexed as unrecognised, and counted', async () => {
  const { status, stdout } = await replay([file('a.ndjson', '{"hello":"world"}\n')]);
  expect(status).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject({ indexed: 1, bySource: { unrecognised: 1 } });
});

test.each([
  ['missing', () => join(folder, 'nowhere.log')],
  ['empty', () => file('empty.log', '')],
  ['binary', () => file('binary.log', Buffer.from([0, 1, 2, 3, 0, 0, 0, 255, 254, 0, 7, 0, 0, 0]))],
  [
    'an empty folder',
    () => {
      mkdirSync(join(folder, 'void'));
      return join(folder, 'void');
    },
  ],
])('replay from the command line: exits with 2 and sends nothing: %s', async (_name, make) => {
  const { status, stdout, stderr } = await replay([make()]);
  expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
  expect(stderr).toMatchSnapshot();
});

test('replay from the command line: indexes what could be read of a truncated gzip and reports the rest', async () => {
  const lines = Array.from({ length: 2_000 }, (_, index) => EVENT.replace('ws-1', `ws-${index}`)).join('\n');
  const whole = gzipSync(lines);
  const { status, stderr } = await replay([file('a.ndjson.gz', whole.subarray(0, whole.length - 200))]);
  expect(status).not.toBe(0);
  expect(stderr).toMatchSnapshot();
});

const unreadable = process.getuid?.() === 0 ? test.skip : test;
unreadable('a file that may not be read (skipped for root, who may read everything)', async () => {
  const path = file('secret.log', EVENT);
  chmodSync(path, 0);
  expect((await replay([path])).stderr).toContain('EACCES');
});

test('replay from the command line: names a read-only block, and a second run completes the replay', async () => {
  await replay([file('a.ndjson', `${EVENT}\n`)]);
  const path = `/logs-sysmon.process_creation-${namespace}/_settings`;
  const replayBlocked = async (host: string) => {
    await request(cluster, { method: 'PUT', path, body: { 'index.blocks.read_only_allow_delete': true } });
    return replay([file('b.ndjson', `${EVENT.replace('ws-1', host)}\n`)]);
  };
  let blocked = await replayBlocked('ws-8');
  // Every 30 seconds the node lifts the block itself, because its disk has room. It does not do so twice in a row.
  if (blocked.status === 0) blocked = await replayBlocked('ws-9');
  expect(blocked.status).toBe(2);
  expect(blocked.stderr).toMatch(/read-only/);
  await request(cluster, { method: 'PUT', path, body: { 'index.blocks.read_only_allow_delete': null } });
  expect(JSON.parse((await replay([join(folder, 'b.ndjson')])).stdout)).toMatchObject({ indexed: 1 });
});

test('replay from the command line: a file after -- is read although its name begins with a dash, and - is standard input there too', async () => {
  file('-x.ndjson', `${EVENT}\n`);
  const args = ['replay', '--namespace', namespace, '--output', 'json', '--', '-x.ndjson', '-'];
  const { stdout, stderr } = await cli(args, {
    cwd: folder,
    env: { WMI_DETECTIONS_ES_URL: cluster.url },
    input: `${EVENT.replace('ws-1', 'ws-2')}\n`,
  });
  expect(stderr).toBe('');
  expect(JSON.parse(stdout)).toMatchObject({ read: 2, indexed: 2 });
});

test('replay from the command line: an error names an unknown flag before the files', async () => {
  const { status, stderr } = await cli(['replay', '--bogus', 'samples']);
  expect(status).toBe(2);
  expect(stderr).toContain('unknown flag `--bogus`');
  expect((await cli(['replay', '--output', 'json'])).stderr).toContain('Not enough non-option arguments');
});
