import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough, Readable } from 'node:stream';
import { replay, type ReplayOptions } from '../../src/replay/replay';
import { ProblemError } from '../../src/errors';
import { createAll } from '../../src/replay/bulk';
import type { ReplayProgress, ReplayResult } from '../../src/replay/replay-stats';
import { withSignal, type Cluster } from '../../src/cluster/cluster';
import { request } from '../support/request';
import { replayText } from '../../src/report/replay-text';
import { proxy } from '../support/proxy';
import { freshNamespace } from '../support/dataset';
import { testCluster } from '../support/cluster';

const ROOT = join(__dirname, '..', '..');
const T1047 = join(ROOT, '..', 'shared', 'datasets', 'attack_data', 'T1047', 'attack_data.tar.gz');

let cluster: Cluster;
let folder: string;
let namespace: string;

beforeAll(async () => {
  cluster = await testCluster();
  folder = mkdtempSync(join(tmpdir(), 'wmi-detections-replay-'));
});
afterAll(() => {
  rmSync(folder, { recursive: true });
});
beforeEach(() => {
  namespace = freshNamespace();
});

/** Replays lines as one file. */
function lines(
  content: readonly (string | Buffer)[],
  options: Partial<ReplayOptions> = {},
  to: Cluster = cluster,
): Promise<ReplayResult> {
  const path = join(folder, 'events.log');
  writeFileSync(
    path,
    Buffer.concat(content.map((line) => Buffer.concat([Buffer.from(line as string), Buffer.from('\n')]))),
  );
  return replay(to, [path], { namespace, deadLetters: join(folder, 'dead.ndjson'), ...options });
}

/** Place, message and hint of every problem, without what differs from run to run. */
function told({ problems }: { readonly problems: ReplayResult['problems'] }): string {
  return new ProblemError('PARTIAL', problems).message
    .replaceAll(`${folder}/`, '')
    .replaceAll(namespace, '<namespace>');
}

/** The documents of a source's data stream. */
async function documents(dataset: string): Promise<{ _id: string; _source: Record<string, unknown> }[]> {
  const index = `logs-${dataset}-${namespace}`;
  await request(cluster, { method: 'POST', path: `/${index}/_refresh` });
  const { body } = await request<{ hits: { hits: { _id: string; _source: Record<string, unknown> }[] } }>(cluster, {
    method: 'GET',
    path: `/${index}/_search`,
    query: { size: 100 },
  });
  return body.hits.hits;
}

const sysmon = (id: number, more = ''): string =>
  `{"Channel":"Microsoft-Windows-Sysmon/Operational","SourceName":"Microsoft-Windows-Sysmon","EventID":22,"RecordNumber":${id},"EventTime":"2024-05-01 10:00:00"${more}}`;
const UNRECOGNISED = 'wmi_detections.unrecognised';
const SYSMON = 'sysmon.process_creation';

// The log is not part of the project; it lies beside it only where the project is developed.
(existsSync(T1047) ? test : test.skip)(
  'the T1047 run of attack_data: all of it once (needs ../shared/datasets)',
  async () => {
    const counts = {
      read: 8220,
      failed: 0,
      pipelineErrors: 0,
      bySource: { sysmon: 7663, windows_security: 475, crowdstrike: 0, unrecognised: 82 },
    };
    expect(await replay(cluster, [T1047], { namespace })).toEqual({
      counts: { ...counts, indexed: 8220, duplicates: 0 },
      problems: [],
      problemCount: 0,
    });
    expect((await replay(cluster, [T1047], { namespace })).counts).toEqual({ ...counts, indexed: 0, duplicates: 8220 });
  },
  300_000,
);

test('replay: each source goes to its data stream, and events of unknown sources are counted and kept', async () => {
  const { counts, problems } = await lines([
    sysmon(1),
    '{"Channel":"Security","EventID":4624,"SourceName":"Microsoft-Windows-Security-Auditing"}',
    '{"event_simpleName":"DnsRequest","aid":"1","timestamp":"1600000000000"}',
    '{"some":"event"}',
  ]);
  expect(problems).toEqual([]);
  expect(counts).toEqual({
    read: 4,
    indexed: 4,
    duplicates: 0,
    failed: 0,
    pipelineErrors: 0,
    bySource: { sysmon: 1, windows_security: 1, crowdstrike: 1, unrecognised: 1 },
  });
  for (const dataset of [SYSMON, 'windows_security.process_creation', 'crowdstrike.process_rollup2', UNRECOGNISED]) {
    expect(await documents(dataset)).toHaveLength(1);
  }
});

test('replay: the same event with other key order and blanks is indexed once', async () => {
  const { counts } = await lines(['{"a":1,"b":[1,2]}', '{ "b": [1, 2], "a": 1 }', '{"a":1,"b":[2,1]}']);
  expect(counts).toMatchObject({ read: 3, indexed: 2, duplicates: 1 });
});

test('replay: a number beyond the precision of JavaScript arrives as it was written', async () => {
  await lines(['{"Keywords":-9223372036854775808}']);
  await documents(UNRECOGNISED);
  const answer = await fetch(`${cluster.url}/logs-${UNRECOGNISED}-${namespace}/_search?format=yaml`);
  expect(await answer.text()).toContain('-9223372036854775808');
});

test('replay: a line that is not JSON is reported with its number and kept as text; the rest goes on', async () => {
  const result = await lines(['{"a":1}', '{"a":"x', 'hello', '{"a":2}']);
  expect(result.counts).toMatchObject({ read: 4, indexed: 4, failed: 0 });
  expect(told(result)).toMatchInlineSnapshot(`
   "events.log:2: is not JSON (cut off inside a string)
     Kept as text in logs-wmi_detections.unrecognised-<namespace>.
   events.log:3: is neither JSON, event XML nor a rendered event
     Kept as text in logs-wmi_detections.unrecognised-<namespace>."
  `);
  expect(await documents(UNRECOGNISED)).toHaveLength(4);
});

describe('replay: an event that would fail the whole request is kept as text', () => {
  test.each([
    ['a key twice', sysmon(1, ',"EventID":1')],
    ['nesting beyond the limit', `{"a":${'['.repeat(1_000)}${']'.repeat(1_000)}}`],
    ['an integer beyond 64 bits', sysmon(1, ',"x":99999999999999999999')],
    ['half a surrogate pair in a key', '{"\\ud800":1}'],
    ['bytes that are not UTF-8', Buffer.from(sysmon(1, ',"User":"Zo\xeb"'), 'latin1')],
    ['metadata at the root', '{"_id":"x","_routing":"y"}'],
  ])('%s', async (_, line) => {
    const result = await lines(['{"a":1}', line, '{"a":2}']);
    expect(result.counts).toMatchObject({ read: 3, indexed: 3, failed: 0 });
    expect(result.problems.map(({ where }) => where)).toEqual([{ file: join(folder, 'events.log'), line: 2 }]);
  });
});

test('replay: half a surrogate pair in a value, NUL and blank keys are no problem', async () => {
  const { counts, problemCount } = await lines(['{"a":"x\\ud800y"}', '{"a":"x\\u0000y"}', '{"a b":" "}']);
  expect([counts.indexed, problemCount]).toEqual([3, 0]);
});

test('replay: an event that the cluster refuses for its form is kept as unrecognised text and reported', async () => {
  const pipeline = `refuse-${namespace}`;
  // A pipeline of somebody's own that fails on an event: the mapping refuses what it makes of the document.
  await request(cluster, {
    method: 'PUT',
    path: `/_ingest/pipeline/${pipeline}`,
    body: {
      processors: [{ set: { if: "ctx.winlog?.event_data?.refuse == 'true'", field: '@timestamp', value: 'no time' } }],
    },
  });
  await lines([sysmon(1)]);
  await request(cluster, {
    method: 'PUT',
    path: `/logs-${SYSMON}-${namespace}/_settings`,
    body: { 'index.final_pipeline': pipeline },
  });
  const result = await lines([sysmon(2), sysmon(3, ',"refuse":true')]);
  expect(result.counts).toMatchObject({ read: 2, indexed: 2, failed: 0 });
  expect(result.problemCount).toBe(1);
  expect(told(result)).toMatch(/^events\.log:2: was refused by the cluster: .*no time/);
  expect(await documents(UNRECOGNISED)).toHaveLength(1);
});

test('replay: a search hit, as elasticdump writes it, is the same event as its _source', async () => {
  const hit = `{"_index":".ds-winlogbeat","_type":"_doc","_id":"x","_score":1,"_source":${sysmon(7)}}`;
  const { counts, problems } = await lines([sysmon(7), hit, hit.replace('"EventID":22', '"EventID":22,"EventID":23')]);
  expect(counts).toMatchObject({ read: 3, indexed: 2, duplicates: 1, bySource: { sysmon: 3 } });
  expect(problems.map(({ message }) => message)).toEqual([
    'holds the key "EventID" twice in one object',
    expect.stringMatching(/^1 of the indexed could not be read by the pipelines/),
  ]);
  expect(await documents(SYSMON)).toHaveLength(2);
});

describe('replay: what the pipelines cannot read is counted', () => {
  const unreadable = (id: number): string =>
    JSON.stringify({ message: `SourceName=Microsoft-Windows-Sysmon\nRecordNumber=${id}` });

  test('with the reason, and once', async () => {
    const first = await lines([sysmon(1), unreadable(1), unreadable(2), '{"some":"event"}']);
    expect(first.counts).toMatchObject({ indexed: 4, pipelineErrors: 2, bySource: { sysmon: 3, unrecognised: 1 } });
    expect(told(first)).toMatchInlineSnapshot(`
     "2 of the indexed could not be read by the pipelines, so no rule sees them: 2 × recognise: no known shape of a Windows event
       docs/shippers.md lists the shapes that are read and what each must contain; \`status\` counts these events."
    `);
    expect(first.problemCount).toBe(1);
    // Those of the run before are not this run's.
    const second = await lines([sysmon(1), sysmon(2), unreadable(1), unreadable(2)]);
    expect(second.counts).toMatchObject({ indexed: 1, duplicates: 3, pipelineErrors: 0 });
    const third = await lines([unreadable(3)]);
    expect(third.counts).toMatchObject({ indexed: 1, pipelineErrors: 1 });
    expect(replayText(third)).toContain('1 indexed, but not read by the pipelines');
  });

  test.each(['_refresh', '_search'])('by null where the user may not %s, which is no problem', async (refused) => {
    const closed = await proxy(cluster, ({ path }) =>
      path.includes(refused) ? { status: 403, body: { error: 'no permissions' } } : undefined,
    );
    const result = await lines([sysmon(1), unreadable(1)], {}, closed.cluster);
    expect([result.counts.indexed, result.counts.pipelineErrors, result.problemCount]).toEqual([2, null, 0]);
    expect(replayText(result)).toContain('was not counted');
    closed.close();
  });

  test('with one refresh and one search', async () => {
    const recorder = await proxy(cluster, () => undefined);
    await lines(['{"some":"event"}'], {}, recorder.cluster);
    const asked = (): string[] => recorder.asked.filter((path) => /_refresh|_search/.test(path));
    expect(asked()).toEqual([]);
    await lines(
      [sysmon(1), '{"event_simpleName":"DnsRequest","aid":"1","timestamp":"1600000000000"}'],
      {},
      recorder.cluster,
    );
    const streams = `/logs-${SYSMON}-${namespace},logs-crowdstrike.process_rollup2-${namespace}`;
    expect(asked()).toEqual([`${streams}/_refresh`, `${streams}/_search`]);
    recorder.close();
  });
});

test('replay: reads standard input', async () => {
  const stdin = Readable.from([Buffer.from('{"a":1}\n{"a"'), Buffer.from(':2}')]);
  expect((await replay(cluster, ['-'], { namespace, stdin })).counts).toMatchObject({ read: 2, indexed: 2 });
});

test('replay: progress ends with all events and all bytes', async () => {
  const seen: ReplayProgress[] = [];
  await lines(['{"a":1}', '{"a":2}'], { onProgress: (progress) => seen.push(progress) });
  expect(seen.at(-1)).toMatchObject({ records: 2, bytesDone: 16, bytesTotal: 16 });
});

test('replay: without templates nothing is sent', async () => {
  const bare = await proxy(cluster, ({ path }) =>
    /_index_template.*(?:falcon|crowdstrike|sysmon)/.test(path) ? { status: 404, body: {} } : undefined,
  );
  const error = await lines(['{"a":1}'], {}, bare.cluster).catch((caught: unknown) => caught);
  expect(told(error as ProblemError).replace(bare.cluster.url, '<url>')).toMatchInlineSnapshot(`
   "<url>: nothing was sent: the cluster has no index template logs-sysmon.process_creation@template, logs-crowdstrike.process_rollup2@template
     Run \`wmi-detections deploy\` first."
  `);
  expect(bare.asked).not.toContain('/_bulk');
  bare.close();
});

test('replay: an unmanaged template does not count as ours', async () => {
  const body = { index_templates: [{ name: 'x', index_template: { index_patterns: ['logs-*'] } }] };
  const foreign = await proxy(cluster, ({ path }) =>
    path.includes('unrecognised%40') ? { status: 200, body } : undefined,
  );
  const error = await lines(['{"a":1}'], {}, foreign.cluster).catch((caught: unknown) => caught);
  expect(told(error as ProblemError).replace(foreign.cluster.url, '<url>')).toMatchInlineSnapshot(`
   "<url>: nothing was sent: somebody else's index template stands at logs-wmi_detections.unrecognised@template
     Rename or remove it, or take it over with \`wmi-detections adopt\`; then run \`wmi-detections deploy\`."
  `);
  expect(foreign.asked).not.toContain('/_bulk');
  foreign.close();
});

describe('replay: a busy cluster is retried', () => {
  test.each([
    ['429 for the whole request', { status: 429, body: { error: { type: 'rejected', reason: 'queue full' } } }],
    ['503 for the whole request', { status: 503, body: 'starting' }],
    [
      '429 for one item',
      {
        status: 200,
        body: {
          errors: true,
          items: [
            { create: { status: 201 } },
            { create: { status: 429, error: { type: 'es_rejected_execution_exception', reason: 'full' } } },
          ],
        },
      },
    ],
    ['a connection that is cut', 'cut before' as const],
  ])('%s', async (_, answer) => {
    const busy = await proxy(cluster, ({ path, before }) => (path === '/_bulk' && before < 2 ? answer : undefined));
    const { counts, problemCount } = await lines(['{"a":1}', '{"a":2}'], {}, busy.cluster);
    expect([counts.indexed + counts.duplicates, counts.failed, problemCount]).toEqual([2, 0, 0]);
    busy.close();
  });

  test('up to the limit', async () => {
    const busy = await proxy(cluster, ({ path }) =>
      path === '/_bulk' ? { status: 429, body: { error: 'queue full' } } : undefined,
    );
    const error = await lines(['{"a":1}'], {}, busy.cluster).catch((caught: unknown) => caught);
    expect(told(error as ProblemError).replace(busy.cluster.url, '<url>')).toMatchInlineSnapshot(`
     "POST <url>/_bulk (429): queue full (asked 4 times); 0 events were indexed before, 0 were there already; a second run goes on from there
       The cluster could not do this now; run the command again when it is well."
    `);
    busy.close();
  });
});

test('replay: a cluster that goes away ends the run with the counts so far', async () => {
  const dying = await proxy(cluster, ({ path }) => (path === '/_bulk' ? 'cut before' : undefined));
  const error = await lines(['{"a":1}'], {}, dying.cluster).catch((caught: unknown) => caught);
  expect(error).toMatchObject({ code: 'UNREACHABLE' });
  expect((error as Error).message).toContain('0 events were indexed before');
  dying.close();
});

test('replay: a request that is too large is sent in halves', async () => {
  let refused = 0;
  const small = await proxy(cluster, ({ path, before }) => {
    if (path !== '/_bulk' || before > 0) return undefined;
    refused += 1;
    return { status: 413, body: { error: 'Request Entity Too Large' } };
  });
  const { counts } = await lines(['{"a":1}', '{"a":2}', '{"a":3}'], {}, small.cluster);
  expect([counts.indexed, refused]).toEqual([3, 1]);
  expect(small.asked.filter((path) => path === '/_bulk')).toHaveLength(3);
  small.close();
});

test('replay: an item that fails all others of its request is found, and only that is refused', async () => {
  const documents = Array.from({ length: 20 }, (_, index) => `{"a":${index}}`);
  documents[13] = '{"a":1,"a":2}';
  const items = documents.map((document, index) => ({
    stream: `logs-${UNRECOGNISED}-${namespace}`,
    id: `i${index}`,
    document,
  }));
  const outcomes = await createAll(cluster, items);
  expect(outcomes.map(({ result }) => result)).toEqual(items.map((_, index) => (index === 13 ? 'refused' : 'indexed')));
});

test('replay: a missing file is refused before any request', async () => {
  await expect(replay(cluster, [join(folder, 'missing')], { namespace })).rejects.toMatchObject({ code: 'INPUT' });
});

test('replay: a data stream that is blocked for writing ends the run at once', async () => {
  await lines(['{"a":1}']);
  const path = `/logs-${UNRECOGNISED}-${namespace}/_settings`;
  await request(cluster, { method: 'PUT', path, body: { 'index.blocks.write': true } });
  const error = await lines(['{"a":2}']).catch((caught: unknown) => caught);
  expect(error).toMatchObject({ code: 'READ_ONLY' });
  expect(told(error as ProblemError).replace(/http:\S+|\[\.ds\S+\]/g, '…')).toMatchInlineSnapshot(`
   "POST … (403): cluster_block_exception: index … blocked by: [FORBIDDEN/8/index write (api)];; 0 events were indexed before, 0 were there already; a second run goes on from there
     The disk is too full or somebody blocked writing: free space or lift the block, then replay again; events already there are not indexed twice."
  `);
});

describe('replay: an interruption', () => {
  test('ends the waiting for standard input', async () => {
    const controller = new AbortController();
    const stdin = new PassThrough();
    stdin.write('{"a":1}\n{"a":2');
    const running = replay(withSignal(cluster, controller.signal), ['-'], { namespace, stdin });
    setImmediate(() => {
      controller.abort();
    });
    await expect(running).rejects.toMatchObject({ code: 'INTERRUPTED' });
  });
});
