import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { simulate, type SimulateOptions } from '../../src/commands/simulate';
import { readContent } from '../../src/content/read-content';
import type { Cluster } from '../../src/cluster/cluster';
import { request } from '../support/request';
import { testCluster } from '../support/cluster';

let cluster: Cluster;
let root: string;

beforeAll(async () => {
  cluster = await testCluster();
});

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'simulate-'));
});

afterEach(() => {
  rmSync(root, { recursive: true });
});

const OUTER = `processors:
  - pipeline: {name: inner, tag: call-inner}
  - pipeline: {name: outer@custom, ignore_missing_pipeline: true, tag: call-custom}
  - fail: {message: "{{{reason}}}", if: ctx.reason != null, tag: fail-on-request}
  - drop: {if: ctx.drop == true, tag: drop-on-request}
on_failure:
  - set: {field: error.message, value: "{{{_ingest.on_failure_message}}}", tag: say-so}
`;
const INNER = `processors:
  - set: {field: b, value: from disk, tag: set-b}
  - set: {field: never, value: 1, if: 'false', tag: set-never}
`;
const PIPELINES = {
  'pipelines/outer.yml': OUTER,
  'pipelines/inner.yml': INNER,
};

function write(files: Record<string, string>): void {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
}

/** Runs the fixtures `files` against the pipelines above. */
async function run(files: Record<string, string>, options: Partial<SimulateOptions> = {}) {
  write({ ...PIPELINES, ...files });
  return simulate(cluster, readContent(root), {
    fixtures: join(root, 'fixtures'),
    ...options,
  });
}

/** What is said about the only case. */
async function only(files: Record<string, string>, options: Partial<SimulateOptions> = {}): Promise<string> {
  const { cases } = await run(files, options);
  expect(cases).toHaveLength(1);
  const [{ status, reasons, diff } = { status: '', reasons: [], diff: '' }] = cases;
  return [status, ...reasons, diff].join('\n').replaceAll(root, '~').trimEnd();
}

const events = (...documents: unknown[]) => JSON.stringify({ events: documents });
const expected = (...documents: unknown[]) => JSON.stringify({ expected: documents });

test('simulate: passes a case when every event becomes what is expected; pipelines that are called come from disk, too', async () => {
  expect(
    await only({
      'fixtures/outer/test-a.json': events({ a: 1 }, { drop: true }),
      'fixtures/outer/test-a.json-expected.json': expected({ b: 'from disk', a: 1 }, null),
    }),
  ).toBe('passed');
});

test('simulate: a case fails with a diff when something else comes out', async () => {
  expect(
    await only({
      'fixtures/outer/test-a.json': events({ a: 1, z: { y: 2, x: 1 } }),
      'fixtures/outer/test-a.json-expected.json': expected({
        a: 2,
        b: 'from disk',
        z: { x: 1, y: 2 },
      }),
    }),
  ).toMatchInlineSnapshot(`
   "failed
   differs from ~/fixtures/outer/test-a.json-expected.json
   --- ~/fixtures/outer/test-a.json-expected.json	expected
   +++ ~/fixtures/outer/test-a.json	actual
   @@ -1,7 +1,7 @@
    {
        "expected": [
            {
   -            "a": 2,
   +            "a": 1,
                "b": "from disk",
                "z": {
                    "x": 1,"
  `);
});

test('simulate: reports an error.message that is not expected', async () => {
  expect(
    await only({
      'fixtures/outer/test-a.json': events({ a: 1, reason: 'no way' }),
      'fixtures/outer/test-a.json-expected.json': expected({
        a: 1,
        b: 'from disk',
        reason: 'no way',
      }),
    }),
  ).toMatchInlineSnapshot(`
   "failed
   event 1: unexpected error.message: no way
   differs from ~/fixtures/outer/test-a.json-expected.json
   --- ~/fixtures/outer/test-a.json-expected.json	expected
   +++ ~/fixtures/outer/test-a.json	actual
   @@ -3,6 +3,9 @@
            {
                "a": 1,
                "b": "from disk",
   +            "error": {
   +                "message": "no way"
   +            },
                "reason": "no way"
            }
        ]"
  `);
});

test('simulate: accepts an error.message that is expected', async () => {
  expect(
    await only({
      'fixtures/outer/test-a.json': events({ reason: 'no way' }),
      'fixtures/outer/test-a.json-expected.json': expected({
        b: 'from disk',
        reason: 'no way',
        error: { message: 'no way' },
      }),
    }),
  ).toBe('passed');
});

test('simulate: an event that would not be indexed fails the case', async () => {
  expect(
    await only({
      'pipelines/outer.yml': 'processors:\n  - fail: {message: broken}\n',
      'fixtures/outer/test-a.json': events({ a: 1 }),
      'fixtures/outer/test-a.json-expected.json': expected({ a: 1 }),
    }),
  ).toMatchInlineSnapshot(`
   "failed
   event 1: the pipeline failed, so it would not be indexed: broken"
  `);
});

test('simulate: a case without expectations fails, until they are generated', async () => {
  const files = {
    'fixtures/outer/test-a.json': events({
      z: 1,
      a: { y: null, x: [1.5] },
    }),
  };
  expect(await only(files)).toMatchInlineSnapshot(`
   "failed
   there is no ~/fixtures/outer/test-a.json-expected.json: write it with --generate, then read it"
  `);
  expect(await only(files, { generate: true })).toBe('generated');
  expect(readFileSync(join(root, 'fixtures/outer/test-a.json-expected.json'), 'utf8')).toMatchInlineSnapshot(`
   "{
       "expected": [
           {
               "a": {
                   "x": [
                       1.5
                   ],
                   "y": null
               },
               "b": "from disk",
               "z": 1
           }
       ]
   }
   "
  `);
  expect(await only(files)).toBe('passed');
});

test('simulate: expectations that cannot be written are reported with their file', async () => {
  const files = { 'fixtures/outer/test-a.json': events({ a: 1 }) };
  write(files);
  symlinkSync(join(root, 'no', 'folder.json'), join(root, 'fixtures/outer/test-a.json-expected.json'));
  await expect(only(files, { generate: true })).rejects.toMatchObject({
    code: 'INPUT',
    problems: [{ where: { file: join(root, 'fixtures/outer/test-a.json-expected.json') } }],
  });
});

test('simulate: generating reports which errors became expectations', async () => {
  const files = {
    'fixtures/outer/test-a.json': events({ a: 1 }, { reason: 'no way' }),
  };
  expect(await only(files, { generate: true })).toMatchInlineSnapshot(`
   "generated
   event 2: unexpected error.message: no way"
  `);
});

test('simulate: dynamic fields are not compared, but must have their form', async () => {
  const files = {
    'fixtures/outer/test-a.json': events({
      when: '2024-05-01',
      nested: { when: 'today' },
      'dotted.when': 'today',
    }),
    'fixtures/outer/test-a.json-expected.json': expected({
      b: 'from disk',
      nested: {},
      when: 'ignored',
    }),
  };
  const config = (form: string) => ({
    'fixtures/outer/test-common-config.yml': `dynamic_fields: {when: '${form}', nested.when: .*, dotted.when: .*}\n`,
  });
  expect(await only({ ...files, ...config('^\\d{4}-') })).toBe('passed');
  expect(await only({ ...files, ...config('^\\d{5}-') })).toMatchInlineSnapshot(`
   "failed
   event 1: when is 2024-05-01, which is not of the form /^\\d{5}-/u"
  `);
});

test('simulate: a case may be skipped, with its reason', async () => {
  expect(
    await only({
      'fixtures/outer/test-a.json': events({ a: 1 }),
      'fixtures/outer/test-a.json-config.yml': 'skip: {reason: not yet}\n',
    }),
  ).toMatchInlineSnapshot(`
   "skipped
   not yet"
  `);
});

test('simulate: processors that no event came to are named by their tags', async () => {
  const files = {
    'fixtures/outer/test-a.json': events({ a: 1 }),
    'fixtures/outer/test-a.json-expected.json': expected({
      a: 1,
      b: 'from disk',
    }),
  };
  expect((await run(files)).unreached).toEqual([
    { pipeline: 'inner', tag: 'set-never' },
    { pipeline: 'outer', tag: 'fail-on-request' },
    { pipeline: 'outer', tag: 'drop-on-request' },
    { pipeline: 'outer', tag: 'say-so' },
  ]);
  const more = {
    'fixtures/outer/test-b.json': events({ reason: 'no way' }, { drop: true }),
  };
  expect((await run({ ...files, ...more })).unreached).toEqual([{ pipeline: 'inner', tag: 'set-never' }]);
});

test('simulate: events that the engine cannot read fail their case, and the others go on', async () => {
  const { cases } = await run({
    'fixtures/outer/test-a.json': '{"events": [{"n": -9223372036854775809}]}',
    'fixtures/outer/test-b.json': events({ a: 1 }),
    'fixtures/outer/test-b.json-expected.json': expected({ a: 1, b: 'from disk' }),
  });
  expect(cases).toMatchObject([
    { status: 'failed', reasons: [expect.stringContaining('the engine refuses these events')] },
    { status: 'passed' },
  ]);
});

test('simulate: integers of 64 bits reach the pipeline as they are written', async () => {
  expect(
    await only({
      'pipelines/outer.yml': 'processors:\n  - script: {source: ctx.text = "" + ctx.remove("n")}\n',
      'fixtures/outer/test-a.json': '{"events": [{"n": -9223372036854775808}]}',
      'fixtures/outer/test-a.json-expected.json': expected({
        text: '-9223372036854775808',
      }),
    }),
  ).toBe('passed');
});

test('simulate: only the pipelines that are asked for are tried', async () => {
  const files = {
    'fixtures/outer/test-a.json': events({}),
    'fixtures/inner/test-b.json': events({}),
  };
  const { cases } = await run(files, { pipelines: ['inner'] });
  expect(cases.map(({ pipeline }) => pipeline)).toEqual(['inner']);
});

test('simulate: a pipeline that is not there, or has no fixtures, is an error', async () => {
  const files = { 'fixtures/outer/test-a.json': events({}) };
  await expect(run(files, { pipelines: ['outer', 'inner', 'inter'] })).rejects.toThrowErrorMatchingInlineSnapshot(`
   "there is no pipeline "inter"
     Known: inner, outer."
  `);
  await expect(run(files, { pipelines: ['inner'] })).rejects.toThrowErrorMatchingInlineSnapshot(
    `"there are no fixtures for the pipeline "inner""`,
  );
});

test('simulate: a pipeline that the engine refuses is named by its place', async () => {
  const files = {
    'pipelines/inner.yml': 'processors:\n  - script: {source: "this is no script"}\n',
    'fixtures/outer/test-a.json': events({}),
  };
  const message = await run(files).then(String, (error: unknown) => String(error).replaceAll(root, '~'));
  expect(message).toMatch(/^ProblemError: ~\/pipelines\/inner\.yml:1:1: .*compile error/s);
});

test('simulate: the cluster keeps nothing of it, and its own pipelines are not touched', async () => {
  const path = '/_ingest/pipeline/simulate-test-inner';
  const body = { description: 'of the cluster', processors: [] };
  await request(cluster, { method: 'PUT', path, body });
  try {
    await run({
      'pipelines/simulate-test-inner.yml': INNER,
      'fixtures/simulate-test-inner/test-a.json': events({}),
    });
    const { body: after } = await request<Record<string, unknown>>(cluster, {
      method: 'GET',
      path: '/_ingest/pipeline',
    });
    expect(after['simulate-test-inner']).toEqual(body);
    const ours = Object.keys(after).filter(
      (id) => id.startsWith('wmi-detections-trial-') && id.includes('simulate-test'),
    );
    expect(ours).toEqual([]);
  } finally {
    await request(cluster, { method: 'DELETE', path });
  }
});

const fixtures = join(__dirname, '../pipelines');

test('simulate: the fixtures of our pipelines pass', async () => {
  const content = readContent(join(__dirname, '../..'));
  const { cases } = await simulate(cluster, content, { fixtures });
  expect(cases.filter(({ status }) => status !== 'passed')).toEqual([]);
});
