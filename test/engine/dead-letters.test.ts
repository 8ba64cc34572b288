import { mkdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { replay } from '../../src/replay/replay';
import { ProblemError } from '../../src/errors';
import type { ReplayResult } from '../../src/replay/replay-stats';
import { replayJson, replayText } from '../../src/report/replay-text';
import { type Cluster } from '../../src/cluster/cluster';
import { deleteStreams } from '../support/delete-streams';
import { request } from '../support/request';
import { temporaryFolder } from '../support/temporary-folders';
import { freshNamespace } from '../support/dataset';
import { testCluster } from '../support/cluster';

const folder = temporaryFolder();
const SYSMON = 'logs-sysmon.process_creation';

/** A data stream wants it. */
const TIME = { set: { field: '@timestamp', value: '2024-05-01T10:00:00Z' } };

let cluster: Cluster;
let namespace: string;

beforeAll(async () => {
  cluster = await testCluster();
});
beforeEach(() => {
  namespace = freshNamespace();
});
afterEach(async () => {
  await deleteStreams(cluster, `logs-*-${namespace}`);
  await request(cluster, { method: 'DELETE', path: `/_ingest/pipeline/refuse-${namespace}`, allow: [404] });
});

const event = (id: number, more = ''): string =>
  `{"Channel":"Microsoft-Windows-Sysmon/Operational","EventID":22,"RecordNumber":${id},"EventTime":"2024-05-01 10:00:00"${more}}`;

function file(name: string, content: string | Buffer): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

function ship(path: string, letters = 'dead.ndjson'): Promise<ReplayResult> {
  return replay(cluster, [path], { namespace, deadLetters: join(folder, namespace, letters) });
}

/** The cluster refuses what says so: a pipeline of somebody's own fails on it. */
async function refusing(): Promise<void> {
  mkdirSync(join(folder, namespace));
  await ship(file('first.log', event(1)));
  const refuse = {
    fail: { if: "ctx.winlog?.event_data?.refuse?.toString() == 'true'", message: 'this one is not wanted' },
  };
  const path = `/_ingest/pipeline/refuse-${namespace}`;
  await request(cluster, { method: 'PUT', path, body: { processors: [TIME, refuse] } });
  await pipeline(`refuse-${namespace}`);
}

async function pipeline(name: string | null): Promise<void> {
  const path = `/${SYSMON}-${namespace}/_settings`;
  await request(cluster, { method: 'PUT', path, body: { 'index.final_pipeline': name } });
}

/** How many documents there are of each record number. */
async function numbers(): Promise<Record<string, number>> {
  await request(cluster, { method: 'POST', path: `/${SYSMON}-${namespace}/_refresh` });
  const { body } = await request<{ hits: { hits: { _source: object }[] } }>(cluster, {
    method: 'GET',
    path: `/${SYSMON}-${namespace}/_search`,
    query: { size: 100 },
  });
  const found: Record<string, number> = {};
  for (const { _source } of body.hits.hits) {
    const number = /"(?:RecordNumber|record_id)":"?(\d+)/.exec(JSON.stringify(_source))?.[1] ?? '?';
    found[number] = (found[number] ?? 0) + 1;
  }
  return found;
}

function lettersIn(path = join(folder, namespace, 'dead.ndjson')): Record<string, Record<string, unknown>>[] {
  const lines = readFileSync(path, 'utf8').trimEnd().split('\n');
  return lines.map((line) => JSON.parse(line) as Record<string, Record<string, unknown>>);
}

test('dead letters of replay: a refused event goes to a file with its reason and can be replayed once', async () => {
  await refusing();
  const refused = event(3, ',  "refuse" : true');
  const log = file('events.log', [event(2), refused, event(4)].join('\n'));
  const result = await ship(log);
  expect(result.counts).toMatchObject({ read: 3, indexed: 2, failed: 1 });

  // The run tells how many and where.
  const letters = join(folder, namespace, 'dead.ndjson');
  expect(replayJson(result)).toMatchObject({ failed: 1, deadLetters: letters });
  expect(replayText(result).replaceAll(letters, '<letters>')).toMatchInlineSnapshot(`
   "3 read: 2 indexed, 0 already there, 1 failed
     3 Sysmon
     1 refused for good, kept in <letters>: mend the cause, then replay that file"
  `);
  expect(
    new ProblemError('PARTIAL', result.problems).message.replaceAll(folder, '~').replaceAll(namespace, '<namespace>'),
  ).toMatchInlineSnapshot(`
   "~/events.log:2: was not indexed: fail_processor_exception: this one is not wanted
     Kept in ~/<namespace>/dead.ndjson: mend the cause, then replay that file."
  `);

  // The letter holds all that is known of the event, and only its owner may read it.
  expect(statSync(letters).mode & 0o777).toBe(0o600);
  const { dead_letter: letter, event: carried } = lettersIn()[0] ?? {};
  expect(letter).toMatchObject({ status: 500, file: log, line: 2, stream: `${SYSMON}-${namespace}` });
  expect(letter?.['reason']).toContain('this one is not wanted');
  expect(carried).toEqual({ original: refused });

  // Taken back before the cause is mended, it is refused again, and still says where it stood first.
  const again = await ship(letters);
  expect(again).toMatchObject({ counts: { read: 1, failed: 1 }, deadLetters: { count: 1 } });
  const second = join(folder, namespace, 'dead-2.ndjson');
  expect(lettersIn(second)[0]?.['dead_letter']).toMatchObject({ file: log, line: 2 });

  // Afterwards it is indexed, however often and from wherever it comes.
  await request(cluster, {
    method: 'PUT',
    path: `/_ingest/pipeline/refuse-${namespace}`,
    body: { processors: [TIME] },
  });
  expect((await ship(letters)).counts).toMatchObject({ read: 1, indexed: 1, failed: 0, bySource: { sysmon: 1 } });
  expect((await ship(second)).counts).toMatchObject({ indexed: 0, duplicates: 1 });
  expect((await ship(log)).counts).toMatchObject({ indexed: 0, duplicates: 3 });
  expect(await numbers()).toEqual({ 1: 1, 2: 1, 3: 1, 4: 1 });
});

test('dead letters of replay: a run without such events makes no file', async () => {
  mkdirSync(join(folder, namespace));
  const result = await ship(file('good.log', event(1)));
  expect(result.deadLetters).toBeUndefined();
  expect(replayJson(result)).not.toHaveProperty('deadLetters');
  expect(() => statSync(join(folder, namespace, 'dead.ndjson'))).toThrow('ENOENT');
});

test('dead letters of replay: an existing file is never overwritten, not even through a link', async () => {
  await refusing();
  const mine = file('mine.txt', 'mine\n');
  symlinkSync(mine, join(folder, namespace, 'dead.ndjson'));
  const result = await ship(file('one.log', event(9, ',"refuse":true')));
  expect(result.deadLetters).toEqual({ file: join(folder, namespace, 'dead-2.ndjson'), count: 1 });
  expect(readFileSync(mine, 'utf8')).toBe('mine\n');
});

test.each([
  ['in a folder that is not there', 'nowhere/dead.ndjson', 'ENOENT'],
  ['that is a folder', '.', 'is a folder'],
])('dead letters of replay: a file %s is refused before anything is sent', async (_, name, said) => {
  mkdirSync(join(folder, namespace));
  await expect(ship(file('good.log', event(1)), name)).rejects.toMatchObject({
    code: 'INPUT',
    message: expect.stringContaining(said) as string,
  });
  const { status } = await request(cluster, { method: 'GET', path: `/${SYSMON}-${namespace}`, allow: [404] });
  expect(status).toBe(404);
});
